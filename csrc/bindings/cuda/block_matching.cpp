#include "geomvision/cuda/block_matching.hpp"

#include "../stereo_options.hpp"
#include "stereo_matcher.hpp"

namespace geomvision::bindings {

void bind_block_matching(py::module_& module) {
  bind_matcher<cuda::BlockMatching, stereo::BlockMatchingOptions>(module, "block_matching", each_block_matching_option);
}

}  // namespace geomvision::bindings
