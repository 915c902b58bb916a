#include "geomvision/ops/cost_volumes.hpp"

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

template <typename T>
void define(py::module_& module) {
  using namespace py::literals;
  using Gradients = std::pair<Array<T>, Array<T>>;
  const auto forward = [&](const char* name, const auto& run) {
    module.def(name, run, "left"_a.noconvert(), "right"_a.noconvert(), "max_disparity"_a, "num_threads"_a);
  };
  const auto backward = [&](const char* name, const auto& run) {
    module.def(name, run, "d_volume"_a.noconvert(), "left"_a.noconvert(), "right"_a.noconvert(), "num_threads"_a);
  };
  module.def(
      "group_wise_volume",
      [](const Array<T>& left, const Array<T>& right, int max_disparity, int groups, int num_threads) {
        const auto l = tensor<4>(left, "left"), r = tensor<4>(right, "right");
        Output<T, 5> volume({l.size(0), groups, max_disparity, l.size(2), l.size(3)});
        without_gil([&] { ops::group_wise_volume<T>(l, r, volume.view, num_threads); });
        return volume.array;
      },
      "left"_a.noconvert(), "right"_a.noconvert(), "max_disparity"_a, "groups"_a, "num_threads"_a);
  backward("group_wise_volume_backward",
           [](const Array<T>& d_volume, const Array<T>& left, const Array<T>& right, int num_threads) -> Gradients {
             const auto d = tensor<5>(d_volume, "d_volume");
             const auto l = tensor<4>(left, "left"), r = tensor<4>(right, "right");
             Output<T, 4> d_left(l.sizes()), d_right(l.sizes());
             without_gil([&] { ops::group_wise_volume_backward<T>(d, l, r, d_left.view, d_right.view, num_threads); });
             return {d_left.array, d_right.array};
           });
  forward("difference_volume", [](const Array<T>& left, const Array<T>& right, int max_disparity, int num_threads) {
    const auto l = tensor<4>(left, "left"), r = tensor<4>(right, "right");
    Output<T, 4> volume({l.size(0), max_disparity, l.size(2), l.size(3)});
    without_gil([&] { ops::difference_volume<T>(l, r, volume.view, num_threads); });
    return volume.array;
  });
  backward("difference_volume_backward",
           [](const Array<T>& d_volume, const Array<T>& left, const Array<T>& right, int num_threads) -> Gradients {
             const auto d = tensor<4>(d_volume, "d_volume");
             const auto l = tensor<4>(left, "left"), r = tensor<4>(right, "right");
             Output<T, 4> d_left(l.sizes()), d_right(l.sizes());
             without_gil([&] { ops::difference_volume_backward<T>(d, l, r, d_left.view, d_right.view, num_threads); });
             return {d_left.array, d_right.array};
           });
  forward("concatenated_volume", [](const Array<T>& left, const Array<T>& right, int max_disparity, int num_threads) {
    const auto l = tensor<4>(left, "left"), r = tensor<4>(right, "right");
    Output<T, 5> volume({l.size(0), 2 * l.size(1), max_disparity, l.size(2), l.size(3)});
    without_gil([&] { ops::concatenated_volume<T>(l, r, volume.view, num_threads); });
    return volume.array;
  });
  module.def(
      "concatenated_volume_backward",
      [](const Array<T>& d_volume, int num_threads) -> Gradients {
        const auto d = tensor<5>(d_volume, "d_volume");
        Output<T, 4> d_left({d.size(0), d.size(1) / 2, d.size(3), d.size(4)}), d_right(d_left.view.sizes());
        without_gil([&] { ops::concatenated_volume_backward<T>(d, d_left.view, d_right.view, num_threads); });
        return {d_left.array, d_right.array};
      },
      "d_volume"_a.noconvert(), "num_threads"_a);
}

}  // namespace

void bind_cost_volumes(py::module_& module) {
  define<float>(module);
  define<double>(module);
}

}  // namespace geomvision::bindings
