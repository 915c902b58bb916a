#include "bind.hpp"
#include "geomvision/flow/horn_schunck.hpp"
#include "geomvision/flow/lucas_kanade.hpp"

namespace geomvision::bindings {

void bind_flow_options(py::module_& module) {
  using namespace pybind11::literals;
  module.def(
      "lucas_kanade_options",
      [] {
        const flow::LucasKanadeOptions o;
        return py::dict("levels"_a = o.levels, "warps"_a = o.warps, "finest_warps"_a = o.finest_warps,
                        "median"_a = o.median, "min_confidence"_a = o.min_confidence,
                        "check_occlusion"_a = o.check_occlusion, "window"_a = o.window,
                        "weighting"_a = o.weighting == flow::Weighting::box ? "box" : "gaussian", "robust"_a = o.robust,
                        "min_eigenvalue"_a = o.min_eigenvalue, "num_threads"_a = o.num_threads);
      },
      "Defaults of the C++ LucasKanadeOptions.");
  module.def(
      "horn_schunck_options",
      [] {
        const flow::HornSchunckOptions o;
        return py::dict("levels"_a = o.levels, "warps"_a = o.warps, "finest_warps"_a = o.finest_warps,
                        "median"_a = o.median, "check_occlusion"_a = o.check_occlusion, "alpha"_a = o.alpha,
                        "iterations"_a = o.iterations, "num_threads"_a = o.num_threads);
      },
      "Defaults of the C++ HornSchunckOptions.");
}

}  // namespace geomvision::bindings
