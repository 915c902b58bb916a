#pragma once

#include <cstdint>

#include "geomvision/cuda/device_view.hpp"
#include "geomvision/geometry/triangulation.hpp"

namespace geomvision::cuda {

/// `geometry::TriangulatedPoints` in a GPU's memory; what is left empty is not computed.
template <typename T>
struct TriangulatedPoints {
  DeviceView<T, 2> points;
  DeviceView<T, 2> errors_px;
  DeviceView<T, 1> angle_rad;
  DeviceView<T, 3> covariance;
  DeviceView<std::uint8_t, 1> reasons;
};

/// `geometry::triangulate` on a GPU, equal to the last bit: it computes in double, rounding each operation by itself,
/// as the CPU does. Projections lie in the host's memory.
template <typename T>
void triangulate(const geometry::Projection& projection0, const geometry::Projection& projection1,
                 DeviceView<const T, 2> points0, DeviceView<const T, 2> points1, const TriangulatedPoints<T>& out,
                 const geometry::TriangulationOptions& options = {}, Stream stream = nullptr);

/// `geometry::triangulate_views` on a GPU, equal as above; projections (views, 3, 4) lie in the host's memory.
template <typename T>
void triangulate_views(TensorView<const double, 3> projections, DeviceView<const T, 3> points,
                       const TriangulatedPoints<T>& out, const geometry::TriangulationOptions& options = {},
                       Stream stream = nullptr);

/// `geometry::correct_matches` on a GPU, equal as above; results may lie where the points do.
template <typename T>
void correct_matches(const geometry::Entries& F, DeviceView<const T, 2> points0, DeviceView<const T, 2> points1,
                     DeviceView<T, 2> corrected0, DeviceView<T, 2> corrected1, Stream stream = nullptr);

}  // namespace geomvision::cuda
