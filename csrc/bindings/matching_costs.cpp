#include "geomvision/ops/matching_costs.hpp"

#include "pairs.hpp"

namespace geomvision::bindings {
namespace {

using namespace py::literals;

template <typename T>
void define(py::module_& module) {
  const auto pair = [&](const char* name, const auto& run) {
    module.def(name, run, "left"_a.noconvert(), "right"_a.noconvert(), "first"_a, "count"_a, "num_threads"_a);
  };
  pair("absolute_differences", [](const Array<T>& left, const Array<T>& right, int first, int count, int threads) {
    return each_pair<ops::Difference<T>>(left, right, count, [=](auto l, auto r, auto volume) {
      ops::absolute_differences<T>(l, r, first, volume, threads);
    });
  });
  pair("squared_differences", [](const Array<T>& left, const Array<T>& right, int first, int count, int threads) {
    return each_pair<ops::Square<T>>(left, right, count, [=](auto l, auto r, auto volume) {
      ops::squared_differences<T>(l, r, first, volume, threads);
    });
  });
  pair("birchfield_tomasi", [](const Array<T>& left, const Array<T>& right, int first, int count, int threads) {
    return each_pair<ops::Real<T>>(left, right, count, [=](auto l, auto r, auto volume) {
      ops::birchfield_tomasi<T>(l, r, first, volume, threads);
    });
  });
  module.def(
      "correlation_costs",
      [](const Array<T>& left, const Array<T>& right, int first, int count, int window, bool means, int threads) {
        return each_pair<ops::Real<T>>(left, right, count, [=](auto l, auto r, auto volume) {
          ops::correlation_costs<T>(l, r, first, window, means, volume, threads);
        });
      },
      "left"_a.noconvert(), "right"_a.noconvert(), "first"_a, "count"_a, "window"_a, "means"_a, "num_threads"_a);
}

template <typename T>
py::tuple derive(const Array<T>& d_volume, const Array<T>& left, const Array<T>& right, int first, bool squared,
                 int threads) {
  const auto gradient = tensor<4>(d_volume, "d_volume");
  const auto l = tensor<3>(left, "left"), r = tensor<3>(right, "right");
  require_same_start(l, "left", r, "right", 3);
  require_same_start(l, "left", gradient, "d_volume", 3);
  Output<T, 3> d_left(l.sizes()), d_right(l.sizes());
  without_gil([&] {
    for (std::ptrdiff_t b = 0; b < l.size(0) && !l.empty(); ++b) {
      ops::differences_backward<T>(part(gradient, b), plane(l, b), plane(r, b), first, squared, plane(d_left.view, b),
                                   plane(d_right.view, b), threads);
    }
  });
  return py::make_tuple(d_left.array, d_right.array);
}

template <typename T>
void define_derivative(py::module_& module) {
  module.def("differences_backward", &derive<T>, "d_volume"_a.noconvert(), "left"_a.noconvert(), "right"_a.noconvert(),
             "first"_a, "squared"_a, "num_threads"_a);
}

}  // namespace

void bind_matching_costs(py::module_& module) {
  define<std::uint8_t>(module);
  define<std::uint16_t>(module);
  define<float>(module);
  define<double>(module);
  define_derivative<float>(module);
  define_derivative<double>(module);
}

}  // namespace geomvision::bindings
