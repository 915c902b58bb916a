#include "geomvision/ops/fast_global_smoothing.hpp"

#include <pybind11/stl.h>

#include <optional>

#include "planes.hpp"

namespace geomvision::bindings {
namespace {

template <typename T, typename Guide>
void define(py::module_& module) {
  using namespace py::literals;
  module.def(
      "fast_global_smoothing",
      [](const Array<T>& map, const Array<Guide>& guide, const std::optional<Array<T>>& confidence, double lambda,
         double sigma, int iterations, int num_threads) {
        const auto from = tensor<3>(map, "map");
        const auto edges = tensor<4>(guide, "guide");
        const auto trust = confidence ? tensor<3>(*confidence, "confidence") : TensorView<const T, 3>();
        require_same_start(from, "map", edges, "guide", 3);
        if (confidence) require_same_start(from, "map", trust, "confidence", 3);
        Output<T, 3> result(from.sizes());
        without_gil([&] {
          thread_local ops::FastGlobalSmoother<T> smooth;  // its memory is as large as the map, and slow to come by
          for (py::ssize_t b = 0; b < from.size(0); ++b) {
            smooth(plane(from, b), part(edges, b), confidence ? plane(trust, b) : ImageView<const T>(),
                   plane(result.view, b), {lambda, sigma, iterations, num_threads});
          }
        });
        return result.array;
      },
      "map"_a.noconvert(), "guide"_a.noconvert(), "confidence"_a.noconvert(), "lambda_"_a, "sigma"_a, "iterations"_a,
      "num_threads"_a);
}

}  // namespace

void bind_fast_global_smoothing(py::module_& module) {
  define<float, std::uint8_t>(module);
  define<float, std::uint16_t>(module);
  define<float, float>(module);
  define<double, double>(module);
}

}  // namespace geomvision::bindings
