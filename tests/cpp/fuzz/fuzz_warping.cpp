#include <cmath>

#include "canvas.hpp"
#include "geomvision/ops/splat.hpp"
#include "geomvision/ops/warp.hpp"

namespace gv = geomvision;
using fuzz::Block;
using fuzz::Random;
using fuzz::require;

namespace {

using Size = std::ptrdiff_t;

template <typename T, int Rank>
Block<T, Rank> displacements(Random& random, const typename Block<T, Rank>::Sizes& sizes) {
  const double far = random.one_of({0.0, 0.9, 5.0, 40.0, 1e4});
  Block<T, Rank> made(random, sizes, -far, far);
  for (int i = random.below(5); i > 0 && made.begin() != made.end(); --i) {
    T* at = made.view().data() + random.below(static_cast<int>(made.end() - made.begin()));
    *at = static_cast<T>(random.one_of({std::nan(""), HUGE_VAL, -HUGE_VAL, 1e30, -1e30, 2147483648.0, -0.0}));
  }
  return made;
}

gv::ops::WarpOptions warp_options(Random& random) {
  using gv::ops::Interpolation, gv::ops::Outside;
  return {random.one_of({Interpolation::bilinear, Interpolation::bicubic}),
          random.one_of({Outside::nan, Outside::zero, Outside::border})};
}

template <typename In, typename Out>
void warp_image(Random& random) {
  const Size height = random.size(30), width = random.size(90), channels = random.one_of<Size>({1, 1, 2, 3, 4, 5}),
             rows = random.size(20), columns = random.chance(0.1) ? 600 : random.size(90);
  const Block<In, 3> image(random, {height, width, channels}, 0, 255);
  const auto field = displacements<float, 3>(random, {rows, columns, 2});
  Block<Out, 3> warped(random, {rows, columns, channels + (random.chance(0.03) ? 1 : 0)}, 0, 9);
  Block<std::uint8_t, 2> inside(random, {rows, columns}, 0, 9);
  const gv::ops::WarpOptions options = warp_options(random);
  gv::ops::warp<In, Out>(image.read(), field.read(), warped.view(), options, random.threads(), inside.view());
  const bool bicubic = options.mode == gv::ops::Interpolation::bicubic;
  const Out* value = warped.begin();
  for (const std::uint8_t in : inside) {
    require(in <= 1, "inside is neither 0 nor 1");
    for (Size c = 0; c < channels; ++c, ++value) {
      if constexpr (std::is_floating_point_v<Out>) {
        const bool filled = options.outside == gv::ops::Outside::nan && !in;
        require(std::isnan(*value) == filled, "NaN where there is none, or the reverse");
      }
      if (!bicubic && !(*value != *value)) require(*value >= 0 && *value <= 255.01, "beyond the pixels");
    }
  }
}

template <typename T>
void warp_planes(Random& random) {
  const Size batch = random.between(0, 2), channels = random.below(20), height = random.size(140),
             width = random.size(60), rows = random.size(30), columns = random.chance(0.1) ? 600 : random.size(60);
  const Block<T, 4> image(random, {batch, channels, height, width});
  const auto field = displacements<T, 4>(random, {batch, 2, rows, columns});
  Block<T, 4> warped(random, {batch, channels, rows, columns}), d_image(random, image.read().sizes()),
      d_field(random, field.read().sizes());
  Block<std::uint8_t, 3> inside(random, {batch, rows, columns}, 0, 9);
  const gv::ops::WarpOptions options = warp_options(random);
  gv::ops::warp_features<T>(image.read(), field.read(), warped.view(), options, random.threads(), inside.view());
  for (const std::uint8_t in : inside) require(in <= 1, "inside is neither 0 nor 1");
  for (const T value : warped) require(!(std::abs(value) > 6), "beyond the image");
  const Block<T, 4> d_warped(random, warped.read().sizes());
  gv::ops::warp_features_backward<T>(d_warped.read(), image.read(), field.read(), d_image.view(), d_field.view(),
                                     options, random.threads());
  const double most = 6.0 * static_cast<double>(rows * columns + 1);
  for (const T value : d_image) require(std::abs(value) <= most, "a derivative that is too large");
  for (const T value : d_field) require(std::abs(value) <= 100.0 * static_cast<double>(channels + 1), "a steep slope");
}

template <typename In, typename Out>
void warp_disparity(Random& random) {
  const Size height = random.size(30), width = random.size(90), channels = random.between(1, 4), rows = random.size(20),
             columns = random.chance(0.1) ? 600 : random.size(90);
  const Block<In, 3> image(random, {height, width, channels}, 0, 255);
  const auto disparity = displacements<float, 2>(random, {rows, columns});
  Block<Out, 3> warped(random, {rows, columns, channels}, 0, 9);
  const gv::ops::WarpOptions options = warp_options(random);
  gv::ops::warp_by_disparity<In, Out>(image.read(), disparity.read(), warped.view(), options, random.threads());
  if (options.mode == gv::ops::Interpolation::bicubic) return;
  for (const Out value : warped) require(!(value < 0 || value > 255.01), "beyond the pixels");
}

template <typename T>
void splat(Random& random) {
  const Size batch = random.between(0, 2), channels = random.below(20), height = random.size(140),
             width = random.size(60);
  const Block<T, 4> image(random, {batch, channels, height, width}, 0, 1);
  const auto flow = displacements<T, 4>(random, {batch, 2, height, width + (random.chance(0.03) ? 1 : 0)});
  Block<T, 4> sum(random, image.read().sizes()), d_image(random, image.read().sizes()),
      d_flow(random, flow.read().sizes());
  gv::ops::splat_sum<T>(image.read(), flow.read(), sum.view(), random.threads());
  double given = 0, found = 0;
  for (const T value : image) given += value;
  for (const T value : sum) {
    require(value >= 0, "a negative sum of what is not");
    found += value;
  }
  require(found <= given * 1.001 + 1e-3, "more than there was");
  gv::ops::MeanSplat<T> mean(random.one_of({gv::ops::Holes::nan, gv::ops::Holes::zero}));
  if (random.chance(0.5)) {
    mean.average(image.read(), flow.read(), sum.view(), random.threads());
  } else {
    const double range = random.one_of({0.0, 1.0, 1000.0});
    const Block<T, 3> importance(random, {batch, height, width}, -range, range);
    mean.softmax(image.read(), flow.read(), importance.read(), sum.view(), random.threads());
  }
  for (const T value : sum) require(std::isnan(value) || (value >= 0 && value <= T(1.001)), "a mean beyond the pixels");
  const Block<T, 4> d_sum(random, sum.read().sizes());
  gv::ops::splat_sum_backward<T>(d_sum.read(), image.read(), flow.read(), d_image.view(), d_flow.view(),
                                 random.threads());
  for (const T value : d_image) require(std::abs(value) <= 3.01, "a derivative that is too large");
  for (const T value : d_flow) require(std::abs(value) <= 13.0 * static_cast<double>(channels + 1), "a steep slope");
}

}  // namespace

FUZZ(warp) {
  const int type = random.below(5);
  if (type == 0) warp_image<std::uint8_t, std::uint8_t>(random);
  if (type == 1) warp_image<std::uint8_t, float>(random);
  if (type == 2) warp_image<std::uint16_t, std::uint16_t>(random);
  if (type == 3) warp_image<std::uint16_t, float>(random);
  if (type == 4) warp_image<float, float>(random);
}

FUZZ(warp_by_disparity) {
  random.chance(0.5) ? warp_disparity<std::uint8_t, std::uint8_t>(random) : warp_disparity<float, float>(random);
}

FUZZ(warp_features) { random.chance(0.5) ? warp_planes<float>(random) : warp_planes<double>(random); }

FUZZ(splat) { random.chance(0.5) ? splat<float>(random) : splat<double>(random); }
