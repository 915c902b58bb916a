#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "geomvision/isa.hpp"
#include "geomvision/ops/convolution.hpp"
#include "geomvision/parallel.hpp"
#include "geomvision/version.hpp"

namespace geomvision::bindings {

// BINDINGS: one `void bind_NAME(pybind11::module_&)` per file beside this one, listed by CMake.
#define GEOMVISION_BINDING(name) void bind_##name(pybind11::module_& module);
#include "bindings.inc"
#undef GEOMVISION_BINDING

}  // namespace geomvision::bindings

PYBIND11_MODULE(_core, module) {
  using namespace geomvision;
  module.doc() = "The C++ core. Private: use geomvision.ops and the methods.";
  module.attr("version") = version;
  module.def("active_isa", [] { return std::string(name(active_isa())); }, "Instruction set the kernels run with.");
  module.def("reread_isa", [] { return std::string(name(reread_isa())); }, "Read GEOMVISION_ISA again; for tests.");
  module.def("has_matrix_tiles", &ops::has_matrix_tiles, "Whether tiles of bfloat16 are multiplied in hardware (AMX).");
  module.def("has_matrix_pairs", &ops::has_matrix_pairs, "Whether pairs of bfloat16 are, in lanes (AVX512_BF16).");
  module.def(
      "available_isas",
      [] {
        std::vector<std::string> names;
        for (const Isa isa : available_isas()) names.emplace_back(name(isa));
        return names;
      },
      "Instruction sets this processor and binary allow, smallest first.");
  module.def("resolve_threads", &resolve_threads, "Number of threads meant by num_threads (0: all cores).");
#define GEOMVISION_BINDING(name) bindings::bind_##name(module);
#include "bindings.inc"
#undef GEOMVISION_BINDING
}
