#include <doctest/doctest.h>

#include <stdexcept>

#include "geomvision/stereo/postprocess.hpp"

TEST_CASE("there is no speckle filter beyond what an int can count") {
  float pixel = 0.0f;
  const geomvision::ImageView<float> huge(&pixel, 65536, 65536);  // refused before it is looked at
  geomvision::stereo::SpeckleFilter speckle;
  CHECK_THROWS_WITH_AS(speckle(huge, 20, 1.0f), doctest::Contains("65536x65536"), std::invalid_argument);
}
