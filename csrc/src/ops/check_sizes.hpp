#pragma once

#include <cstddef>

#include "geomvision/check.hpp"

// What ops ask of the sizes of their views, on the CPU and on a GPU alike. Each source has a copy of its own, which the
// compiler need not keep beside those that it inlines.

namespace geomvision::ops {
namespace {

template <typename Costs, typename Disparity>
void check_soft_argmin(const Costs& costs, const Disparity& disparity) {
  check(costs.size(1) > 0 || disparity.empty(), "soft_argmin: costs are ", costs.shape(), "; axis 1 needs a candidate");
  check(disparity.size(0) == costs.size(0) && disparity.size(1) == costs.size(2) && disparity.size(2) == costs.size(3),
        "soft_argmin: costs are ", costs.shape(), ", disparity is ", disparity.shape(),
        "; it must be batch x height x width of the costs");
}

template <typename Costs, typename Disparity>
void check_upsampled_soft_argmin(const Costs& costs, const Disparity& disparity, int disparities) {
  check(disparities > 0, "upsampled_soft_argmin: disparities is ", disparities, "; allowed is 1 or more");
  check(disparity.size(0) == costs.size(0), "upsampled_soft_argmin: costs are ", costs.shape(), ", disparity is ",
        disparity.shape(), "; they must have one batch size");
  check(disparity.empty() || !costs.empty(), "upsampled_soft_argmin: costs are ", costs.shape(),
        "; nothing can be interpolated from them");
}

/// Of both soft-argmins' backward ops.
template <typename Costs, typename Slopes>
void check_slopes(const char* op, const Costs& costs, const Slopes& d_costs) {
  check(d_costs.sizes() == costs.sizes(), op, ": costs are ", costs.shape(), ", d_costs are ", d_costs.shape(),
        "; they must be equal");
}

template <typename Frame, typename Volume>
void check_cost_volume_2d(const Frame& frame0, const Frame& frame1, int radius, const Volume& volume) {
  const char* op = "cost_volume_2d";
  check_range(op, "radius", radius, 0, 127);
  const std::ptrdiff_t side = 2 * radius + 1;
  check(frame0.sizes() == frame1.sizes(), op, ": frame0 is ", frame0.shape(), ", frame1 ", frame1.shape(),
        "; they must be equal");
  check(volume.size(0) == frame0.size(0) && volume.size(1) == frame0.size(1) && volume.size(2) == frame0.size(2) &&
            volume.size(3) == side * side,
        op, ": the volume is ", volume.shape(), "; ", frame0.shape(), "x", side * side, " is needed");
}

/// The volume (H, W, D) that winners are chosen from.
template <typename Volume>
void check_volume(const char* op, const Volume& volume, int first) {
  check(volume.empty() || (volume.size(2) <= 65535 && first >= -(1 << 20) && first <= 1 << 20), op, ": the volume is ",
        volume.shape(), ", its first disparity ", first, "; allowed are 65535 candidates from 1048576 px on");
}

template <typename Like, typename Map>
void check_map(const char* op, const Like& like, const Map& map, const char* name) {
  check(map.size(0) == like.size(0) && map.size(1) == like.size(1), op, ": ", name, " is ", map.shape(), "; ",
        like.size(0), "x", like.size(1), " is needed");
}

}  // namespace
}  // namespace geomvision::ops
