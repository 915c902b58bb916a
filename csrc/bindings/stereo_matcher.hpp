#pragma once

#include <pybind11/stl.h>

#include <algorithm>
#include <string>
#include <type_traits>

#include "bind.hpp"

namespace geomvision::bindings {

/// (disparity, confidence, occluded) of a grey pair; `given` holds every option that `each_option` visits.
template <typename Matcher, typename Options, typename T, typename EachOption>
py::tuple run_matcher(const Array<T>& left, const Array<T>& right, const py::dict& given,
                      const EachOption& each_option) {
  Options options;
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
    Matcher matcher(options);
    matcher(left_view, right_view, disparity_view);
    std::copy_n(matcher.confidence().data(), confidence.size(), confidence_view.data());
    std::copy_n(matcher.occluded().data(), occluded.size(), occluded_view.data());
  }
  return py::make_tuple(disparity, confidence, occluded);
}

/// Define `name`, the C++ class `owner`, for grey pairs of 8 and 16 bits and floats, and `name`_options, the defaults.
/// `each_option` is the one list of options: it calls visit(name, field) for each.
template <typename Matcher, typename Options, typename EachOption>
void bind_stereo_matcher(py::module_& module, const std::string& name, const std::string& owner,
                         const EachOption& each_option) {
  const std::string options_doc = "Defaults of gv::stereo::" + owner + "Options.";
  const std::string doc =
      "(disparity, confidence, occluded) of a grey pair; `options` holds every field of " + owner + "Options.";
  module.def((name + "_options").c_str(),
             [each_option] {
               py::dict defaults;
               const Options options;
               each_option(options, [&](const char* option, const auto& value) { defaults[option] = value; });
               return defaults;
             },
             options_doc.c_str());
  const auto define = [&](auto pixel) {
    using T = decltype(pixel);
    using namespace py::literals;
    module.def(
        name.c_str(),
        [each_option](const Array<T>& left, const Array<T>& right, const py::dict& options) {
          return run_matcher<Matcher, Options>(left, right, options, each_option);
        },
        doc.c_str(), "left"_a.noconvert(), "right"_a.noconvert(), "options"_a);
  };
  define(std::uint8_t{});
  define(std::uint16_t{});
  define(float{});
}

}  // namespace geomvision::bindings
