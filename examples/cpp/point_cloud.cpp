// From a rectified pair to a coloured point cloud in a PLY file, with nothing but the standard library.
#include <cmath>
#include <cstdint>
#include <fstream>
#include <geomvision/stereo/sgm.hpp>
#include <iostream>
#include <vector>

namespace gv = geomvision;

struct Rig {
  double focal_px, cx_px, cy_px, baseline_m;
};

struct Point {
  float x, y, z;  // metres: right, down, forward
  std::uint8_t grey;
};

// Z = f B / d (Hartley & Zisserman 2004, section 9.1, for a rectified pair); pixels without an estimate have no point.
std::vector<Point> reconstruct(const gv::Image<float>& disparity, gv::ImageView<const std::uint8_t> image,
                               const Rig& rig) {
  std::vector<Point> points;
  for (int y = 0; y < disparity.height(); ++y) {
    for (int x = 0; x < disparity.width(); ++x) {
      const double d = disparity(x, y);
      if (!(d > 0.0)) continue;  // NaN, or at infinity
      const double z = rig.focal_px * rig.baseline_m / d;
      points.push_back({static_cast<float>((x - rig.cx_px) * z / rig.focal_px),
                        static_cast<float>((y - rig.cy_px) * z / rig.focal_px), static_cast<float>(z), image(x, y)});
    }
  }
  return points;
}

int main(int argc, char** argv) {
  // A wall of random dots, 2 m away: disparity f B / Z = 500 px * 0.1 m / 2 m = 25 px.
  const Rig rig{500.0, 160.0, 120.0, 0.1};
  const int width = 320, height = 240, shift = 25;
  gv::Image<std::uint8_t> left(width, height), right(width, height);
  std::uint32_t state = 1;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x)
      left(x, y) = static_cast<std::uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
    for (int x = 0; x < width; ++x) right(x, y) = left((x + shift) % width, y);
  }
  gv::stereo::SGM sgm;
  const std::vector<Point> points = reconstruct(sgm(left.view(), right.view()), left.view(), rig);
  std::ofstream file(argc > 1 ? argv[1] : "cloud.ply");
  file << "ply\nformat ascii 1.0\nelement vertex " << points.size()
       << "\nproperty float x\nproperty float y\nproperty float z\nproperty uchar red\nproperty uchar green\nproperty "
          "uchar blue\nend_header\n";
  for (const Point& p : points) {
    file << p.x << ' ' << p.y << ' ' << p.z << ' ' << +p.grey << ' ' << +p.grey << ' ' << +p.grey << '\n';
  }
  std::cout << points.size() << " points, the middle one " << points[points.size() / 2].z << " m away\n";
}
