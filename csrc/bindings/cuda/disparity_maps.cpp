#include "geomvision/cuda/disparity_maps.hpp"

#include "device_batches.hpp"
#include "geomvision/cuda/winners.hpp"

namespace geomvision::bindings {
namespace {

// filter(from, to, index) with each map of a batch.
template <typename Filter>
void each_map(const DeviceArray& disparity, const DeviceArray& filtered, const Filter& filter) {
  const auto maps = view<const float, 3>(disparity, "disparity");
  for (std::ptrdiff_t b = 0; b < maps.size(0) && !maps.empty(); ++b) {
    filter(part<const float, 2>(disparity, "disparity", b), part<float, 2>(filtered, "the result", b), b);
  }
}

}  // namespace

void bind_disparity_maps(py::module_& module) {
  using namespace py::literals;
  module.def(
      "left_right_check",
      [](const DeviceArray& left, const DeviceArray& right, double tolerance, const DeviceArray& codes,
         std::uintptr_t stream) {
        cuda::left_right_check(view<const float, 2>(left, "left"), view<const float, 2>(right, "right"), tolerance,
                               view<std::uint8_t, 2>(codes, "codes"), stream_of(stream));
      },
      "left"_a, "right"_a, "tolerance"_a, "codes"_a, "stream"_a);
  module.def(
      "median",
      [](const DeviceArray& disparity, int size, const DeviceArray& filtered, std::uintptr_t stream) {
        each_map(disparity, filtered,
                 [&](auto from, auto to, std::ptrdiff_t) { cuda::median(from, size, to, stream_of(stream)); });
      },
      "disparity"_a, "size"_a, "filtered"_a, "stream"_a);
  module.def(
      "speckle",
      [](const DeviceArray& disparity, int size, double range, const DeviceArray& filtered, std::uintptr_t stream) {
        each_map(disparity, filtered, [&](auto from, auto to, std::ptrdiff_t) {
          cuda::speckle(from, size, static_cast<float>(range), to, stream_of(stream));
        });
      },
      "disparity"_a, "size"_a, "range_px"_a, "filtered"_a, "stream"_a);
  module.def(
      "fill_background",
      [](const DeviceArray& disparity, const DeviceArray& occluded, const DeviceArray& filled, std::uintptr_t stream) {
        each_map(disparity, filled, [&](auto from, auto to, std::ptrdiff_t b) {
          cuda::fill_gaps(from, part<const std::uint8_t, 2>(occluded, "occluded", b), to, stream_of(stream));
        });
      },
      "disparity"_a, "occluded"_a, "filled"_a, "stream"_a);
}

}  // namespace geomvision::bindings
