#include "geomvision/cuda/census.hpp"

#include "device_array.hpp"

namespace geomvision::bindings {
namespace {

// Plane `b` of a batch.
template <typename T, int Rank>
cuda::DeviceView<T, Rank - 1> part(const cuda::DeviceView<T, Rank>& batch, std::ptrdiff_t b) {
  typename cuda::DeviceView<T, Rank - 1>::Sizes sizes{};
  for (int axis = 1; axis < Rank; ++axis) sizes[static_cast<std::size_t>(axis - 1)] = batch.size(axis);
  return {batch.data() + b * batch.stride(0), sizes};
}

template <typename T>
void transform(const DeviceArray& image, const std::string& window, const DeviceArray& words, std::uintptr_t stream) {
  const auto from = view<const T, 3>(image, "image");
  const auto to = view<std::int64_t, 3>(words, "words");
  if (to.size(0) != from.size(0)) throw std::invalid_argument("words and image must be equally many");
  for (std::ptrdiff_t b = 0; b < from.size(0) && !from.empty(); ++b) {
    cuda::census_transform<T>(part(from, b), window, part(to, b), stream_of(stream));
  }
}

}  // namespace

void bind_census(py::module_& module) {
  using namespace py::literals;
  module.def(
      "census_transform",
      [](const DeviceArray& image, const std::string& window, const DeviceArray& words, std::uintptr_t stream) {
        if (image.dtype == "uint8") return transform<std::uint8_t>(image, window, words, stream);
        if (image.dtype == "uint16") return transform<std::uint16_t>(image, window, words, stream);
        with_floats(image, "image", [&](auto zero) { transform<decltype(zero)>(image, window, words, stream); });
      },
      "image"_a, "window"_a, "words"_a, "stream"_a);
  module.def(
      "hamming_distances",
      [](const DeviceArray& left, const DeviceArray& right, int first, std::ptrdiff_t count, const DeviceArray& volume,
         std::uintptr_t stream) {
        const auto seen = view<const std::int64_t, 3>(left, "left"), met = view<const std::int64_t, 3>(right, "right");
        const auto to = view<std::uint8_t, 4>(volume, "volume");
        if (met.size(0) != seen.size(0) || to.size(0) != seen.size(0) || to.size(3) != count) {
          throw std::invalid_argument("left, right and volume must be equally many, of count disparities");
        }
        for (std::ptrdiff_t b = 0; b < seen.size(0) && !to.empty(); ++b) {
          cuda::hamming_distances(part(seen, b), part(met, b), first, part(to, b), stream_of(stream));
        }
      },
      "left"_a, "right"_a, "first"_a, "count"_a, "volume"_a, "stream"_a);
}

}  // namespace geomvision::bindings
