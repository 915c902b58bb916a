#include "geomvision/stereo/block_matching.hpp"

#include <pybind11/stl.h>

#include <algorithm>

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

using stereo::BlockMatching;
using stereo::BlockMatchingOptions;

// The one list of options: what Python sends, and what the defaults are compared with.
template <typename Options, typename Visit>
void each_option(Options& options, Visit&& visit) {
  visit("max_disparity", options.max_disparity);
  visit("min_disparity", options.min_disparity);
  visit("cost", options.cost);
  visit("window", options.window);
  visit("texture", options.texture);
  visit("uniqueness", options.uniqueness);
  visit("subpixel", options.subpixel);
  visit("left_right", options.left_right);
  visit("speckle_size", options.speckle_size);
  visit("speckle_range", options.speckle_range);
  visit("fill", options.fill);
  visit("num_threads", options.num_threads);
}

py::dict default_options() {
  py::dict defaults;
  const BlockMatchingOptions options;
  each_option(options, [&](const char* name, const auto& value) { defaults[name] = value; });
  return defaults;
}

template <typename T>
py::tuple run(const Array<T>& left, const Array<T>& right, const py::dict& given) {
  BlockMatchingOptions options;
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
    BlockMatching matching(options);
    matching(left_view, right_view, disparity_view);
    std::copy_n(matching.confidence().data(), confidence.size(), confidence_view.data());
    std::copy_n(matching.occluded().data(), occluded.size(), occluded_view.data());
  }
  return py::make_tuple(disparity, confidence, occluded);
}

}  // namespace

void bind_block_matching(py::module_& module) {
  module.def("block_matching_options", &default_options, "Defaults of gv::stereo::BlockMatchingOptions.");
  const char* doc =
      "(disparity, confidence, occluded) of a grey pair; `options` holds every field of BlockMatchingOptions.";
  using namespace py::literals;
  module.def("block_matching", &run<std::uint8_t>, doc, "left"_a.noconvert(), "right"_a.noconvert(), "options"_a);
  module.def("block_matching", &run<std::uint16_t>, doc, "left"_a.noconvert(), "right"_a.noconvert(), "options"_a);
  module.def("block_matching", &run<float>, doc, "left"_a.noconvert(), "right"_a.noconvert(), "options"_a);
}

}  // namespace geomvision::bindings
