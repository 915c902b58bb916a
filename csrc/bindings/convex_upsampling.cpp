#include "geomvision/ops/convex_upsampling.hpp"

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

template <typename T>
void define(py::module_& module) {
  using namespace py::literals;
  module.def(
      "convex_upsample",
      [](const Array<T>& coarse, const Array<T>& logits, int factor, int dilation, bool repeats, int num_threads) {
        const auto from = tensor<4>(coarse, "coarse"), weights = tensor<4>(logits, "logits");
        ops::ConvexUpsampling<T> upsample({factor, dilation, repeats});
        Output<T, 4> fine({from.size(0), from.size(1), factor * from.size(2), factor * from.size(3)});
        without_gil([&] { upsample(from, weights, fine.view, num_threads); });
        return fine.array;
      },
      "coarse"_a.noconvert(), "logits"_a.noconvert(), "factor"_a, "dilation"_a, "repeats"_a, "num_threads"_a);
}

}  // namespace

void bind_convex_upsampling(py::module_& module) {
  define<float>(module);
  define<double>(module);
}

}  // namespace geomvision::bindings
