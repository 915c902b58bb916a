#include "camera_pose.hpp"

namespace geomvision::bindings {

void bind_absolute_pose_parts(py::module_& module) {
  using namespace py::literals;
  using Doubles = const Array<double>&;
  module.def(
      "p3p",
      [](Doubles rays, Doubles points) {
        if (rays.size() != 9 || points.size() != 9) throw std::invalid_argument("p3p takes 3 rays and 3 points");
        std::array<double, 9> f{}, x{};
        std::copy_n(rays.data(), 9, f.begin());
        std::copy_n(points.data(), 9, x.begin());
        std::array<geometry::CameraPose, 4> poses;
        const int count = geometry::p3p(f, x, poses);
        Array<double> found({count, 4, 4});
        for (int k = 0; k < count; ++k) {
          const Array<double> pose = matrix_of(poses[static_cast<std::size_t>(k)]);
          std::copy_n(pose.data(), 16, found.mutable_data() + 16 * k);
        }
        return found;
      },
      "rays"_a.noconvert(), "points"_a.noconvert());
  module.def("absolute_pose_options", [] {
    const geometry::AbsolutePoseOptions d;
    return py::dict("max_error_px"_a = d.max_error_px, "confidence"_a = d.confidence,
                    "max_iterations"_a = d.max_iterations, "seed"_a = d.seed, "num_threads"_a = d.num_threads);
  });
  module.def("perspective_n_point_options", [] {
    const geometry::PerspectiveNPointOptions d;
    return py::dict("solver"_a = static_cast<int>(d.solver), "refine"_a = d.refine);
  });
}

}  // namespace geomvision::bindings
