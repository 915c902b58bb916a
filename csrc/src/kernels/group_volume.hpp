#pragma once

#include <cstddef>

#include "dispatch.hpp"

namespace geomvision {

// One image row of one group of channels, compared with itself `candidates` times shifted.
//   product:    volume[d][x] = scale * sum_c left[c][x] * right[c][x - d], 0 where x < d
//   difference: volume[d][x] = scale * sum_c |left[c][x] - right[c][x - d]|, right being 0 where x < d
template <typename T>
struct GroupRow {
  const T* left;
  const T* right;
  std::ptrdiff_t left_step;   // between channels
  std::ptrdiff_t right_step;  // between channels
  int channels;
  int width;
  int candidates;
  std::ptrdiff_t volume_step;  // between candidates
  T scale;
  bool difference;
  bool past_caches;  // the volume is too large to stay in them
};

}  // namespace geomvision

GEOMVISION_DECLARE_KERNEL(void, group_volume_f32, (const GroupRow<float>& row, float* volume));
GEOMVISION_DECLARE_KERNEL(void, group_volume_f64, (const GroupRow<double>& row, double* volume));

// Its derivative; d_left and d_right have the channel steps of left and right.
GEOMVISION_DECLARE_KERNEL(void, group_volume_backward_f32,
                          (const GroupRow<float>& row, const float* d_volume, float* d_left, float* d_right,
                           std::ptrdiff_t d_step));
GEOMVISION_DECLARE_KERNEL(void, group_volume_backward_f64,
                          (const GroupRow<double>& row, const double* d_volume, double* d_left, double* d_right,
                           std::ptrdiff_t d_step));
