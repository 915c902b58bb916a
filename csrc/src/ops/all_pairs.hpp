#pragma once

#include <algorithm>
#include <cmath>

#include "geomvision/check.hpp"

// What the products of all pairs of features are for the CPU and for a GPU.

namespace geomvision::ops {

/// Throws std::invalid_argument unless the volume is the one of these features: with the features of the same row alone
/// where it has four axes, with all others where it has five.
template <int Rank, typename Features, typename Volume>
void check_pairs(const char* owner, const Features& features0, const Features& features1, const Volume& volume) {
  constexpr bool rows = Rank == 4;
  check(features0.size(0) == features1.size(0) && features0.size(1) == features1.size(1) &&
            (!rows || features0.size(2) == features1.size(2)),
        owner, ": features0 are ", features0.shape(), ", features1 ", features1.shape(), "; batch, channels",
        rows ? " and height" : "", " must be equal");
  typename Volume::Sizes wanted{features0.size(0), features0.size(2), features0.size(3)};
  wanted[Rank - 1] = features1.size(3);
  if constexpr (!rows) wanted[3] = features1.size(2);
  check(volume.sizes() == wanted, owner, ": the volume is ", volume.shape(), " for features of ", features0.shape(),
        " and ", features1.shape(), "; it must be batch x height x width", rows ? "" : " x height1", " x width1");
  check(volume.is_packed(), owner, ": the volume's elements must lie side by side");
}

/// Throws std::invalid_argument unless derivatives are as large as the features they belong to.
template <typename Features, typename Derivatives>
void check_derivatives(const char* owner, const Features& features0, const Features& features1,
                       const Derivatives& d_features0, const Derivatives& d_features1) {
  check(d_features0.sizes() == features0.sizes() && d_features1.sizes() == features1.sizes(), owner, ": features are ",
        features0.shape(), " and ", features1.shape(), ", their derivatives ", d_features0.shape(), " and ",
        d_features1.shape(), "; they must be equal");
}

/// What a product is multiplied by: 1 / sqrt(channels) (Teed & Deng, ECCV 2020, eq. 1).
template <typename T>
T pair_scale(std::ptrdiff_t channels) {
  return static_cast<T>(1 / std::sqrt(std::max(1.0, static_cast<double>(channels))));
}

}  // namespace geomvision::ops
