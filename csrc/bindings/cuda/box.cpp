#include "geomvision/cuda/box.hpp"

#include "device_array.hpp"

namespace geomvision::bindings {
namespace {

template <typename T>
void run(const DeviceArray& volume, int window, bool mean, const DeviceArray& result, cuda::Stream stream) {
  using Out = std::conditional_t<std::is_same_v<T, double>, double, float>;
  const auto from = view<const T, 4>(volume, "volume");
  const auto to = view<Out, 4>(result, "result");
  if (from.sizes() != to.sizes())
    throw std::invalid_argument("box_aggregation: the volume is " + from.shape() + ", the result " + to.shape() +
                                "; they must be equal");
  const typename cuda::DeviceView<T, 3>::Sizes sizes{from.size(1), from.size(2), from.size(3)};
  for (std::ptrdiff_t b = 0; b < from.size(0) && !from.empty(); ++b) {
    cuda::box_aggregation<T>({from.data() + b * from.stride(0), sizes}, window, mean,
                             {to.data() + b * to.stride(0), sizes}, stream);
  }
}

}  // namespace

void bind_box(py::module_& module) {
  using namespace py::literals;
  module.def(
      "box_aggregation",
      [](const DeviceArray& volume, int window, bool mean, const DeviceArray& result, std::uintptr_t stream) {
        if (volume.dtype == "uint8") return run<std::uint8_t>(volume, window, mean, result, stream_of(stream));
        if (volume.dtype == "uint16") return run<std::uint16_t>(volume, window, mean, result, stream_of(stream));
        if (volume.dtype == "int32") return run<std::int32_t>(volume, window, mean, result, stream_of(stream));
        with_floats(volume, "volume",
                    [&](auto zero) { run<decltype(zero)>(volume, window, mean, result, stream_of(stream)); });
      },
      "volume"_a, "window"_a, "mean"_a, "result"_a, "stream"_a);
}

}  // namespace geomvision::bindings
