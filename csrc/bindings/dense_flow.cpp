#include <string>

#include "flow_run.hpp"
#include "geomvision/flow/horn_schunck.hpp"
#include "geomvision/flow/lucas_kanade.hpp"
#include "weighting.hpp"

namespace geomvision::bindings {
namespace {

using flow::HornSchunckOptions;
using flow::LucasKanadeOptions;

}  // namespace

void bind_dense_flow(py::module_& module) {
  using namespace pybind11::literals;
  module.def(
      "lucas_kanade",
      [](const Array<float>& frame0, const Array<float>& frame1, int levels, int warps, int finest_warps, int median,
         double min_confidence, bool check_occlusion, int window, const std::string& weighting, double robust,
         double min_eigenvalue, int num_threads) {
        return run_flow<flow::LucasKanade, LucasKanadeOptions>(
            frame0, frame1, true, check_occlusion, levels, warps, finest_warps, median, min_confidence, check_occlusion,
            window, weighting_named(weighting), robust, min_eigenvalue, num_threads);
      },
      "frame0"_a.noconvert(), "frame1"_a.noconvert(), py::kw_only(), "levels"_a, "warps"_a, "finest_warps"_a,
      "median"_a, "min_confidence"_a, "check_occlusion"_a, "window"_a, "weighting"_a, "robust"_a, "min_eigenvalue"_a,
      "num_threads"_a);
  module.def(
      "horn_schunck",
      [](const Array<float>& frame0, const Array<float>& frame1, int levels, int warps, int finest_warps, int median,
         bool check_occlusion, double alpha, int iterations, int num_threads) {
        return run_flow<flow::HornSchunck, HornSchunckOptions>(frame0, frame1, false, check_occlusion, levels, warps,
                                                               finest_warps, median, check_occlusion, alpha, iterations,
                                                               num_threads);
      },
      "frame0"_a.noconvert(), "frame1"_a.noconvert(), py::kw_only(), "levels"_a, "warps"_a, "finest_warps"_a,
      "median"_a, "check_occlusion"_a, "alpha"_a, "iterations"_a, "num_threads"_a);
}

}  // namespace geomvision::bindings
