#include "geomvision/depth/plane_sweep.hpp"

#include <pybind11/stl.h>

#include "bind.hpp"

namespace geomvision::bindings {
namespace {

using Bytes = Array<std::uint8_t>;
using Source = std::tuple<Bytes, std::array<float, 9>, std::array<float, 3>, std::optional<Bytes>>;

std::vector<depth::SweepSource> views(const std::vector<Source>& given) {
  std::vector<depth::SweepSource> sources;
  for (const auto& [image, M, b, known] : given) {
    sources.push_back({view(image, "source"), M, b, known ? view(*known, "known") : ImageView<const std::uint8_t>()});
  }
  return sources;
}

}  // namespace

void bind_plane_sweep(py::module_& module) {
  using namespace py::literals;
  module.def("plane_sweep_options", [] {
    const depth::PlaneSweepOptions d;
    return py::dict("p1"_a = d.p1, "p2"_a = d.p2, "contrast"_a = d.contrast, "min_parallax"_a = d.min_parallax,
                    "speckle"_a = d.speckle, "num_threads"_a = d.num_threads);
  });
  module.def(
      "plane_sweep",
      [](const Bytes& reference, const Array<float>& rays, const std::vector<Source>& sources, double first,
         double step, int count, double contrast, double min_parallax, int speckle, int num_threads) {
        const auto grey = view(reference, "reference");
        const auto directions = tensor<3>(rays, "rays");
        const auto seen = views(sources);
        auto q = make_array<float>(grey.height(), grey.width()),
             margin = make_array<float>(grey.height(), grey.width());
        const auto q_view = mutable_view(q), margin_view = mutable_view(margin);
        depth::PlaneSweepOptions options;
        options.contrast = contrast;
        options.min_parallax = min_parallax;
        options.speckle = speckle;
        options.num_threads = num_threads;
        without_gil([&] {
          depth::PlaneSweep sweep(options);
          sweep(grey, directions, seen, {first, step, count}, q_view, margin_view);
        });
        return py::make_tuple(q, margin);
      },
      "(inverse depth, margin) of the reference; a source is (image, K R row by row, K t, known or None).",
      "reference"_a.noconvert(), "rays"_a.noconvert(), "sources"_a, py::kw_only(), "first"_a, "step"_a, "count"_a,
      "contrast"_a, "min_parallax"_a, "speckle"_a, "num_threads"_a);
  module.def(
      "plane_sweep_costs",
      [](const Bytes& reference, const Array<float>& rays, const std::vector<Source>& sources, double first,
         double step, int count, int num_threads) {
        const auto grey = view(reference, "reference");
        const auto directions = tensor<3>(rays, "rays");
        const auto seen = views(sources);
        const Output<std::uint8_t, 3> volume({grey.height(), grey.width(), std::max(count, 0)});
        depth::PlaneSweepOptions options;
        options.num_threads = num_threads;
        without_gil(
            [&] { depth::PlaneSweep{options}.costs(grey, directions, seen, {first, step, count}, volume.view); });
        return volume.array;
      },
      "Costs (H, W, count) of the planes, 0 ... 62.", "reference"_a.noconvert(), "rays"_a.noconvert(), "sources"_a,
      py::kw_only(), "first"_a, "step"_a, "count"_a, "num_threads"_a);
}

}  // namespace geomvision::bindings
