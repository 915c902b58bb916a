#include <atomic>

#include "canvas.hpp"
#include "geomvision/luma.hpp"
#include "geomvision/parallel.hpp"

namespace gv = geomvision;
using fuzz::Canvas;
using fuzz::require;

FUZZ(parallel_for) {
  const int count = random.one_of({0, 1, 2, 5, 63, 64, 65, 1000}), grain = random.one_of({-1, 0, 1, 7, 5000});
  int threads = random.threads();
  if (random.chance(0.05)) threads = -random.between(1, 9);
  std::vector<std::atomic<int>> visits(static_cast<std::size_t>(count));
  gv::parallel_for(
      count, threads,
      [&](int begin, int end) {
        for (int i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
      },
      grain);
  for (const auto& visit : visits) require(visit == 1, "an index was not visited once");
}

FUZZ(image_view) {
  const int width = random.between(-2, 12), height = random.between(-2, 12);
  const std::ptrdiff_t stride = random.between(-3, 20);
  std::vector<std::uint8_t> pixels(20 * 12);
  gv::ImageView<std::uint8_t> view(random.chance(0.95) ? pixels.data() : nullptr, width, height, stride);
  const auto any = [&] { return random.chance(0.05) ? std::numeric_limits<int>::max() : random.between(-2, 14); };
  const auto region = view.crop(any(), any(), any(), any());
  for (int y = 0; y < region.height(); ++y) {
    for (int x = 0; x < region.width(); ++x) region(x, y) = 7;
  }
}

FUZZ(tensor_view) {
  const std::ptrdiff_t sizes[] = {random.between(-1, 4), random.between(0, 4), random.between(0, 4)};
  std::vector<float> values(400);
  const gv::TensorView<float, 3> view(random.chance(0.95) ? values.data() : nullptr, {sizes[0], sizes[1], sizes[2]},
                                      {random.between(16, 60), random.between(4, 9), random.between(0, 2)});
  for (std::ptrdiff_t i = 0; i < view.size(0); ++i) {
    for (std::ptrdiff_t j = 0; j < view.size(1); ++j) {
      for (std::ptrdiff_t k = 0; k < view.size(2); ++k) view.at(i, j)[k] = 1;
    }
  }
  require(view.is_packed() || !view.empty(), "an empty view is packed");
}

FUZZ(luma) {
  const int width = random.size(), height = random.size();
  Canvas<std::uint8_t> rgb(random, 3 * width * height, 1);
  Canvas<std::uint8_t> grey(random, random.chance(0.95) ? width : width + 1, height);
  gv::luma<std::uint8_t>({rgb.view().data(), {height, width, 3}}, grey.view(), random.threads());
  grey.require_untouched_gaps();
}
