#include "geomvision/stereo/sgm.hpp"

#include "stereo_matcher.hpp"
#include "stereo_options.hpp"

namespace geomvision::bindings {

void bind_sgm(py::module_& module) {
  bind_stereo_matcher<stereo::SGM, stereo::SGMOptions>(module, "sgm", "SGM", each_sgm_option);
  const auto define_from_costs = [&](auto pixel) {
    using T = decltype(pixel);
    using namespace py::literals;
    module.def(
        "sgm_from_costs",
        [](const Array<std::uint8_t>& costs, const Array<T>& left, const py::dict& options) {
          const auto volume = tensor<3>(costs, "costs");
          const auto left_view = view(left, "left");
          return run_matcher<stereo::SGM, stereo::SGMOptions>(
              left_view, options, each_sgm_option,
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
