#include "geomvision/stereo/sgm.hpp"

#include <pybind11/stl.h>

#include <algorithm>

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

using stereo::SGM;
using stereo::SGMOptions;

// The one list of options: what Python sends, and what the defaults are compared with.
template <typename Options, typename Visit>
void each_option(Options& options, Visit&& visit) {
  visit("max_disparity", options.max_disparity);
  visit("min_disparity", options.min_disparity);
  visit("census", options.census);
  visit("paths", options.paths);
  visit("p1", options.p1);
  visit("p2", options.p2);
  visit("adaptive_p2", options.adaptive_p2);
  visit("subpixel", options.subpixel);
  visit("uniqueness", options.uniqueness);
  visit("left_right", options.left_right);
  visit("median", options.median);
  visit("speckle_size", options.speckle_size);
  visit("speckle_range", options.speckle_range);
  visit("fill", options.fill);
  visit("num_threads", options.num_threads);
}

py::dict default_options() {
  py::dict defaults;
  const SGMOptions options;
  each_option(options, [&](const char* name, const auto& value) { defaults[name] = value; });
  return defaults;
}

template <typename T>
py::tuple run(const Array<T>& left, const Array<T>& right, const py::dict& given) {
  SGMOptions options;
  each_option(options, [&](const char* name, auto& value) {
    value = given[name].template cast<std::decay_t<decltype(value)>>();
  });
  const auto left_view = view(left, "left"), right_view = view(right, "right");
  Array<float> disparity = make_array<float>(left_view.height(), left_view.width());
  Array<float> confidence = make_array<float>(left_view.height(), left_view.width());
  Array<bool> occluded = make_array<bool>(left_view.height(), left_view.width());
  const auto disparity_view = mutable_view(disparity), confidence_view = mutable_view(confidence);
  const auto occluded_view = mutable_view(occluded);
  {
    const py::gil_scoped_release release;
    SGM sgm(options);
    sgm(left_view, right_view, disparity_view);
    std::copy_n(sgm.confidence().data(), confidence.size(), confidence_view.data());
    std::copy_n(sgm.occluded().data(), occluded.size(), occluded_view.data());
  }
  return py::make_tuple(disparity, confidence, occluded);
}

}  // namespace

void bind_sgm(py::module_& module) {
  module.def("sgm_options", &default_options, "Defaults of gv::stereo::SGMOptions.");
  const char* doc = "(disparity, confidence, occluded) of a grey pair; `options` holds every field of SGMOptions.";
  using namespace py::literals;
  module.def("sgm", &run<std::uint8_t>, doc, "left"_a.noconvert(), "right"_a.noconvert(), "options"_a);
  module.def("sgm", &run<std::uint16_t>, doc, "left"_a.noconvert(), "right"_a.noconvert(), "options"_a);
  module.def("sgm", &run<float>, doc, "left"_a.noconvert(), "right"_a.noconvert(), "options"_a);
}

}  // namespace geomvision::bindings
