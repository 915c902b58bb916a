#include "geomvision/luma.hpp"

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

template <typename T>
Array<T> luma_of(const Array<T>& rgb) {
  const auto pixels = tensor<3>(rgb, "rgb");
  if (pixels.size(2) != 3) throw std::invalid_argument("luma: rgb must have 3 channels");
  const std::ptrdiff_t count = pixels.size(0) * pixels.size(1);
  if (count > std::numeric_limits<int>::max()) throw std::invalid_argument("luma: too many pixels; cut it into tiles");
  auto out = make_array<T>(static_cast<int>(pixels.size(0)), static_cast<int>(pixels.size(1)));
  const ImageView<T> grey = mutable_view(out);
  without_gil([&] { luma<T>(pixels, grey); });
  return out;
}

}  // namespace

void bind_luma(py::module_& module) {
  using namespace py::literals;
  module.def("luma", &luma_of<std::uint8_t>, "rgb"_a.noconvert());
  module.def("luma", &luma_of<std::uint16_t>, "rgb"_a.noconvert());
  module.def("luma", &luma_of<float>, "rgb"_a.noconvert());
}

}  // namespace geomvision::bindings
