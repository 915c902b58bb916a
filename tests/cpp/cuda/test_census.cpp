#include "device.hpp"
#include "geomvision/cuda/census.hpp"
#include "geomvision/ops/census.hpp"

using namespace device;

namespace {

template <typename T>
void compare(std::ptrdiff_t height, std::ptrdiff_t width, const char* window, int first, std::ptrdiff_t count) {
  CAPTURE(window);
  CAPTURE(width);
  const auto pixels = static_cast<std::size_t>(height * width);
  Array<T, 2> image({height, width}, random_values<T>(pixels, 0, 12, 1));
  if constexpr (std::is_floating_point_v<T>) image.here().data()[pixels / 2] = static_cast<T>(NAN);
  Array<T, 2> left({height, width}, image.host), right({height, width}, random_values<T>(pixels, 0, 12, 2));
  Array<std::int64_t, 2> words({height, width}), right_words({height, width});
  Array<std::uint8_t, 3> volume({height, width, count}, 7);
  const auto at = [&](Array<T, 2>& of) {
    return gv::ImageView<const T>(of.host.data(), static_cast<int>(width), static_cast<int>(height));
  };
  gv::ops::census_transform<T>(at(left), window, words.here(), 1);
  gv::ops::census_transform<T>(at(right), window, right_words.here(), 1);
  gv::ops::hamming_distances(words.here(), right_words.here(), first, volume.here(), 1);

  gv::cuda::census_transform<T>(left.there(), window, words.there());
  gv::cuda::census_transform<T>(right.there(), window, right_words.there());
  CHECK(words.fetched() == words.host);
  gv::cuda::hamming_distances(words.there(), right_words.there(), first, volume.there());
  CHECK(volume.fetched() == volume.host);
}

}  // namespace

TEST_CASE_TEMPLATE("CUDA: census words and their distances are those of the CPU", T, std::uint8_t, std::uint16_t, float,
                   double) {
  each_order([&] {
    compare<T>(9, 37, "5x5", -3, 13);
    compare<T>(11, 70, "7x7", 0, 16);
    compare<T>(17, 33, "9x7", 5, 6);
    compare<T>(3, 2, "sparse", -40, 50);
    compare<T>(1, 1, "9x7", 0, 1);
  });
  compare<T>(2, 5, "5x5", -2, 4100);
}

TEST_CASE("CUDA: a census word has a bit for each darker neighbour") {
  Array<std::uint8_t, 2> image({1, 3}, {1, 2, 1});
  Array<std::int64_t, 2> words({1, 3});
  gv::cuda::census_transform<std::uint8_t>(image.there(), "5x5", words.there());
  // left and right of the centre, in each of five rows: columns 0, 1, 3, 4
  const std::int64_t row = 0b11011, above = row | row << 5, here = 0b1111, below = row | row << 5;
  CHECK(words.fetched() == std::vector<std::int64_t>{0, above | here << 10 | below << 14, 0});
}

TEST_CASE("CUDA: distances go to a volume that begins anywhere") {
  Array<std::int64_t, 2> left({3, 9}, random_values<std::int64_t>(27, 0, 1e15, 4));
  Array<std::int64_t, 2> right({3, 9}, random_values<std::int64_t>(27, 0, 1e15, 5));
  Array<std::uint8_t, 3> volume({3, 9, 8});
  Array<std::uint8_t, 1> memory({3 * 9 * 8 + 1});
  gv::cuda::hamming_distances(left.there(), right.there(), 0, volume.there());
  gv::cuda::hamming_distances(left.there(), right.there(), 0, {memory.there().data() + 1, {3, 9, 8}});
  const std::vector<std::uint8_t> found = memory.fetched();
  CHECK(std::vector<std::uint8_t>(found.begin() + 1, found.end()) == volume.fetched());
}

TEST_CASE("CUDA: census refuses what the CPU refuses") {
  Array<float, 2> image({4, 5});
  Array<std::int64_t, 2> words({4, 5}), others({4, 4});
  Array<std::uint8_t, 3> volume({4, 5, 3});
  CHECK_THROWS_WITH_AS(gv::cuda::census_transform<float>(image.there(), "3x3", words.there()),
                       "census_transform: window is '3x3'; allowed are '5x5', '7x7', '9x7', 'sparse'",
                       std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::census_transform<float>(image.there(), "5x5", others.there()), std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::hamming_distances(words.there(), others.there(), 0, volume.there()), std::invalid_argument);
  CHECK_THROWS_AS(gv::cuda::hamming_distances(others.there(), others.there(), 0, volume.there()),
                  std::invalid_argument);
}
