#include "geomvision/geometry/two_view.hpp"

#include <pybind11/stl.h>

#include "bind.hpp"
#include "two_view_estimate.hpp"

namespace geomvision::bindings {
namespace {

using Values = std::array<double, 4>;
using Matched = const Array<double>&;

Intrinsics intrinsics(const Values& k) { return {k[0], k[1], k[2], k[3]}; }

}  // namespace

void bind_two_view(py::module_& module) {
  using namespace py::literals;
  module.def("two_view_options", [] {
    const TwoViewOptions d;
    return py::dict("max_error_px"_a = d.max_error_px, "confidence"_a = d.confidence,
                    "max_iterations"_a = d.max_iterations, "seed"_a = d.seed);
  });
  module.def(
      "estimate_essential",
      [](Matched points0, Matched points1, const Values& camera0, const Values& camera1,
         const std::vector<double>& spread0, const std::vector<double>& spread1, double max_error_px, double confidence,
         int max_iterations, std::uint64_t seed, int num_threads) {
        const auto p0 = tensor<2>(points0, "points0"), p1 = tensor<2>(points1, "points1");
        EssentialEstimate made;
        without_gil([&] {
          made = geometry::estimate_essential(p0, p1, intrinsics(camera0), intrinsics(camera1), spread0, spread1,
                                              options(max_error_px, confidence, max_iterations, seed), num_threads);
        });
        py::dict told = as_dict(made);
        told["rotation"] = square(made.rotation.data(), 3);
        told["translation"] = py::array_t<double>(3, made.translation.data());
        py::list rivals;
        for (const RivalPose& r : made.rivals) {
          rivals.append(
              py::make_tuple(square(r.rotation.data(), 3), py::array_t<double>(3, r.translation.data()), r.log_odds));
        }
        told["rivals"] = rivals;
        return told;
      },
      "points0"_a.noconvert(), "points1"_a.noconvert(), "camera0"_a, "camera1"_a, "spread0"_a, "spread1"_a,
      "max_error_px"_a, "confidence"_a, "max_iterations"_a, "seed"_a, "num_threads"_a);
  const auto uncalibrated = [&module](const char* name, auto estimate) {
    module.def(
        name,
        [estimate](Matched points0, Matched points1, double max_error_px, double confidence, int max_iterations,
                   std::uint64_t seed, int num_threads) {
          const auto p0 = tensor<2>(points0, "points0"), p1 = tensor<2>(points1, "points1");
          TwoViewEstimate made;
          without_gil(
              [&] { made = estimate(p0, p1, options(max_error_px, confidence, max_iterations, seed), num_threads); });
          return as_dict(made);
        },
        "points0"_a.noconvert(), "points1"_a.noconvert(), "max_error_px"_a, "confidence"_a, "max_iterations"_a,
        "seed"_a, "num_threads"_a);
  };
  uncalibrated("estimate_fundamental", &geometry::estimate_fundamental);
  uncalibrated("estimate_homography", &geometry::estimate_homography);
  module.def(
      "refine_fundamental",
      [](Matched points0, Matched points1, const Entries& start, double max_error_px) {
        TwoViewOptions chosen;
        chosen.max_error_px = max_error_px;
        const auto p0 = tensor<2>(points0, "points0"), p1 = tensor<2>(points1, "points1");
        TwoViewEstimate made;
        without_gil([&] { made = geometry::refine_fundamental(p0, p1, start, chosen); });
        return as_dict(made);
      },
      "points0"_a.noconvert(), "points1"_a.noconvert(), "start"_a, "max_error_px"_a);
}

}  // namespace geomvision::bindings
