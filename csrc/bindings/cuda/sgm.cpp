#include "geomvision/cuda/sgm.hpp"

#include "../stereo_options.hpp"
#include "stereo_matcher.hpp"

namespace geomvision::bindings {

void bind_sgm(py::module_& module) { bind_matcher<cuda::SGM, stereo::SGMOptions>(module, "sgm", each_sgm_option); }

}  // namespace geomvision::bindings
