#pragma once

#include "geomvision/image.hpp"

namespace geomvision::stereo {

/// Throws std::invalid_argument with the first place of NaN or infinity.
void check_finite(const char* owner, ImageView<const float> image, const char* name);

}  // namespace geomvision::stereo
