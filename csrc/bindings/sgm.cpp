#include "geomvision/stereo/sgm.hpp"

#include "stereo_matcher.hpp"

namespace geomvision::bindings {

void bind_sgm(py::module_& module) {
  const auto each_option = [](auto& options, auto&& visit) {
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
  };
  bind_stereo_matcher<stereo::SGM, stereo::SGMOptions>(module, "sgm", "SGM", each_option);
}

}  // namespace geomvision::bindings
