#include "geomvision/stereo/ad_census.hpp"

#include "stereo_matcher.hpp"

namespace geomvision::bindings {

void bind_ad_census(py::module_& module) {
  const auto each_option = [](auto& options, auto&& visit) {
    visit("max_disparity", options.max_disparity);
    visit("min_disparity", options.min_disparity);
    visit("lambda_ad", options.lambda_ad);
    visit("lambda_census", options.lambda_census);
    visit("arm", options.arm);
    visit("arm_near", options.arm_near);
    visit("tau", options.tau);
    visit("tau_far", options.tau_far);
    visit("aggregations", options.aggregations);
    visit("pi1", options.pi1);
    visit("pi2", options.pi2);
    visit("tau_scan", options.tau_scan);
    visit("left_right", options.left_right);
    visit("votings", options.votings);
    visit("votes", options.votes);
    visit("share", options.share);
    visit("median", options.median);
    visit("fill", options.fill);
    visit("num_threads", options.num_threads);
  };
  bind_stereo_matcher<stereo::ADCensus, stereo::ADCensusOptions>(module, "ad_census", "ADCensus", each_option);
}

}  // namespace geomvision::bindings
