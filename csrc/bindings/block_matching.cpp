#include "geomvision/stereo/block_matching.hpp"

#include "stereo_matcher.hpp"
#include "stereo_options.hpp"

namespace geomvision::bindings {

void bind_block_matching(py::module_& module) {
  bind_stereo_matcher<stereo::BlockMatching, stereo::BlockMatchingOptions>(module, "block_matching", "BlockMatching",
                                                                           each_block_matching_option);
}

}  // namespace geomvision::bindings
