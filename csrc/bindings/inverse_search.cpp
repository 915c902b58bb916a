#include "geomvision/flow/inverse_search.hpp"

#include "flow_run.hpp"

namespace geomvision::bindings {

void bind_inverse_search(py::module_& module) {
  using namespace pybind11::literals;
  using flow::InverseSearchOptions;
  module.def(
      "inverse_search",
      [](const Array<float>& frame0, const Array<float>& frame1, int levels, int warps, int finest_warps, int median,
         bool check_occlusion, double data_weight, double theta, double tau, int iterations, int brightness_cell,
         int patch_size, int patch_step, int descents, int propagations, int finest_search, int num_threads) {
        return run_flow<flow::InverseSearch, InverseSearchOptions>(
            frame0, frame1, false, check_occlusion, levels, warps, finest_warps, median, check_occlusion, data_weight,
            theta, tau, iterations, brightness_cell, patch_size, patch_step, descents, propagations, finest_search,
            num_threads);
      },
      "frame0"_a.noconvert(), "frame1"_a.noconvert(), py::kw_only(), "levels"_a, "warps"_a, "finest_warps"_a,
      "median"_a, "check_occlusion"_a, "data_weight"_a, "theta"_a, "tau"_a, "iterations"_a, "brightness_cell"_a,
      "patch_size"_a, "patch_step"_a, "descents"_a, "propagations"_a, "finest_search"_a, "num_threads"_a);
  module.def(
      "inverse_search_options",
      [] {
        const InverseSearchOptions o;
        return py::dict("levels"_a = o.levels, "warps"_a = o.warps, "finest_warps"_a = o.finest_warps,
                        "median"_a = o.median, "check_occlusion"_a = o.check_occlusion, "data_weight"_a = o.data_weight,
                        "theta"_a = o.theta, "tau"_a = o.tau, "iterations"_a = o.iterations,
                        "brightness_cell"_a = o.brightness_cell, "patch_size"_a = o.patch_size,
                        "patch_step"_a = o.patch_step, "descents"_a = o.descents, "propagations"_a = o.propagations,
                        "finest_search"_a = o.finest_search, "num_threads"_a = o.num_threads);
      },
      "Defaults of the C++ InverseSearchOptions.");
}

}  // namespace geomvision::bindings
