#include "geomvision/ops/census.hpp"

#include "pairs.hpp"

namespace geomvision::bindings {
namespace {

using namespace py::literals;

template <typename T>
void define(py::module_& module) {
  module.def(
      "census_transform",
      [](const Array<T>& image, const std::string& window, int threads) {
        const auto from = tensor<3>(image, "image");
        Output<std::int64_t, 3> words(from.sizes());
        without_gil([&] {
          for (std::ptrdiff_t b = 0; b < from.size(0) && !from.empty(); ++b) {
            ops::census_transform<T>(plane(from, b), window, part(words.view, b), threads);
          }
        });
        return words.array;
      },
      "image"_a.noconvert(), "window"_a, "num_threads"_a);
}

}  // namespace

void bind_census(py::module_& module) {
  define<std::uint8_t>(module);
  define<std::uint16_t>(module);
  define<float>(module);
  define<double>(module);
  module.def(
      "hamming_distances",
      [](const Array<std::int64_t>& left, const Array<std::int64_t>& right, int first, int count, int threads) {
        return each_pair<std::uint8_t>(left, right, count, [=](auto l, auto r, auto volume) {
          const auto words = [](const auto& image) {
            return TensorView<const std::int64_t, 2>(image.data(), {image.height(), image.width()});
          };
          ops::hamming_distances(words(l), words(r), first, volume, threads);
        });
      },
      "left"_a.noconvert(), "right"_a.noconvert(), "first"_a, "count"_a, "num_threads"_a);
}

}  // namespace geomvision::bindings
