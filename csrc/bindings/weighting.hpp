#pragma once

#include <stdexcept>
#include <string>

#include "geomvision/flow/lucas_kanade.hpp"

namespace geomvision::bindings {

/// A window's weighting by its name in Python.
inline flow::Weighting weighting_named(const std::string& name) {
  if (name == "box") return flow::Weighting::box;
  if (name == "gaussian") return flow::Weighting::gaussian;
  throw std::invalid_argument("LucasKanade: weighting is '" + name + "'; allowed are 'gaussian' and 'box'");
}

}  // namespace geomvision::bindings
