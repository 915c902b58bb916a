#include "geomvision/ops/all_pairs_correlation.hpp"

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

using namespace py::literals;

template <typename T, int Rank>
Array<T> correlate(const Array<T>& features0, const Array<T>& features1, int num_threads) {
  const auto first = tensor<4>(features0, "features0"), second = tensor<4>(features1, "features1");
  typename TensorView<T, Rank>::Sizes sizes{first.size(0), first.size(2), first.size(3), second.size(2)};
  sizes[Rank - 1] = second.size(3);
  Output<T, Rank> volume(sizes);
  without_gil([&] { ops::AllPairsCorrelation<T>()(first, second, volume.view, num_threads); });
  return volume.array;
}

template <typename T, int Rank>
py::tuple derive(const Array<T>& d_volume, const Array<T>& features0, const Array<T>& features1, int num_threads) {
  const auto first = tensor<4>(features0, "features0"), second = tensor<4>(features1, "features1");
  const auto gradient = tensor<Rank>(d_volume, "d_volume");
  Output<T, 4> d_first(first.sizes()), d_second(second.sizes());
  without_gil([&] {
    ops::AllPairsCorrelation<T>().backward(gradient, first, second, d_first.view, d_second.view, num_threads);
  });
  return py::make_tuple(d_first.array, d_second.array);
}

template <typename T, int Rank>
void define_correlation(py::module_& module, const std::string& name) {
  module.def(name.c_str(), &correlate<T, Rank>, "features0"_a.noconvert(), "features1"_a.noconvert(), "num_threads"_a);
  module.def((name + "_backward").c_str(), &derive<T, Rank>, "d_volume"_a.noconvert(), "features0"_a.noconvert(),
             "features1"_a.noconvert(), "num_threads"_a);
}

template <typename T>
void define(py::module_& module) {
  define_correlation<T, 5>(module, "all_pairs_correlation");
  define_correlation<T, 4>(module, "all_pairs_correlation_1d");
  module.def(
      "halve_volume",
      [](const Array<T>& volume, int num_threads) {
        const auto from = tensor<5>(volume, "volume");
        const std::ptrdiff_t rows = from.size(3) == 1 ? 1 : from.size(3) / 2;
        Output<T, 5> half({from.size(0), from.size(1), from.size(2), rows, from.size(4) / 2});
        without_gil([&] { ops::halve_volume<T>(from, half.view, num_threads); });
        return half.array;
      },
      "volume"_a.noconvert(), "num_threads"_a);
  module.def(
      "halve_volume_backward",
      [](const Array<T>& d_half, std::ptrdiff_t height1, std::ptrdiff_t width1, int num_threads) {
        const auto gradient = tensor<5>(d_half, "d_half");
        Output<T, 5> d_volume({gradient.size(0), gradient.size(1), gradient.size(2), height1, width1});
        without_gil([&] { ops::halve_volume_backward<T>(gradient, d_volume.view, num_threads); });
        return d_volume.array;
      },
      "d_half"_a.noconvert(), "height1"_a, "width1"_a, "num_threads"_a);
}

}  // namespace

void bind_all_pairs_correlation(py::module_& module) {
  define<float>(module);
  define<double>(module);
}

}  // namespace geomvision::bindings
