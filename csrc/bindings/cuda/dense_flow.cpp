#include "../weighting.hpp"
#include "frames.hpp"
#include "geomvision/cuda/lucas_kanade.hpp"

namespace geomvision::bindings {
namespace {

using flow::Vec2f;

// (flow, confidence, occluded or None, seconds of copying).
py::tuple dense(Frames frame0, Frames frame1, const flow::LucasKanadeOptions& options) {
  const py::ssize_t height = frame0.shape(0), width = frame0.shape(1);
  const cuda::LucasKanade method(options);
  Array<float> px({height, width, py::ssize_t{2}}), confidence({height, width});
  const py::ssize_t wanted = options.check_occlusion ? height : 0;
  Array<bool> occluded({wanted, width});
  auto* vectors = reinterpret_cast<Vec2f*>(px.mutable_data());
  auto* marks = reinterpret_cast<std::uint8_t*>(occluded.mutable_data());
  float* sure = confidence.mutable_data();
  FramePair pair(frame0, frame1);
  Copies copies;
  without_gil([&] {
    OnDevice<Vec2f, 2> field({height, width});
    OnDevice<float, 2> weights({height, width});
    OnDevice<std::uint8_t, 2> hidden({wanted, width});
    copies([&] { pair.take(); });
    method(pair.frame0.view(), pair.frame1.view(), field.view(), weights.view(), hidden.view());
    copies([&] {
      field.give(vectors);
      weights.give(sure);
      hidden.give(marks);
    });
  });
  return py::make_tuple(px, confidence, wanted > 0 ? py::object(occluded) : py::none(), copies.seconds());
}

}  // namespace

void bind_dense_flow(py::module_& module) {
  using namespace py::literals;
  module.def(
      "lucas_kanade_arrays",
      [](Frames frame0, Frames frame1, int levels, int warps, int finest_warps, int median, double min_confidence,
         bool check_occlusion, int window, const std::string& weighting, double robust, double min_eigenvalue) {
        return dense(frame0, frame1,
                     {levels, warps, finest_warps, median, min_confidence, check_occlusion, window,
                      weighting_named(weighting), robust, min_eigenvalue});
      },
      "frame0"_a.noconvert(), "frame1"_a.noconvert(), py::kw_only(), "levels"_a, "warps"_a, "finest_warps"_a,
      "median"_a, "min_confidence"_a, "check_occlusion"_a, "window"_a, "weighting"_a, "robust"_a, "min_eigenvalue"_a);
}

}  // namespace geomvision::bindings
