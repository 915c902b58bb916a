// Another project's program: it includes what is installed, links geomvision::core, and matches its own buffers.
#include <cmath>
#include <cstdint>
#include <geomvision/stereo/sgm.hpp>
#include <geomvision/version.hpp>
#include <iostream>
#include <vector>

namespace gv = geomvision;

int main() {
  std::cout << "geomvision " << gv::version << "\n";
  const int width = 96, height = 64, shift = 5;
  std::vector<std::uint8_t> left(width * height), right(width * height);
  std::uint32_t state = 1;
  for (auto& pixel : left) pixel = static_cast<std::uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) right[y * width + x] = left[y * width + (x + shift) % width];
  }
  gv::stereo::SGMOptions options;
  options.max_disparity = 16;
  gv::stereo::SGM sgm(options);
  const gv::Image<float> disparity = sgm(gv::ImageView<const std::uint8_t>(left.data(), width, height),
                                         gv::ImageView<const std::uint8_t>(right.data(), width, height));
  const float centre = disparity(width / 2, height / 2);
  std::cout << "disparity " << centre << " px\n";
  return std::abs(centre - shift) < 0.25f ? 0 : 1;
}
