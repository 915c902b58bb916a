#include "geomvision/geometry/alignment.hpp"

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

using geometry::Alignment;
using geometry::PointPairs;

// (found, rotation, translation, scale, inliers, iterations)
py::tuple told(const Alignment& result) {
  Array<double> rotation({3, 3}), translation(3);
  std::copy(result.rotation.begin(), result.rotation.end(), rotation.mutable_data());
  std::copy(result.translation.begin(), result.translation.end(), translation.mutable_data());
  return py::make_tuple(result.found, rotation, translation, result.scale, result.inliers, result.iterations);
}

}  // namespace

void bind_alignment(py::module_& module) {
  using namespace py::literals;
  using Doubles = const Array<double>&;
  module.def("align_points_robust_options", [] {
    const geometry::RobustAlignmentOptions d;
    return py::dict("with_scale"_a = d.with_scale, "confidence"_a = d.confidence, "max_iterations"_a = d.max_iterations,
                    "seed"_a = d.seed, "num_threads"_a = d.num_threads);
  });
  module.def(
      "align_points",
      [](Doubles source, Doubles target, Doubles weights, bool with_scale) {
        const PointPairs pairs{tensor<2>(source, "source"), tensor<2>(target, "target")};
        const auto how_much = tensor<1>(weights, "weights");
        Alignment result;
        without_gil([&] { result = geometry::align_points(pairs, how_much, with_scale); });
        return told(result);
      },
      "source"_a.noconvert(), "target"_a.noconvert(), "weights"_a.noconvert(), "with_scale"_a);
  module.def(
      "align_points_robust",
      [](Doubles source, Doubles target, Doubles thresholds, bool with_scale, double confidence, int max_iterations,
         std::uint64_t seed, int num_threads) {
        const PointPairs pairs{tensor<2>(source, "source"), tensor<2>(target, "target")};
        const auto limits = tensor<1>(thresholds, "thresholds");
        Output<std::uint8_t, 1> inliers({pairs.source.size(0)});
        Alignment result;
        without_gil([&] {
          result = geometry::align_points_robust(
              pairs, limits, {with_scale, confidence, max_iterations, seed, num_threads}, inliers.view);
        });
        return py::make_tuple(told(result), inliers.array);
      },
      "source"_a.noconvert(), "target"_a.noconvert(), "thresholds"_a.noconvert(), "with_scale"_a, "confidence"_a,
      "max_iterations"_a, "seed"_a, "num_threads"_a);
}

}  // namespace geomvision::bindings
