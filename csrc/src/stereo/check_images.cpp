#include "stereo/check_images.hpp"

#include <cmath>

#include "geomvision/check.hpp"

namespace geomvision::stereo {

void check_finite(const char* owner, ImageView<const float> image, const char* name) {
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      if (std::isfinite(image(x, y))) continue;
      check(false, owner, ": ", name, " holds NaN or infinity at (", x, ", ", y, "); fill it first");
    }
  }
}

}  // namespace geomvision::stereo
