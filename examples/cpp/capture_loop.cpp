// A capture loop: one matcher, the caller's buffers, nothing allocated after the first frame.
#include <cstdint>
#include <geomvision/stereo/sgm.hpp>
#include <iomanip>
#include <iostream>
#include <vector>

namespace gv = geomvision;

namespace {

// Stands for a camera: random dots, the right view `shift` pixels to the left of the left one.
void grab(int frame, int width, int height, int shift, std::uint8_t* left, std::uint8_t* right) {
  std::uint32_t state = 1u + static_cast<std::uint32_t>(frame);
  for (int i = 0; i < width * height; ++i) {
    state = state * 1664525u + 1013904223u;
    left[i] = static_cast<std::uint8_t>(state >> 24);
  }
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) right[y * width + x] = left[y * width + (x + shift) % width];
  }
}

}  // namespace

int main() {
  const int width = 320, height = 240;
  std::vector<std::uint8_t> left(width * height), right(width * height);
  gv::stereo::SGMOptions options;
  options.max_disparity = 32;
  gv::stereo::SGM sgm(options);
  gv::Image<float> disparity(width, height);
  for (int frame = 0; frame < 3; ++frame) {
    grab(frame, width, height, 4 + frame, left.data(), right.data());
    sgm(gv::ImageView<const std::uint8_t>(left.data(), width, height),
        gv::ImageView<const std::uint8_t>(right.data(), width, height), disparity.view());
    std::cout << std::fixed << std::setprecision(1) << "frame " << frame << ": " << disparity(width / 2, height / 2)
              << " px\n";
  }
}
