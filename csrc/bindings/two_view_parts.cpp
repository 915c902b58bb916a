#include <pybind11/stl.h>

#include "bind.hpp"
#include "geomvision/check.hpp"
#include "geomvision/geometry/two_view.hpp"
#include "matrices.hpp"

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
        [solve](Matched a, Matched b) {
          const auto p0 = tensor<2>(a, "points0"), p1 = tensor<2>(b, "points1");
          std::vector<Entries> found;
          without_gil([&] { found = solve(p0, p1); });
          return stacked(found);
        },
        "points0"_a.noconvert(), "points1"_a.noconvert());
  };
  solver("five_point_essentials", five_point_essentials);
  solver("seven_point_fundamentals", seven_point_fundamentals);
  solver("eight_point_fundamental", eight_point_fundamental);
  solver("four_point_homography", four_point_homography);
  const auto decomposer = [&module](const char* name, auto parts) {
    const auto run = [parts](Matched m) { return as_arrays(parts(matrix<9>(m, "matrix", 3))); };
    module.def(name, run, "matrix"_a.noconvert());
  };
  decomposer("decompose_essential", &geometry::decompose_essential);
  decomposer("decompose_homography", &geometry::decompose_homography);
  module.def(
      "cheirality_votes",
      [](Matched rays0, Matched rays1, Matched rotations, Matched translations, double min_angle_rad) {
        const auto r = tensor<3>(rotations, "rotations");
        const auto t = tensor<2>(translations, "translations");
        std::vector<Motion> motions(static_cast<std::size_t>(r.size(0)));
        check(r.size(1) == 3 && r.size(2) == 3 && t.size(1) == 3 && t.size(0) == r.size(0),
              "rotations must be Nx3x3 and translations Nx3 of one N");
        for (std::size_t i = 0; i < motions.size(); ++i) {
          std::copy_n(r.at(i), 9, motions[i].rotation.data());
          std::copy_n(t.at(i), 3, motions[i].translation.data());
        }
        const auto p0 = tensor<2>(rays0, "rays0"), p1 = tensor<2>(rays1, "rays1");
        std::vector<int> votes;
        without_gil([&] { votes = geometry::cheirality_votes(p0, p1, motions, min_angle_rad); });
        return votes;
      },
      "rays0"_a.noconvert(), "rays1"_a.noconvert(), "rotations"_a.noconvert(), "translations"_a.noconvert(),
      "min_angle_rad"_a);
}

}  // namespace geomvision::bindings
