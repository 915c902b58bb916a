#include "geomvision/geometry/absolute_pose.hpp"

#include "camera_pose.hpp"

namespace geomvision::bindings {
namespace {

using geometry::AbsolutePose;
using geometry::AbsolutePoseSolver;
using geometry::SeenPoints;

// (found, T, noise, covariance, inliers, iterations)
py::tuple told(const AbsolutePose& result) {
  Array<double> covariance({6, 6});
  std::copy(result.covariance.begin(), result.covariance.end(), covariance.mutable_data());
  return py::make_tuple(result.found, matrix_of(result.pose), result.noise_px, covariance, result.inliers,
                        result.iterations);
}

// What a thread's calls work in; that of large ones is given back.
template <typename Work>
void with_solver(const SeenPoints& seen, const Work& work) {
  thread_local AbsolutePoseSolver kept;
  constexpr std::ptrdiff_t few = 1 << 16;
  without_gil([&] {
    work(kept);
    if (seen.points.size(0) > few) kept = AbsolutePoseSolver();
  });
}

}  // namespace

void bind_absolute_pose(py::module_& module) {
  using namespace py::literals;
  using Doubles = const Array<double>&;
  module.def(
      "perspective_n_point",
      [](Doubles points, Doubles charts, int solver, bool refine) {
        const SeenPoints seen{tensor<2>(points, "points"), tensor<3>(charts, "charts")};
        AbsolutePose result;
        with_solver(seen, [&](AbsolutePoseSolver& kept) {
          result = kept.perspective_n_point(seen, {static_cast<geometry::PnPSolver>(solver), refine});
        });
        return told(result);
      },
      "points"_a.noconvert(), "charts"_a.noconvert(), "solver"_a, "refine"_a);
  module.def(
      "refine_absolute_pose",
      [](Doubles points, Doubles charts, Doubles start, double max_error_px) {
        const SeenPoints seen{tensor<2>(points, "points"), tensor<3>(charts, "charts")};
        const geometry::CameraPose from = pose_of(start);
        AbsolutePose result;
        with_solver(seen,
                    [&](AbsolutePoseSolver& kept) { result = kept.refine_absolute_pose(seen, from, max_error_px); });
        return told(result);
      },
      "points"_a.noconvert(), "charts"_a.noconvert(), "start"_a.noconvert(), "max_error_px"_a);
  module.def(
      "absolute_pose",
      [](Doubles points, Doubles charts, double max_error_px, double confidence, int max_iterations, std::uint64_t seed,
         int num_threads) {
        const SeenPoints seen{tensor<2>(points, "points"), tensor<3>(charts, "charts")};
        Output<std::uint8_t, 1> inliers({seen.points.size(0)});
        AbsolutePose result;
        with_solver(seen, [&](AbsolutePoseSolver& kept) {
          result =
              kept.absolute_pose(seen, {max_error_px, confidence, max_iterations, seed, num_threads}, inliers.view);
        });
        return py::make_tuple(told(result), inliers.array);
      },
      "points"_a.noconvert(), "charts"_a.noconvert(), "max_error_px"_a, "confidence"_a, "max_iterations"_a, "seed"_a,
      "num_threads"_a);
}

}  // namespace geomvision::bindings
