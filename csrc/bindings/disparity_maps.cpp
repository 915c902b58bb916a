#include "geomvision/ops/nearest_known.hpp"
#include "geomvision/ops/winners.hpp"
#include "geomvision/stereo/postprocess.hpp"
#include "planes.hpp"

namespace geomvision::bindings {
namespace {

// A copy of each map of a batch (batch, height, width), given to `filter(map, index)` to work on.
template <typename Filter>
Array<float> filtered(const Array<float>& maps, const Filter& filter) {
  const auto from = tensor<3>(maps, "disparity");
  Output<float, 3> result(from.sizes());
  const py::ssize_t count = maps.size();
  without_gil([&] {
    if (count > 0) std::copy_n(from.data(), count, result.view.data());
    for (std::ptrdiff_t b = 0; b < from.size(0); ++b) filter(plane(result.view, b), b);
  });
  return result.array;
}

}  // namespace

void bind_disparity_maps(py::module_& module) {
  using namespace py::literals;
  module.def(
      "left_right_check",
      [](const Array<float>& left, const Array<float>& right, double tolerance, int num_threads) {
        const auto from = tensor<2>(left, "left"), other = tensor<2>(right, "right");
        Output<std::uint8_t, 2> codes(from.sizes());
        without_gil([&] { ops::left_right_check(from, other, tolerance, codes.view, num_threads); });
        return codes.array;
      },
      "left"_a.noconvert(), "right"_a.noconvert(), "tolerance"_a, "num_threads"_a);
  module.def(
      "nearest_known",
      [](const Array<float>& disparity, int num_threads) {
        const auto from = tensor<3>(disparity, "disparity");
        Output<float, 4> result({from.size(0), 4, from.size(1), from.size(2)});
        without_gil([&] {
          for (std::ptrdiff_t b = 0; b < from.size(0); ++b) {
            ops::nearest_known(part(from, b), part(result.view, b), num_threads);
          }
        });
        return result.array;
      },
      "disparity"_a.noconvert(), "num_threads"_a);
  module.def(
      "median",
      [](const Array<float>& disparity, int size, int num_threads) {
        stereo::MedianFilter median;
        return filtered(disparity, [&](ImageView<float> map, std::ptrdiff_t) { median(map, size, num_threads); });
      },
      "disparity"_a.noconvert(), "size"_a, "num_threads"_a);
  module.def(
      "speckle",
      [](const Array<float>& disparity, int size, double range, int) {
        stereo::SpeckleFilter speckle;
        return filtered(disparity,
                        [&](ImageView<float> map, std::ptrdiff_t) { speckle(map, size, static_cast<float>(range)); });
      },
      "disparity"_a.noconvert(), "size"_a, "range_px"_a, "num_threads"_a);
  module.def(
      "fill_background",
      [](const Array<float>& disparity, const Array<std::uint8_t>& occluded, int num_threads) {
        const auto hidden = tensor<3>(occluded, "occluded");
        require_same_start(tensor<3>(disparity, "disparity"), "disparity", hidden, "occluded", 3);
        stereo::BackgroundFill fill;
        return filtered(disparity,
                        [&](ImageView<float> map, std::ptrdiff_t b) { fill(map, plane(hidden, b), num_threads); });
      },
      "disparity"_a.noconvert(), "occluded"_a.noconvert(), "num_threads"_a);
}

}  // namespace geomvision::bindings
