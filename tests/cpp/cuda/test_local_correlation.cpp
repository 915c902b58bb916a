#include "device.hpp"
#include "geomvision/cuda/local_correlation.hpp"

using namespace device;
using gv::ops::LocalCorrelationOptions;

namespace {

template <typename T>
void compare(std::array<std::ptrdiff_t, 4> size, LocalCorrelationOptions options) {
  CAPTURE(options.radius);
  const auto [batch, channels, height, width] = size;
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-13;
  const std::ptrdiff_t side = 2 * options.radius + 1, stride = options.stride;
  const std::array<std::ptrdiff_t, 4> out_size{batch, side * side, (height + stride - 1) / stride,
                                               (width + stride - 1) / stride};
  const auto count = [](const std::array<std::ptrdiff_t, 4>& sizes) {
    return static_cast<std::size_t>(sizes[0] * sizes[1] * sizes[2] * sizes[3]);
  };
  Array<T, 4> left(size, random_values<T>(count(size), -1, 1, 1)), right(size, random_values<T>(count(size), -1, 1, 2));
  Array<T, 4> d_out(out_size, random_values<T>(count(out_size), -1, 1, 3));
  Array<T, 4> out(out_size), d_left(size), d_right(size);

  gv::ops::LocalCorrelation<T> correlation(options);
  correlation(left.here(), right.here(), out.here(), 1);
  gv::cuda::local_correlation<T>(left.there(), right.there(), out.there(), options);
  CHECK(apart(out.fetched(), out.host) <= tolerance);

  correlation.backward(d_out.here(), left.here(), right.here(), d_left.here(), d_right.here(), 1);
  gv::cuda::local_correlation_backward<T>(d_out.there(), left.there(), right.there(), d_left.there(), d_right.there(),
                                          options);
  CHECK(apart(d_left.fetched(), d_left.host) <= 4 * tolerance);
  CHECK(apart(d_right.fetched(), d_right.host) <= 4 * tolerance);
}

}  // namespace

TEST_CASE("CUDA: local correlation of any radius, stride and dilation, and its derivative, are those of the CPU") {
  each_order([] {
    compare<float>({2, 3, 7, 9}, {2, 1, 1});
    compare<float>({1, 2, 9, 11}, {4, 2, 3});
    compare<double>({2, 3, 7, 9}, {1, 3, 2});
    compare<double>({1, 2, 5, 6}, {4, 1, 1});
    compare<float>({1, 1, 1, 1}, {0, 1, 1});
  });
}

TEST_CASE("CUDA: local correlation in tiles, and its derivative, are those of the CPU") {
  each_order([] {
    compare<float>({2, 19, 9, 36}, {4, 1, 1});  // a second tile in both directions, rows on 16 bytes, two parts
    compare<float>({1, 5, 10, 39}, {4, 1, 1});  // rows that begin anywhere
    compare<float>({1, 33, 3, 5}, {3, 1, 1});
    compare<float>({1, 1, 1, 1}, {4, 1, 1});
  });
}

TEST_CASE("CUDA: constant features count the pixels inside, not a number meets its own window alone") {
  const std::ptrdiff_t height = 6, width = 35;
  Array<float, 4> ones({1, 3, height, width}, 1.0f), out({1, 81, height, width});
  Array<float, 4> spoilt({1, 3, height, width}, 1.0f);
  const std::ptrdiff_t bad_y = 2, bad_x = 33;
  spoilt.host[static_cast<std::size_t>(bad_y * width + bad_x)] = NAN;
  Array<float, 4> right({1, 3, height, width}, spoilt.host);
  gv::cuda::local_correlation<float>(ones.there(), right.there(), out.there());
  const std::vector<float> found = out.fetched();
  std::ptrdiff_t wrong = 0;
  for (std::ptrdiff_t k = 0; k < static_cast<std::ptrdiff_t>(found.size()); ++k) {
    const std::ptrdiff_t plane = k / (height * width), y = k / width % height, x = k % width;
    const std::ptrdiff_t other_y = y + plane / 9 - 4, other_x = x + plane % 9 - 4;
    const float value = found[static_cast<std::size_t>(k)];
    const bool inside = other_y >= 0 && other_y < height && other_x >= 0 && other_x < width;
    if (other_y == bad_y && other_x == bad_x) {
      wrong += std::isnan(value) ? 0 : 1;
    } else {
      wrong += std::abs(value - (inside ? 1.0f : 0.0f)) <= 1e-6f ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("CUDA: local correlation takes images without pixels or channels, and refuses sizes that do not belong") {
  Array<float, 4> none({0, 3, 4, 4}), no_rows({1, 3, 0, 4}), images({1, 2, 3, 4}), other({1, 2, 3, 5});
  Array<float, 4> no_channels({1, 0, 3, 4}), out({1, 9, 3, 4}, 7.0f), no_out({0, 9, 4, 4}), no_row_out({1, 9, 0, 4});
  const LocalCorrelationOptions options{1, 1, 1};
  gv::cuda::local_correlation<float>(none.there(), none.there(), no_out.there(), options);
  gv::cuda::local_correlation<float>(no_rows.there(), no_rows.there(), no_row_out.there(), options);
  gv::cuda::local_correlation<float>(no_channels.there(), no_channels.there(), out.there(), options);
  CHECK(apart(out.fetched(), std::vector<float>(108, 0.0f)) == 0);
  CHECK_THROWS_WITH_AS(gv::cuda::local_correlation<float>(images.there(), other.there(), out.there(), options),
                       "local_correlation: left is 1x2x3x4, right is 1x2x3x5, the output is 1x9x3x4; the first two "
                       "must be equal, and the output 1x9x3x4",
                       std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::local_correlation<float>(images.there(), images.there(), out.there(), {2, 1, 1}),
                  std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::local_correlation<float>(images.there(), images.there(), out.there(), {1, 0, 1}),
                  std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::local_correlation_backward<float>(out.there(), images.there(), images.there(),
                                                              images.there(), other.there(), options),
                  std::invalid_argument);
}
