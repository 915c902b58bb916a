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
  const auto define_from_costs = [&](auto pixel) {
    using T = decltype(pixel);
    using namespace py::literals;
    module.def(
        "sgm_from_costs",
        [each_option](const Array<std::uint8_t>& costs, const Array<T>& left, const py::dict& options) {
          const auto volume = tensor<3>(costs, "costs");
          const auto left_view = view(left, "left");
          return run_matcher<stereo::SGM, stereo::SGMOptions>(
              left_view, options, each_option,
              [&](stereo::SGM& sgm, ImageView<float> disparity) { sgm(volume, left_view, disparity); });
        },
        "(disparity, confidence, occluded) from costs (H, W, disparities) of at most 255 - p2 and the grey left image.",
        "costs"_a.noconvert(), "left"_a.noconvert(), "options"_a);
  };
  define_from_costs(std::uint8_t{});
  define_from_costs(std::uint16_t{});
  define_from_costs(float{});
}

}  // namespace geomvision::bindings
