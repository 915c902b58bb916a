#include <doctest/doctest.h>

#include <stdexcept>
#include <vector>

#include "geomvision/image.hpp"

using namespace geomvision;

TEST_CASE("a view reads the caller's buffer through its stride") {
  std::vector<int> buffer{0, 1, 2, 3, 4, 5, 6, 7};
  const ImageView<int> view(buffer.data(), 3, 2, 4);
  CHECK(view(2, 0) == 2);
  CHECK(view(0, 1) == 4);
  const ImageView<const int> crop = view.crop(1, 1, 2, 1);
  CHECK(crop(0, 0) == 5);
  CHECK(crop.stride() == 4);
}

TEST_CASE("impossible views and crops are refused") {
  int value = 0;
  CHECK_THROWS_AS(ImageView<int>(&value, -1, 1), std::invalid_argument);
  CHECK_THROWS_AS(ImageView<int>(nullptr, 1, 1), std::invalid_argument);
  CHECK_THROWS_AS(ImageView<int>(&value, 2, 2, 1), std::invalid_argument);
  CHECK_THROWS_AS(ImageView<int>(&value, 1, 1).crop(0, 0, 2, 1), std::invalid_argument);
  CHECK_THROWS_AS(ImageView<int>(&value, 1, 1).crop(1, 0, 1, 1), std::invalid_argument);
}

TEST_CASE("an image owns its pixels and keeps its memory when it shrinks") {
  Image<float> image(4, 3, 1.5f);
  const float* memory = image.data();
  CHECK(image(3, 2) == 1.5f);
  image.resize(2, 2);
  CHECK(image.data() == memory);
  CHECK(image(1, 1) == 0.0f);
  CHECK_THROWS_AS(image.resize(-1, 2), std::invalid_argument);
}
