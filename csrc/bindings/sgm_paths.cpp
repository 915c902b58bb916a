#include "geomvision/ops/sgm_paths.hpp"

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

template <typename Aggregate>
Array<std::uint16_t> sums_of(const Array<std::uint8_t>& costs, int paths, int p1, int p2, int num_threads,
                             const Aggregate& aggregate) {
  const auto volume = tensor<3>(costs, "costs");
  Output<std::uint16_t, 3> sums(volume.sizes());
  without_gil([&] {
    ops::SGMPaths sgm_paths({paths, p1, p2, num_threads});
    aggregate(sgm_paths, volume, sums.view);
  });
  return sums.array;
}

template <typename T>
void define_guided(py::module_& module) {
  using namespace py::literals;
  module.def(
      "sgm_paths",
      [](const Array<std::uint8_t>& costs, const Array<T>& guide, int paths, int p1, int p2, int num_threads) {
        const auto guide_view = view(guide, "guide");
        return sums_of(costs, paths, p1, p2, num_threads,
                       [&](auto& sgm_paths, auto volume, auto sums) { sgm_paths(volume, guide_view, sums); });
      },
      "Sums of path costs (H, W, disparities); P2 is lower where the guide changes.", "costs"_a.noconvert(),
      "guide"_a.noconvert(), "paths"_a, "p1"_a, "p2"_a, "num_threads"_a);
}

}  // namespace

void bind_sgm_paths(py::module_& module) {
  using namespace py::literals;
  define_guided<std::uint8_t>(module);
  define_guided<std::uint16_t>(module);
  define_guided<float>(module);
  module.def(
      "sgm_paths",
      [](const Array<std::uint8_t>& costs, const py::none&, int paths, int p1, int p2, int num_threads) {
        return sums_of(costs, paths, p1, p2, num_threads,
                       [](auto& sgm_paths, auto volume, auto sums) { sgm_paths(volume, sums); });
      },
      "Sums of path costs (H, W, disparities) with the same P2 everywhere.", "costs"_a.noconvert(), "guide"_a,
      "paths"_a, "p1"_a, "p2"_a, "num_threads"_a);
}

}  // namespace geomvision::bindings
