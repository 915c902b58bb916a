#include "geomvision/ops/cross_aggregation.hpp"
#include "geomvision/ops/guided_filter.hpp"
#include "planes.hpp"

namespace geomvision::bindings {
namespace {

using namespace py::literals;

template <typename T>
void define_guided(py::module_& module) {
  module.def(
      "guided_filter",
      [](const Array<T>& values, const Array<T>& guide, int radius, double epsilon, int num_threads) {
        const auto from = tensor<4>(values, "values"), edges = tensor<4>(guide, "guide");
        require_same_start(from, "values", edges, "guide", 3);
        Output<T, 4> result(from.sizes());
        without_gil([&] {
          thread_local ops::GuidedFilter<T> filter;  // its memory is as large as the guide, and slow to come by
          for (std::ptrdiff_t b = 0; b < from.size(0); ++b) {
            filter(part(from, b), part(edges, b), radius, epsilon, part(result.view, b), num_threads);
          }
        });
        return result.array;
      },
      "values"_a.noconvert(), "guide"_a.noconvert(), "radius"_a, "epsilon"_a, "num_threads"_a);
}

template <typename T>
void define_cross(py::module_& module) {
  module.def(
      "cross_arms",
      [](const Array<T>& image, int arm, int inner, double threshold, double outer_threshold, int num_threads) {
        const auto from = tensor<4>(image, "image");
        Output<std::uint8_t, 4> arms({from.size(0), from.size(1), from.size(2), 4});
        without_gil([&] {
          for (std::ptrdiff_t b = 0; b < from.size(0); ++b) {
            ops::cross_arms<T>(part(from, b), {arm, inner, threshold, outer_threshold}, part(arms.view, b),
                               num_threads);
          }
        });
        return arms.array;
      },
      "image"_a.noconvert(), "arm"_a, "inner"_a, "threshold"_a, "outer_threshold"_a, "num_threads"_a);
  module.def(
      "cross_aggregation",
      [](const Array<T>& volume, const Array<std::uint8_t>& arms, bool columns_first, int num_threads) {
        const auto from = tensor<4>(volume, "volume");
        const auto crosses = tensor<4>(arms, "arms");
        require_same_start(from, "volume", crosses, "arms", 3);
        Output<float, 4> result(from.sizes());
        without_gil([&] {
          ops::CrossAggregation aggregate;
          for (std::ptrdiff_t b = 0; b < from.size(0); ++b) {
            aggregate(part(from, b), part(crosses, b), columns_first, part(result.view, b), num_threads);
          }
        });
        return result.array;
      },
      "volume"_a.noconvert(), "arms"_a.noconvert(), "columns_first"_a, "num_threads"_a);
}

}  // namespace

void bind_aggregation(py::module_& module) {
  define_guided<float>(module);
  define_guided<double>(module);
  define_cross<std::uint8_t>(module);
  define_cross<std::uint16_t>(module);
  define_cross<std::int32_t>(module);
  define_cross<float>(module);
}

}  // namespace geomvision::bindings
