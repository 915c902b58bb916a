#include "geomvision/stereo/patchmatch.hpp"

#include "geomvision/ops/propagate_planes.hpp"
#include "stereo_matcher.hpp"

namespace geomvision::bindings {
namespace {

template <typename T>
void define(py::module_& module) {
  using namespace py::literals;
  module.def(
      "propagate_planes",
      [](const Array<T>& left, const Array<T>& right, const Array<T>& planes, const Array<T>& right_planes,
         int min_disparity, int max_disparity, int iteration, int window, int step, double gamma, double alpha,
         double tau_colour, double tau_gradient, double max_slope, int seed, int num_threads) {
        const ops::PlaneOptions options{max_disparity, min_disparity, window,       step,      gamma,
                                        alpha,         tau_colour,    tau_gradient, max_slope, seed};
        const auto left_view = tensor<2>(left, "left"), right_view = tensor<2>(right, "right");
        const auto given = tensor<3>(planes, "planes"), given_right = tensor<3>(right_planes, "right_planes");
        Output<T, 3> found(given.sizes()), found_right(given_right.sizes());
        std::copy_n(given.data(), planes.size(), found.view.data());
        std::copy_n(given_right.data(), right_planes.size(), found_right.view.data());
        without_gil([&] {
          ops::PlanePropagation propagate{options};
          propagate(left_view, right_view, found.view, found_right.view, iteration, num_threads);
        });
        return std::make_pair(found.array, found_right.array);
      },
      "left"_a.noconvert(), "right"_a.noconvert(), "planes"_a.noconvert(), "right_planes"_a.noconvert(),
      "min_disparity"_a, "max_disparity"_a, "iteration"_a, "window"_a, "step"_a, "gamma"_a, "alpha"_a, "tau_colour"_a,
      "tau_gradient"_a, "max_slope"_a, "seed"_a, "num_threads"_a);
}

}  // namespace

void bind_patchmatch(py::module_& module) {
  define<float>(module);
  define<double>(module);
  const auto each_option = [](auto& options, auto&& visit) {
    visit("max_disparity", options.max_disparity);
    visit("min_disparity", options.min_disparity);
    visit("iterations", options.iterations);
    visit("window", options.window);
    visit("step", options.step);
    visit("gamma", options.gamma);
    visit("alpha", options.alpha);
    visit("tau_colour", options.tau_colour);
    visit("tau_gradient", options.tau_gradient);
    visit("max_slope", options.max_slope);
    visit("seed", options.seed);
    visit("left_right", options.left_right);
    visit("fill", options.fill);
    visit("num_threads", options.num_threads);
  };
  bind_stereo_matcher<stereo::PatchMatch, stereo::PatchMatchOptions>(module, "patchmatch", "PatchMatch", each_option);
}

}  // namespace geomvision::bindings
