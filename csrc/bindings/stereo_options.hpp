#pragma once

// Every option of a matcher by its name in Python: visit(name, field) for each.

namespace geomvision::bindings {

inline constexpr auto each_sgm_option = [](auto& options, auto&& visit) {
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

inline constexpr auto each_block_matching_option = [](auto& options, auto&& visit) {
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

}  // namespace geomvision::bindings
