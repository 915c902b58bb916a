#pragma once

#include <string>

#include "geomvision/ops/warp.hpp"

namespace geomvision::bindings {

/// The options of a warp, `outside` by its name in Python, which has checked it.
inline ops::WarpOptions warp_options(bool bicubic, const std::string& outside) {
  using ops::Interpolation, ops::Outside;
  return {bicubic ? Interpolation::bicubic : Interpolation::bilinear,
          outside == "nan" ? Outside::nan : (outside == "zero" ? Outside::zero : Outside::border)};
}

}  // namespace geomvision::bindings
