#include "geomvision/depth/from_disparity.hpp"

#include "bind.hpp"

namespace geomvision::bindings {

void bind_from_disparity(py::module_& module) {
  using namespace py::literals;
  module.def(
      "points_from_disparity",
      [](const Array<float>& disparity, double focal_px, double baseline_m, double offset_px, double cx_px,
         double cy_px, double focal_y_px, int num_threads) {
        const ImageView<const float> px = view(disparity, "disparity");
        const Output<float, 3> points({px.height(), px.width(), 3});
        without_gil([&] {
          depth::points_from_disparity(px, {focal_px, baseline_m, offset_px}, cx_px, cy_px, points.view, num_threads,
                                       focal_y_px);
        });
        return points.array;
      },
      "disparity"_a.noconvert(), py::kw_only(), "focal_px"_a, "baseline_m"_a, "offset_px"_a, "cx_px"_a, "cy_px"_a,
      "focal_y_px"_a, "num_threads"_a);
}

}  // namespace geomvision::bindings
