#include "geomvision/stereo/block_matching.hpp"

#include "stereo_matcher.hpp"

namespace geomvision::bindings {

void bind_block_matching(py::module_& module) {
  const auto each_option = [](auto& options, auto&& visit) {
    visit("max_disparity", options.max_disparity);
    visit("min_disparity", options.min_disparity);
    visit("cost", options.cost);
    visit("prefilter", options.prefilter);
    visit("window", options.window);
    visit("texture", options.texture);
    visit("uniqueness", options.uniqueness);
    visit("subpixel", options.subpixel);
    visit("left_right", options.left_right);
    visit("speckle_size", options.speckle_size);
    visit("speckle_range", options.speckle_range);
    visit("fill", options.fill);
    visit("num_threads", options.num_threads);
  };
  bind_stereo_matcher<stereo::BlockMatching, stereo::BlockMatchingOptions>(module, "block_matching", "BlockMatching",
                                                                           each_option);
}

}  // namespace geomvision::bindings
