#include <tuple>

#include "device_array.hpp"
#include "geomvision/version.hpp"

namespace geomvision::bindings {

// BINDINGS: one `void bind_NAME(pybind11::module_&)` per file beside this one, listed by CMake. A function takes what
// its twin of the core does but `num_threads`, then the arrays for its results, then the stream.
#define GEOMVISION_BINDING(name) void bind_##name(pybind11::module_& module);
#include "cuda_bindings.inc"
#undef GEOMVISION_BINDING

}  // namespace geomvision::bindings

#ifndef GEOMVISION_CUDA_MODULE
#define GEOMVISION_CUDA_MODULE _cuda
#endif

PYBIND11_MODULE(GEOMVISION_CUDA_MODULE, module) {
  using namespace geomvision;
  using bindings::DeviceArray;
  module.doc() = "The CUDA twins of the core. Private: use geomvision.ops and the methods.";
  module.attr("version") = version;
  module.def("device_count", &cuda::device_count, "GPUs that can be used here; makes no context.");
  module.def("peak_bytes", &cuda::peak_bytes, "The most memory that intermediate results took, of the current device.",
             pybind11::arg("again") = false);
  using Described = std::tuple<std::uintptr_t, std::vector<std::ptrdiff_t>, std::string>;
  pybind11::class_<DeviceArray>(module, "DeviceArray", pybind11::module_local(),
                                "An array without gaps in a GPU's memory, from a tuple (pointer, shape, dtype).")
      .def(pybind11::init([](const Described& tuple) {
        return DeviceArray{std::get<0>(tuple), std::get<1>(tuple), std::get<2>(tuple)};
      }));
  pybind11::implicitly_convertible<pybind11::tuple, DeviceArray>();
#define GEOMVISION_BINDING(name) bindings::bind_##name(module);
#include "cuda_bindings.inc"
#undef GEOMVISION_BINDING
}
