// A matcher put together from ops, on the caller's buffers: costs, aggregation, winners, sub-pixel, left-right check.
#include <cstdint>
#include <geomvision/image.hpp>
#include <geomvision/ops/box.hpp>
#include <geomvision/ops/matching_costs.hpp>
#include <geomvision/ops/winners.hpp>
#include <iomanip>
#include <iostream>
#include <vector>

namespace gv = geomvision;

// Stands for a camera: random dots, the right view `shift` pixels to the left of the left one.
void grab(int shift, gv::Image<std::uint8_t>& left, gv::Image<std::uint8_t>& right) {
  std::uint32_t state = 1;
  for (int y = 0; y < left.height(); ++y) {
    for (int x = 0; x < left.width(); ++x) {
      left(x, y) = static_cast<std::uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
    }
    for (int x = 0; x < left.width(); ++x) right(x, y) = left((x + shift) % left.width(), y);
  }
}

int main() {
  gv::Image<std::uint8_t> left(200, 120), right(200, 120);
  grab(6, left, right);

  // A region of both views, matched where it lies. Volumes are (height, width, disparities), maps (height, width).
  const int width = 160, height = 100, disparities = 16;
  const auto left_region = left.view().crop(20, 10, width, height),
             right_region = right.view().crop(20, 10, width, height);
  std::vector<std::uint16_t> differences(width * height * disparities);
  std::vector<float> costs(differences.size()), least(width * height), second(least), winners(least), other(least);
  std::vector<std::uint8_t> codes(least.size());
  const gv::TensorView<std::uint16_t, 3> volume(differences.data(), {height, width, disparities});
  const gv::TensorView<float, 3> means(costs.data(), {height, width, disparities});
  const gv::TensorView<float, 2> disparity(winners.data(), {height, width}), from_right(other.data(), {height, width});

  gv::ops::absolute_differences<std::uint8_t>(left_region, right_region, 0, volume);
  gv::ops::box_aggregation<std::uint16_t>(volume, 5, true, means);
  gv::ops::winner_takes_all<float>(means, 0, disparity, {least.data(), {height, width}},
                                   {second.data(), {height, width}});
  gv::ops::right_winners<float>(means, 0, from_right);
  gv::ops::left_right_check(disparity, from_right, 1.0, {codes.data(), {height, width}});
  gv::ops::subpixel<float>(means, disparity, 0, "parabola", disparity);

  int agreeing = 0;
  for (const std::uint8_t code : codes) agreeing += code == 0 ? 1 : 0;
  std::cout << std::fixed << std::setprecision(1) << *disparity.at(height / 2, width / 2) << " px, "
            << 100 * agreeing / (width * height) << " % agree\n";
}
