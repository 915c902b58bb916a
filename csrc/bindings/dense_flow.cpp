#include <pybind11/stl.h>

#include <optional>
#include <tuple>
#include <utility>

#include "bind.hpp"
#include "geomvision/flow/horn_schunck.hpp"
#include "geomvision/flow/lucas_kanade.hpp"

namespace geomvision::bindings {
namespace {

using flow::HornSchunckOptions;
using flow::LucasKanadeOptions;
using flow::Vec2f;
using flow::Weighting;

static_assert(sizeof(Vec2f) == 2 * sizeof(float), "a flow field is an array (height, width, 2)");

// Below this many pixels fresh memory costs as much as the flow, so a thread keeps what its last call worked in.
constexpr py::ssize_t few = 1 << 21;

// Frames in, (flow, confidence, occluded) out; None for what is not asked for.
template <typename Method, typename Options, typename... Values>
py::tuple run(const Array<float>& frame0, const Array<float>& frame1, bool rated, bool check_occlusion,
              Values... values) {
  thread_local std::optional<std::pair<std::tuple<Values...>, Method>> last;
  const std::tuple<Values...> key(values...);
  if (!last || last->first != key) last.emplace(key, Method(Options{values...}));
  Method& method = last->second;
  const ImageView<const float> first = view(frame0, "frame0"), second = view(frame1, "frame1");
  const py::ssize_t height = first.height(), width = first.width();
  Array<float> px({height, width, py::ssize_t{2}});
  Array<float> confidence({rated ? height : 0, rated ? width : 0});
  Array<bool> occluded({check_occlusion ? height : 0, check_occlusion ? width : 0});
  const ImageView<Vec2f> flow(reinterpret_cast<Vec2f*>(px.mutable_data()), first.width(), first.height());
  const ImageView<float> sure = mutable_view(confidence);
  static_assert(sizeof(bool) == 1, "0 and 1 are false and true");
  const ImageView<std::uint8_t> hidden(reinterpret_cast<std::uint8_t*>(occluded.mutable_data()),
                                       static_cast<int>(occluded.shape(1)), static_cast<int>(occluded.shape(0)));
  {
    const py::gil_scoped_release unlocked;
    method(first, second, flow, sure, hidden);
  }
  if (frame0.size() > few) last.reset();
  const py::object none = py::none();
  return py::make_tuple(px, rated ? confidence : none, check_occlusion ? occluded : none);
}

Weighting weighting_named(const std::string& name) {
  if (name == "box") return Weighting::box;
  if (name == "gaussian") return Weighting::gaussian;
  throw std::invalid_argument("LucasKanade: weighting is '" + name + "'; allowed are 'gaussian' and 'box'");
}

}  // namespace

void bind_dense_flow(py::module_& module) {
  using namespace pybind11::literals;
  module.def(
      "lucas_kanade",
      [](const Array<float>& frame0, const Array<float>& frame1, int levels, int warps, int finest_warps, int median,
         double min_confidence, bool check_occlusion, int window, const std::string& weighting, double robust,
         double min_eigenvalue, int num_threads) {
        return run<flow::LucasKanade, LucasKanadeOptions>(frame0, frame1, true, check_occlusion, levels, warps,
                                                          finest_warps, median, min_confidence, check_occlusion, window,
                                                          weighting_named(weighting), robust, min_eigenvalue,
                                                          num_threads);
      },
      "frame0"_a.noconvert(), "frame1"_a.noconvert(), py::kw_only(), "levels"_a, "warps"_a, "finest_warps"_a, "median"_a,
      "min_confidence"_a, "check_occlusion"_a, "window"_a, "weighting"_a, "robust"_a, "min_eigenvalue"_a,
      "num_threads"_a);
  module.def(
      "horn_schunck",
      [](const Array<float>& frame0, const Array<float>& frame1, int levels, int warps, int finest_warps, int median,
         bool check_occlusion, double alpha, int iterations, int num_threads) {
        return run<flow::HornSchunck, HornSchunckOptions>(frame0, frame1, false, check_occlusion, levels, warps,
                                                          finest_warps, median, check_occlusion, alpha, iterations,
                                                          num_threads);
      },
      "frame0"_a.noconvert(), "frame1"_a.noconvert(), py::kw_only(), "levels"_a, "warps"_a, "finest_warps"_a, "median"_a,
      "check_occlusion"_a, "alpha"_a, "iterations"_a, "num_threads"_a);
}

}  // namespace geomvision::bindings
