#include <pybind11/stl.h>

#include "bind.hpp"
#include "geomvision/geometry/two_view.hpp"

namespace geomvision::bindings {
namespace {

using namespace geometry;
using Matched = const Array<double>&;
// (count, 3, 3).
Array<double> stacked(const std::vector<Entries>& matrices) {
  Output<double, 3> made({static_cast<std::ptrdiff_t>(matrices.size()), 3, 3});
  for (std::size_t i = 0; i < matrices.size(); ++i) std::copy_n(matrices[i].data(), 9, made.view.at(i));
  return made.array;
}

Entries entries(Matched matrix) {
  const auto from = tensor<2>(matrix, "matrix");
  if (from.size(0) != 3 || from.size(1) != 3) throw std::invalid_argument("matrix is " + from.shape() + "; it is 3x3");
  Entries made;
  std::copy_n(from.data(), 9, made.data());
  return made;
}

// Rotations (count, 3, 3), translations and normals (count, 3).
template <typename Motions>
py::tuple as_arrays(const Motions& motions) {
  const auto count = static_cast<std::ptrdiff_t>(motions.size());
  Output<double, 3> rotations({count, 3, 3});
  Output<double, 2> translations({count, 3}), normals({count, 3});
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    const Motion& motion = motions[static_cast<std::size_t>(i)];
    std::copy_n(motion.rotation.data(), 9, rotations.view.at(i));
    std::copy_n(motion.translation.data(), 3, translations.view.at(i));
    std::copy_n(motion.normal.data(), 3, normals.view.at(i));
  }
  return py::make_tuple(rotations.array, translations.array, normals.array);
}

}  // namespace

void bind_two_view_parts(py::module_& module) {
  using namespace py::literals;
  const auto solver = [&module](const char* name, auto solve) {
    module.def(
        name,
        [solve](Matched a, Matched b) { return stacked(solve(tensor<2>(a, "points0"), tensor<2>(b, "points1"))); },
        "points0"_a.noconvert(), "points1"_a.noconvert());
  };
  solver("five_point_essentials", &five_point_essentials);
  solver("seven_point_fundamentals", &seven_point_fundamentals);
  solver("eight_point_fundamental", &eight_point_fundamental);
  solver("four_point_homography", &four_point_homography);
  module.def(
      "decompose_essential", [](Matched e) { return as_arrays(geometry::decompose_essential(entries(e))); },
      "matrix"_a.noconvert());
  module.def(
      "decompose_homography", [](Matched h) { return as_arrays(geometry::decompose_homography(entries(h))); },
      "matrix"_a.noconvert());
  module.def(
      "cheirality_votes",
      [](Matched rays0, Matched rays1, Matched rotations, Matched translations, double min_angle_rad) {
        std::vector<Motion> motions(static_cast<std::size_t>(rotations.shape(0)));
        const auto r = tensor<3>(rotations, "rotations");
        const auto t = tensor<2>(translations, "translations");
        if (r.size(1) != 3 || r.size(2) != 3 || t.size(1) != 3 || t.size(0) != r.size(0)) {
          throw std::invalid_argument("rotations must be Nx3x3 and translations Nx3 of one N");
        }
        for (std::size_t i = 0; i < motions.size(); ++i) {
          std::copy_n(r.at(i), 9, motions[i].rotation.data());
          std::copy_n(t.at(i), 3, motions[i].translation.data());
        }
        return geometry::cheirality_votes(tensor<2>(rays0, "rays0"), tensor<2>(rays1, "rays1"), motions, min_angle_rad);
      },
      "rays0"_a.noconvert(), "rays1"_a.noconvert(), "rotations"_a.noconvert(), "translations"_a.noconvert(),
      "min_angle_rad"_a);
}

}  // namespace geomvision::bindings
