#include "bind.hpp"

namespace geomvision::bindings {

void bind_recycled(py::module_& module) {
  module.def(
      "recycled_bytes", [] { return recycled_memory().waiting_bytes(); },
      "Bytes of earlier results that wait for the next one.");
  module.def(
      "recycled_floats", [](py::ssize_t count) { return aligned_array<float>({count}); }, py::arg("count"),
      "An array that holds anything, in the memory of earlier results where it is large.");
  module.def("recycled_forget", [] { recycled_memory().forget(); }, "Give them back to the system.");
}

}  // namespace geomvision::bindings
