#include "geomvision/cuda/census.hpp"

#include "device_batches.hpp"

namespace geomvision::bindings {

void bind_census(py::module_& module) {
  using namespace py::literals;
  module.def(
      "census_transform",
      [](const DeviceArray& image, const std::string& window, const DeviceArray& words, std::uintptr_t stream) {
        with_image_type(image, "image", [&](auto zero) {
          using T = decltype(zero);
          const auto batch = view<const T, 3>(image, "image");
          for (std::ptrdiff_t b = 0; b < batch.size(0) && !batch.empty(); ++b) {
            cuda::census_transform<T>(part<const T, 2>(image, "image", b), window,
                                      part<std::int64_t, 2>(words, "words", b), stream_of(stream));
          }
        });
      },
      "image"_a, "window"_a, "words"_a, "stream"_a);
  module.def(
      "hamming_distances",
      [](const DeviceArray& left, const DeviceArray& right, int first, int, const DeviceArray& volume,
         std::uintptr_t stream) {
        cuda::hamming_distances(rows<const std::int64_t, 2>(left, "left"), rows<const std::int64_t, 2>(right, "right"),
                                first, rows<std::uint8_t, 3>(volume, "volume"), stream_of(stream));
      },
      "left"_a, "right"_a, "first"_a, "count"_a, "volume"_a, "stream"_a);
}

}  // namespace geomvision::bindings
