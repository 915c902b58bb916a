#include "geomvision/geometry/absolute_pose.hpp"

#include "camera_pose.hpp"

namespace geomvision::bindings {
namespace {

using geometry::AbsolutePose;
using geometry::CameraPose;
using geometry::SeenPoints;

// (found, T, noise, covariance, inliers, iterations)
py::tuple told(const AbsolutePose& result) {
  Array<double> covariance({6, 6});
  std::copy(result.covariance.begin(), result.covariance.end(), covariance.mutable_data());
  return py::make_tuple(result.found, matrix_of(result.pose), result.noise_px, covariance, result.inliers,
                        result.iterations);
}

}  // namespace

void bind_absolute_pose(py::module_& module) {
  using namespace py::literals;
  using Doubles = const Array<double>&;
  module.def(
      "p3p",
      [](Doubles rays, Doubles points) {
        if (rays.size() != 9 || points.size() != 9) throw std::invalid_argument("p3p takes 3 rays and 3 points");
        std::array<double, 9> f{}, x{};
        std::copy_n(rays.data(), 9, f.begin());
        std::copy_n(points.data(), 9, x.begin());
        std::array<CameraPose, 4> poses;
        const int count = geometry::p3p(f, x, poses);
        Array<double> found({count, 4, 4});
        for (int k = 0; k < count; ++k) {
          const Array<double> pose = matrix_of(poses[static_cast<std::size_t>(k)]);
          std::copy_n(pose.data(), 16, found.mutable_data() + 16 * k);
        }
        return found;
      },
      "rays"_a.noconvert(), "points"_a.noconvert());
  module.def(
      "perspective_n_point",
      [](Doubles points, Doubles charts) {
        const SeenPoints seen{tensor<2>(points, "points"), tensor<3>(charts, "charts")};
        AbsolutePose result;
        without_gil([&] { result = geometry::perspective_n_point(seen); });
        return told(result);
      },
      "points"_a.noconvert(), "charts"_a.noconvert());
  module.def(
      "refine_absolute_pose",
      [](Doubles points, Doubles charts, Doubles start, double threshold_px) {
        const SeenPoints seen{tensor<2>(points, "points"), tensor<3>(charts, "charts")};
        const CameraPose from = pose_of(start);
        AbsolutePose result;
        without_gil([&] { result = geometry::refine_absolute_pose(seen, from, threshold_px); });
        return told(result);
      },
      "points"_a.noconvert(), "charts"_a.noconvert(), "start"_a.noconvert(), "threshold_px"_a);
  module.def(
      "absolute_pose",
      [](Doubles points, Doubles charts, double threshold_px, double confidence, int max_iterations, std::uint64_t seed,
         int num_threads) {
        const SeenPoints seen{tensor<2>(points, "points"), tensor<3>(charts, "charts")};
        Output<std::uint8_t, 1> inliers({seen.points.size(0)});
        AbsolutePose result;
        without_gil([&] {
          result = geometry::absolute_pose(seen, {threshold_px, confidence, max_iterations, seed, num_threads},
                                           inliers.view);
        });
        return py::make_tuple(told(result), inliers.array);
      },
      "points"_a.noconvert(), "charts"_a.noconvert(), "threshold_px"_a, "confidence"_a, "max_iterations"_a, "seed"_a,
      "num_threads"_a);
}

}  // namespace geomvision::bindings
