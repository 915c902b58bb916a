#include "geomvision/geometry/undistortion.hpp"

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

geometry::Distortion coefficients_of(const Array<double>& given) {
  geometry::Distortion out{};
  if (given.ndim() != 1 || given.size() > static_cast<py::ssize_t>(out.size())) {
    throw std::invalid_argument("undistort_points: coefficients must be one row of at most 14 numbers");
  }
  std::copy_n(given.data(), given.size(), out.begin());
  return out;
}

}  // namespace

void bind_undistortion(py::module_& module) {
  using namespace py::literals;
  module.def(
      "undistort_points",
      [](const Array<double>& pixels, const Array<double>& intrinsics, const Array<double>& coefficients,
         int num_threads) {
        const auto from = tensor<2>(pixels, "pixels");
        if (intrinsics.ndim() != 1 || intrinsics.size() != 4) {
          throw std::invalid_argument("undistort_points: intrinsics must be fx, fy, cx, cy");
        }
        const double* k = intrinsics.data();
        const geometry::Intrinsics camera{k[0], k[1], k[2], k[3]};
        const geometry::Distortion distortion = coefficients_of(coefficients);
        const Output<double, 2> plane(from.sizes());
        without_gil([&] { geometry::undistort_points(from, camera, distortion, plane.view, num_threads); });
        return plane.array;
      },
      "pixels"_a.noconvert(), "intrinsics"_a.noconvert(), "coefficients"_a.noconvert(), "num_threads"_a);
  module.def(
      "distortion_limit",
      [](const Array<double>& coefficients) { return geometry::distortion_limit(coefficients_of(coefficients)); },
      "coefficients"_a.noconvert());
}

}  // namespace geomvision::bindings
