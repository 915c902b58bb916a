#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch.hpp"
#include "geometry/two_views.hpp"

namespace geomvision {

/// Arrays of a run, points one after the other; null where a result is not asked for.
template <typename T>
struct PointArrays {
  const T *points0, *points1;
  T *points, *errors, *angle, *covariance;
  std::uint8_t* reasons;
  bool past_caches;  // that is where points are written
};

}  // namespace geomvision

#define GEOMVISION_TRIANGULATION(T, name)                                                                       \
  GEOMVISION_DECLARE_KERNEL(void, triangulate_##name,                                                           \
                            (const geometry::TwoViews& views, const geometry::PointRules& rules,                \
                             const PointArrays<T>& arrays, std::ptrdiff_t begin, std::ptrdiff_t end));          \
  GEOMVISION_DECLARE_KERNEL(void, correct_matches_##name,                                                       \
                            (const double* F, const T* points0, const T* points1, T* corrected0, T* corrected1, \
                             std::ptrdiff_t count, bool past_caches))
GEOMVISION_TRIANGULATION(float, f32);
GEOMVISION_TRIANGULATION(double, f64);
#undef GEOMVISION_TRIANGULATION
