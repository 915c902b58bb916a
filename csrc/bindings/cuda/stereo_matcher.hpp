#pragma once

#include "host_arrays.hpp"

namespace geomvision::bindings {

template <typename Options, typename EachOption>
Options options_of(const py::dict& given, const EachOption& each_option) {
  Options options;
  each_option(options, [&](const char* name, auto& value) {
    value = given[name].template cast<std::decay_t<decltype(value)>>();
  });
  return options;
}

/// (disparity, confidence, occluded, seconds that copying to the device and back took) of a pair of numpy images.
template <typename Matcher, typename T>
py::tuple match_arrays(const Array<T>& left, const Array<T>& right, Matcher matcher) {
  const auto seen = view(left, "left"), other = view(right, "right");
  if (other.width() != seen.width() || other.height() != seen.height()) {
    throw std::invalid_argument("left and right differ in size; they must be equal");
  }
  const int height = seen.height(), width = seen.width();
  auto disparity = make_array<float>(height, width), confidence = make_array<float>(height, width);
  auto occluded = make_array<std::uint8_t>(height, width);
  float* const maps[] = {disparity.mutable_data(), confidence.mutable_data()};
  std::uint8_t* const marks = occluded.mutable_data();
  Copies copies;
  without_gil([&] {
    OnDevice<T, 2> images[] = {OnDevice<T, 2>({height, width}), OnDevice<T, 2>({height, width})};
    OnDevice<float, 2> found[] = {OnDevice<float, 2>({height, width}), OnDevice<float, 2>({height, width})};
    OnDevice<std::uint8_t, 2> hidden({height, width});
    copies([&] {
      images[0].take(seen.data());
      images[1].take(other.data());
    });
    matcher(images[0].view(), images[1].view(), found[0].view(), found[1].view(), hidden.view(), nullptr);
    copies([&] {
      for (int i = 0; i < 2; ++i) found[i].give(maps[i]);
      hidden.give(marks);
    });
  });
  return py::make_tuple(disparity, confidence, occluded.attr("view")("bool"), copies.seconds());
}

/// Define NAME for arrays on the device, and NAME_arrays for numpy's, which are copied there and back.
template <typename Matcher, typename Options, typename EachOption>
void bind_matcher(py::module_& module, const std::string& name, const EachOption& each_option) {
  using namespace py::literals;
  const auto define = [&](auto pixel) {
    using T = decltype(pixel);
    module.def((name + "_arrays").c_str(),
               [each_option](const Array<T>& left, const Array<T>& right, const py::dict& options) {
                 return match_arrays<Matcher, T>(left, right, Matcher(options_of<Options>(options, each_option)));
               },
               "left"_a.noconvert(), "right"_a.noconvert(), "options"_a);
  };
  define(std::uint8_t{});
  define(std::uint16_t{});
  define(float{});
  module.def(
      name.c_str(),
      [each_option](const DeviceArray& left, const DeviceArray& right, const py::dict& options,
                    const DeviceArray& disparity, const DeviceArray& confidence, const DeviceArray& occluded,
                    std::uintptr_t stream) {
        Matcher matcher(options_of<Options>(options, each_option));
        const auto run = [&](auto pixel) {
          using T = const decltype(pixel);
          matcher(view<T, 2>(left, "left"), view<T, 2>(right, "right"), view<float, 2>(disparity, "disparity"),
                  view<float, 2>(confidence, "confidence"), view<std::uint8_t, 2>(occluded, "occluded"),
                  stream_of(stream));
        };
        if (left.dtype == "uint8") return run(std::uint8_t{});
        left.dtype == "uint16" ? run(std::uint16_t{}) : run(float{});
      },
      "left"_a, "right"_a, "options"_a, "disparity"_a, "confidence"_a, "occluded"_a, "stream"_a);
}

}  // namespace geomvision::bindings
