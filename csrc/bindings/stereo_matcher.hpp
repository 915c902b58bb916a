#pragma once

#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <sstream>
#include <type_traits>

#include "bind.hpp"
#include "geomvision/parallel.hpp"
#include "matcher_cache.hpp"

namespace geomvision::bindings {

/// (disparity, confidence, occluded) of images of the size of `left`: `work(matcher, disparity)` asks a matcher,
/// or `work(matcher, disparity, confidence, occluded)` one that writes them all where they belong.
/// `given` holds every option that `each_option` visits; a matcher of the same options is used again (MatcherCache).
template <typename Matcher, typename Options, typename T, typename EachOption, typename Work>
py::tuple run_matcher(ImageView<const T> left, const py::dict& given, const EachOption& each_option, const Work& work) {
  Options options;
  std::ostringstream key;
  key.precision(std::numeric_limits<double>::max_digits10);
  each_option(options, [&](const char* name, auto& value) {
    value = given[name].template cast<std::decay_t<decltype(value)>>();
    key << value << ' ';
  });
  // All three in one piece of memory: the allocator keeps one for the next call, where it returns three to the system.
  const std::array<py::ssize_t, 2> shape{left.height(), left.width()};
  const py::ssize_t count = shape[0] * shape[1];
  Array<float> memory(2 * count + (count + 3) / 4);
  float* maps = memory.mutable_data();
  Array<float> disparity(shape, maps, memory), confidence(shape, maps + count, memory);
  Array<bool> occluded(shape, reinterpret_cast<bool*>(maps + 2 * count), memory);
  const auto disparity_view = mutable_view(disparity), confidence_view = mutable_view(confidence);
  const ImageView<std::uint8_t> occluded_view(reinterpret_cast<std::uint8_t*>(maps + 2 * count), left.width(),
                                              left.height());
  without_gil([&] {
    auto& cache = matcher_cache<Matcher>();
    auto matcher = cache.take(key.str(), [&] { return std::make_unique<Matcher>(options); });
    if constexpr (std::is_invocable_v<const Work&, Matcher&, ImageView<float>, ImageView<float>,
                                      ImageView<std::uint8_t>>) {
      work(*matcher, disparity_view, confidence_view, occluded_view);
    } else {
      work(*matcher, disparity_view);
      const auto copy_rows = [&](int begin, int end) {  // in parallel: new memory is cleared as it is first touched
        for (int y = begin; y < end; ++y) {
          std::copy_n(matcher->confidence().row(y), left.width(), confidence_view.row(y));
          std::copy_n(matcher->occluded().row(y), left.width(), occluded_view.row(y));
        }
      };
      parallel_for(left.height(), options.num_threads, copy_rows, 64);
    }
    cache.give_back(key.str(), std::move(matcher), count);
  });
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
  module.def((name + "_forget").c_str(), [] { matcher_cache<Matcher>().forget(); },
             "Free the memory that waits for the next call with the same options.");
  const auto define = [&](auto pixel) {
    using T = decltype(pixel);
    using namespace py::literals;
    module.def(
        name.c_str(),
        [each_option](const Array<T>& left, const Array<T>& right, const py::dict& options) {
          const auto left_view = view(left, "left"), right_view = view(right, "right");
          return run_matcher<Matcher, Options>(
              left_view, options, each_option,
              [&](Matcher& matcher, auto... maps) -> decltype(matcher(left_view, right_view, maps...)) {
                matcher(left_view, right_view, maps...);
              });
        },
        doc.c_str(), "left"_a.noconvert(), "right"_a.noconvert(), "options"_a);
  };
  define(std::uint8_t{});
  define(std::uint16_t{});
  define(float{});
}

}  // namespace geomvision::bindings
