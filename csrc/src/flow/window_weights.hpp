#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "geomvision/flow/lucas_kanade.hpp"

namespace geomvision::flow {

/// Weights of a window of sum 1 in one direction, from its middle to its end.
inline std::vector<float> window_weights(int window, Weighting weighting) {
  const int radius = window / 2;
  const double sigma = window / 5.0;
  std::vector<double> weights;
  double total = 0.0;
  for (int k = -radius; k <= radius; ++k) {
    weights.push_back(weighting == Weighting::box ? 1.0 : std::exp(-0.5 * ((k / sigma) * (k / sigma))));
    total += weights.back();
  }
  std::vector<float> normalised;
  for (int k = radius; k < window; ++k) {
    normalised.push_back(static_cast<float>(weights[static_cast<std::size_t>(k)] / total));
  }
  return normalised;
}

}  // namespace geomvision::flow
