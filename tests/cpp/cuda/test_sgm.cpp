#include <optional>

#include "device.hpp"
#include "geomvision/cuda/sgm.hpp"

using namespace device;

namespace {

using Options = gv::stereo::SGMOptions;

template <typename T>
struct Pair {
  std::ptrdiff_t height, width;
  Array<T, 2> left, right;

  // Of `texture` grey values; the right view sees what lies in front, a rectangle, `shift` pixels further left.
  Pair(std::ptrdiff_t rows, std::ptrdiff_t columns, int texture, int shift)
      : height(rows), width(columns), left({rows, columns}), right({rows, columns}) {
    const auto wide = static_cast<std::size_t>(width);
    const auto noise = random_values<T>(static_cast<std::size_t>(height) * (wide + 64), 0, texture, 7);
    for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y) {
      const T* from = noise.data() + y * (wide + 64);
      for (std::size_t x = 0; x < wide; ++x) {
        const bool front = y * 3 > wide / 3 && x > wide / 3 && x < wide / 3 * 2;
        left.host[y * wide + x] = from[x + 20];
        right.host[y * wide + x] = from[x + 20 + static_cast<std::size_t>(front ? shift : shift / 3)];
      }
    }
    for (std::size_t i = 0; i < left.host.size(); i += 13) right.host[i] = static_cast<T>(left.host[i] / 2);
    there_left.emplace(Sizes{rows, columns}, left.host);
    there_right.emplace(Sizes{rows, columns}, right.host);
  }

  using Sizes = typename Array<T, 2>::Sizes;
  std::optional<Array<T, 2>> there_left, there_right;

  gv::ImageView<const T> image(const Array<T, 2>& of) const {
    return {of.host.data(), static_cast<int>(width), static_cast<int>(height)};
  }
};

template <typename T>
gv::ImageView<T> as_image(Array<T, 2>& map) {
  const auto view = map.here();
  return {view.data(), static_cast<int>(view.size(1)), static_cast<int>(view.size(0))};
}

template <typename T>
void compare(std::ptrdiff_t height, std::ptrdiff_t width, Options options, int texture = 60) {
  options.num_threads = 1;
  CAPTURE(width);
  CAPTURE(options.paths);
  CAPTURE(options.census);
  CAPTURE(options.median);
  Pair<T> pair(height, width, texture, 9);
  Array<float, 2> disparity({height, width}), confidence({height, width});
  Array<std::uint8_t, 2> occluded({height, width}, 9);
  gv::stereo::SGM here(options);
  const gv::cuda::SGM there(options);
  here(pair.image(pair.left), pair.image(pair.right), as_image(disparity), as_image(confidence), as_image(occluded));
  there(pair.there_left->there(), pair.there_right->there(), disparity.there(), confidence.there(), occluded.there());
  CHECK(apart(disparity.fetched(), disparity.host) == 0);
  CHECK(apart(confidence.fetched(), confidence.host) == 0);
  CHECK(occluded.fetched() == occluded.host);
}

Options options_of(int first, int end, int paths = 8) {
  Options options;
  options.min_disparity = first;
  options.max_disparity = end;
  options.paths = paths;
  options.speckle_size = 5;
  return options;
}

}  // namespace

TEST_CASE_TEMPLATE("CUDA: SGM is that of the CPU", T, std::uint8_t, std::uint16_t, float) {
  compare<T>(13, 37, options_of(0, 24));
  compare<T>(1, 1, options_of(0, 4));
  compare<T>(2, 5, options_of(-8, 9, 4));
}

TEST_CASE("CUDA: SGM does not depend on the order of threads") {
  each_order([&] { compare<std::uint8_t>(9, 34, options_of(-7, 9, 5), 3); });
}

TEST_CASE("CUDA: SGM of many disparities is that of the CPU") {
  compare<std::uint8_t>(4, 71, options_of(0, 64));
  compare<std::uint8_t>(2, 140, options_of(-20, 120));
  compare<std::uint8_t>(1, 200, options_of(-100, 200));
}

TEST_CASE("CUDA: SGM with any options is that of the CPU") {
  for (const int paths : {4, 5, 8, 16}) {
    Options options = options_of(-3, 14, paths);
    options.census = paths == 4 ? "5x5" : "7x7";
    options.subpixel = paths == 5 ? "none" : "parabola";
    options.adaptive_p2 = paths == 5;
    options.uniqueness = 3 * paths;
    options.left_right = paths == 8 ? -1 : 5 - paths / 2;
    options.median = paths == 4 ? 1 : paths + paths % 2 - 1;
    options.speckle_size = paths == 5 ? 0 : 12;
    options.speckle_range = 0.3f;
    options.fill = paths == 16 ? "none" : "background";
    options.left_right = std::max(options.left_right, -1);
    compare<std::uint8_t>(12, 31, options, 20);
  }
}

TEST_CASE("CUDA: SGM from costs is that of the CPU") {
  const Options options = options_of(-2, 11);
  Array<std::uint8_t, 3> costs({9, 12, 13}, random_values<std::uint8_t>(9 * 12 * 13, 0, 76, 5));
  Array<float, 2> left({9, 12}, random_values<float>(9 * 12, 0, 1, 6)), disparity({9, 12});
  gv::stereo::SGM here(options);
  const gv::cuda::SGM there(options);
  here(costs.here(), gv::ImageView<const float>(left.host.data(), 12, 9), as_image(disparity));
  there(costs.there(), left.there(), disparity.there());
  CHECK(apart(disparity.fetched(), disparity.host) == 0);
}

TEST_CASE("CUDA: SGM finds the shift of a pair") {
  constexpr std::ptrdiff_t height = 9, width = 60, shift = 7;
  const auto noise = random_values<std::uint16_t>(height * (width + shift), 0, 65536, 8);
  Array<std::uint16_t, 2> whole({height, width + shift}, noise);
  const gv::cuda::DeviceView<const std::uint16_t, 2> left(whole.there().data(), {height, width}, {width + shift, 1});
  const gv::cuda::DeviceView<const std::uint16_t, 2> right(left.data() + shift, {height, width}, {width + shift, 1});
  Array<float, 2> disparity({height, width});
  Options options = options_of(0, 16);
  options.subpixel = "none";
  gv::cuda::SGM sgm(options);
  sgm(left, right, disparity.there());
  const auto found = disparity.fetched();
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = shift; x < width; ++x) CHECK(found[y * width + x] == shift);
  }
}

TEST_CASE("CUDA: SGM says what it cannot do") {
  Options wrong = options_of(0, 24, 7);
  CHECK_THROWS_AS(gv::cuda::SGM{wrong}, std::invalid_argument);
  Array<float, 2> image({4, 5}), other({4, 4}), wide({1, 3000});
  const gv::cuda::DeviceView<float, 2> none(image.there().data(), {0, 5});
  const gv::cuda::SGM sgm(options_of(-2100, 2100));
  CHECK_THROWS_AS(sgm(image.there(), other.there(), image.there()), std::invalid_argument);
  CHECK_THROWS_AS(sgm(image.there(), image.there(), other.there()), std::invalid_argument);
  CHECK_THROWS_AS(sgm(image.there(), image.there(), image.there(), other.there()), std::invalid_argument);
  CHECK_THROWS_AS(sgm(gv::cuda::DeviceView<const float, 2>(none), none, none), std::invalid_argument);
  CHECK_THROWS_WITH_AS(sgm(wide.there(), wide.there(), wide.there()),
                       "SGM: 4200 disparities are searched; at most 2048 can be taken on a GPU", std::invalid_argument);
}
