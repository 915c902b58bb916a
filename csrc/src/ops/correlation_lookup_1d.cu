#include "geomvision/cuda/correlation_lookup.hpp"
#include "ops/correlation_derivatives.cuh"
#include "ops/correlation_packing.cuh"
#include "ops/correlation_starts.cuh"

namespace geomvision::cuda {
namespace {

using windows::Levels;

template <typename T>
DeviceView<T, 4> with_channel(const DeviceView<T, 3>& x) {
  return {x.data(), {x.size(0), 1, x.size(1), x.size(2)}, {x.stride(0), x.stride(0), x.stride(1), x.stride(2)}};
}

// The levels of the second features' rows, and those features packed for the length of a call.
template <typename T>
struct Rows {
  windows::Packing<true> packing;
  std::size_t elements;
  StreamMemory<T> packed;

  Rows(const ops::CorrelationLookupOptions& options, const DeviceView<const T, 4>& features0,
       const DeviceView<const T, 4>& features1, const DeviceView<const T, 3>& x, const DeviceView<const T, 4>& out,
       Stream stream)
      : packing(checked(options, features0, features1, x, out)),
        elements(
            static_cast<std::size_t>(features1.size(0) * features1.size(2) * packing.levels.positions * packing.step)),
        packed(elements, stream) {
    if (elements > 0) windows::start_packing<T, true>(packing, features1, packed.data(), stream);
  }

  windows::Lookup<T, true> lookup(const ops::CorrelationLookupOptions& options, const DeviceView<const T, 4>& features0,
                                  const DeviceView<const T, 3>& x) const {
    return {features0, with_channel(x), packed.data(), packing.levels, options.radius};
  }

 private:
  static windows::Packing<true> checked(const ops::CorrelationLookupOptions& options,
                                        const DeviceView<const T, 4>& features0,
                                        const DeviceView<const T, 4>& features1, const DeviceView<const T, 3>& x,
                                        const DeviceView<const T, 4>& out) {
    const std::ptrdiff_t width1 = features1.size(3);
    check((width1 >> (options.levels - 1)) > 0, "CorrelationLookup1D: ", options.levels, " levels of rows of ", width1,
          " positions; the last must have one: take fewer");
    check(width1 <= 1 << 30, "CorrelationLookup1D: rows of ", width1, " positions; at most 2^30 can be taken");
    check(features1.size(0) == features0.size(0) && features1.size(1) == features0.size(1) &&
              features1.size(2) == features0.size(2),
          "CorrelationLookup1D: features0 is ", features0.shape(), ", features1 is ", features1.shape(),
          "; only their widths may differ");
    const typename DeviceView<T, 3>::Sizes pixels{features0.size(0), features0.size(2), features0.size(3)};
    check(x.sizes() == pixels, "CorrelationLookup1D: features0 is ", features0.shape(), ", x is ", x.shape(),
          "; it must be batch x height x width");
    const std::ptrdiff_t planes = std::ptrdiff_t{options.levels} * (2 * options.radius + 1);
    check(out.sizes() == typename DeviceView<T, 4>::Sizes{x.size(0), planes, x.size(1), x.size(2)},
          "CorrelationLookup1D: x is ", x.shape(), ", the output is ", out.shape(), "; it must have ", planes,
          " channels and the size of x");
    Levels levels;
    for (int level = 0; level < options.levels; ++level) levels.add(1, width1 >> level);
    return windows::packing_of<true>(levels, features1.size(1), features1.size(2));
  }
};

}  // namespace

template <typename T>
CorrelationLookup1D<T>::CorrelationLookup1D(const ops::CorrelationLookupOptions& options) : options_(options) {
  check_range("CorrelationLookup1D", "radius", options.radius, 0, 100);
  check_range("CorrelationLookup1D", "levels", options.levels, 1, Levels::most);
}

template <typename T>
void CorrelationLookup1D<T>::operator()(DeviceView<const T, 4> features0, DeviceView<const T, 4> features1,
                                        DeviceView<const T, 3> x, DeviceView<T, 4> out, Stream stream) const {
  const Rows<T> rows(options_, features0, features1, x, out, stream);
  if (out.empty()) return;
  windows::start_lookup<T, true, false>(rows.lookup(options_, features0, x), {}, Cells<T, 4>(out), stream);
}

template <typename T>
void CorrelationLookup1D<T>::backward(DeviceView<const T, 4> d_out, DeviceView<const T, 4> features0,
                                      DeviceView<const T, 4> features1, DeviceView<const T, 3> x,
                                      DeviceView<T, 4> d_features0, DeviceView<T, 4> d_features1, Stream stream) const {
  check(d_features0.sizes() == features0.sizes() && d_features1.sizes() == features1.sizes(),
        "CorrelationLookup1D: d_features0 is ", d_features0.shape(), ", d_features1 is ", d_features1.shape(),
        "; they must be ", features0.shape(), " and ", features1.shape());
  const Rows<T> rows(options_, features0, features1, x, d_out, stream);
  if (rows.elements == 0) return;
  const StreamMemory<T> d_packed(rows.elements, stream);
  clear(DeviceView<T, 1>(d_packed.data(), {static_cast<std::ptrdiff_t>(rows.elements)}), stream);
  if (!d_features0.empty()) {
    windows::start_derivatives<T, true>(rows.lookup(options_, features0, x), Cells<const T, 4>(d_out), d_packed.data(),
                                        Cells<T, 4>(d_features0), stream);
  }
  windows::start_unpacking<T, true>(rows.packing, d_packed.data(), d_features1, stream);
}

template <typename T>
void CorrelationLookup1D<T>::backward_coordinates(DeviceView<const T, 4> d_out, DeviceView<const T, 4> features0,
                                                  DeviceView<const T, 4> features1, DeviceView<const T, 3> x,
                                                  DeviceView<T, 3> d_x, Stream stream) const {
  check(d_x.sizes() == x.sizes(), "CorrelationLookup1D: x is ", x.shape(), ", d_x is ", d_x.shape(),
        "; they must be equal");
  const Rows<T> rows(options_, features0, features1, x, d_out, stream);
  if (d_x.empty()) return;
  windows::start_lookup<T, true, true>(rows.lookup(options_, features0, x), Cells<const T, 4>(d_out),
                                       Cells<T, 4>(with_channel(d_x)), stream);
}

template class CorrelationLookup1D<float>;
template class CorrelationLookup1D<double>;

}  // namespace geomvision::cuda
