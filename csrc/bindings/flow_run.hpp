#pragma once

#include "geomvision/flow/pyramidal_flow.hpp"
#include "kept.hpp"

namespace geomvision::bindings {

static_assert(sizeof(flow::Vec2f) == 2 * sizeof(float), "a flow field is an array (height, width, 2)");

// Frames in, (flow, confidence, occluded) out; None for what is not asked for.
template <typename Method, typename Options, typename... Values>
py::tuple run_flow(const Array<float>& frame0, const Array<float>& frame1, bool rated, bool check_occlusion,
                   Values... values) {
  const ImageView<const float> first = view(frame0, "frame0"), second = view(frame1, "frame1");
  const py::ssize_t height = first.height(), width = first.width();
  Array<float> px({height, width, py::ssize_t{2}});
  Array<float> confidence({rated ? height : 0, rated ? width : 0});
  Array<bool> occluded({check_occlusion ? height : 0, check_occlusion ? width : 0});
  const ImageView<flow::Vec2f> vectors(reinterpret_cast<flow::Vec2f*>(px.mutable_data()), first.width(),
                                       first.height());
  const ImageView<float> sure = mutable_view(confidence);
  static_assert(sizeof(bool) == 1, "0 and 1 are false and true");
  const ImageView<std::uint8_t> hidden(reinterpret_cast<std::uint8_t*>(occluded.mutable_data()),
                                       static_cast<int>(occluded.shape(1)), static_cast<int>(occluded.shape(0)));
  Kept<Method, Options, Values...> method(frame0.size(), values...);
  without_gil([&] { (*method)(first, second, vectors, sure, hidden); });
  const py::object none = py::none();
  return py::make_tuple(px, rated ? confidence : none, check_occlusion ? occluded : none);
}

}  // namespace geomvision::bindings
