#pragma once

#include "geomvision/image.hpp"

namespace geomvision::flow {

/// A level is halved only while its shorter side keeps this many pixels.
constexpr int coarsest = 16;

/// Half the size: blurred by (1 4 6 4 1)/16 in x and y (Burt & Adelson 1983), every second pixel kept.
void shrink(const Image<float>& large, Image<float>& narrow, Image<float>& small, int num_threads);

}  // namespace geomvision::flow
