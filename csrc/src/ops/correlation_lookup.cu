#include "geomvision/cuda/correlation_lookup.hpp"
#include "ops/correlation_derivatives.cuh"
#include "ops/correlation_packing.cuh"
#include "ops/correlation_starts.cuh"

namespace geomvision::cuda {
namespace {

using windows::Levels;

Levels levels_of(std::ptrdiff_t height, std::ptrdiff_t width, int count) {
  check(height >= 0 && width >= 0 && (height >> (count - 1)) > 0 && (width >> (count - 1)) > 0,
        "CorrelationLookup: ", count, " levels of ", height, "x", width,
        " positions; the last must have one: take fewer");
  check(height <= ((std::ptrdiff_t{1} << 31) - 64) / width, "CorrelationLookup: ", height, "x", width,
        " positions; at most 2^31 can be taken");
  Levels levels;
  for (int level = 0; level < count; ++level) levels.add(height >> level, width >> level);
  return levels;
}

template <typename T>
void check_packed(const DeviceView<T, 3>& packed, std::ptrdiff_t batch, std::ptrdiff_t positions, std::ptrdiff_t step) {
  check(packed.size(0) == batch && packed.size(1) == positions && packed.size(2) == step && packed.is_packed(),
        "CorrelationLookup: packed is ", packed.shape(), "; it must be ", batch, "x", positions, "x", step,
        " without gaps");
  check(reinterpret_cast<std::uintptr_t>(packed.data()) % 16 == 0, "CorrelationLookup: packed must begin on 16 bytes");
}

template <typename T>
windows::Lookup<T, false> lookup_of(const ops::CorrelationLookupOptions& options,
                                    const DeviceView<const T, 4>& features0, const DeviceView<const T, 3>& packed,
                                    std::ptrdiff_t height1, std::ptrdiff_t width1,
                                    const DeviceView<const T, 4>& coordinates, const DeviceView<const T, 4>& out) {
  const Levels levels = levels_of(height1, width1, options.levels);
  check_packed(packed, features0.size(0), levels.positions, windows::padded(features0.size(1)));
  const std::ptrdiff_t side = 2 * options.radius + 1, planes = options.levels * side * side;
  const auto is_like = [&](const DeviceView<const T, 4>& other, std::ptrdiff_t channels) {
    return other.sizes() ==
           typename DeviceView<T, 4>::Sizes{features0.size(0), channels, features0.size(2), features0.size(3)};
  };
  check(is_like(coordinates, 2) && is_like(out, planes), "CorrelationLookup: features0 is ", features0.shape(),
        ", coordinates are ", coordinates.shape(), ", the output is ", out.shape(),
        "; they must be of one size, with 2 and ", planes, " channels");
  return {features0, coordinates, packed.data(), levels, options.radius};
}

}  // namespace

template <typename T>
CorrelationLookup<T>::CorrelationLookup(const ops::CorrelationLookupOptions& options) : options_(options) {
  check_range("CorrelationLookup", "radius", options.radius, 0, 100);
  check_range("CorrelationLookup", "levels", options.levels, 1, Levels::most);
}

template <typename T>
std::ptrdiff_t CorrelationLookup<T>::positions(std::ptrdiff_t height, std::ptrdiff_t width) const {
  return levels_of(height, width, options_.levels).positions;
}

template <typename T>
void CorrelationLookup<T>::pack(DeviceView<const T, 4> features1, DeviceView<T, 3> packed, Stream stream) const {
  const Levels levels = levels_of(features1.size(2), features1.size(3), options_.levels);
  check_packed(packed, features1.size(0), levels.positions, padded_channels(features1.size(1)));
  if (packed.empty()) return;
  const auto packing = windows::packing_of<false>(levels, features1.size(1), features1.size(2));
  windows::start_packing<T, false>(packing, features1, packed.data(), stream);
}

template <typename T>
void CorrelationLookup<T>::pack_backward(DeviceView<const T, 3> d_packed, DeviceView<T, 4> d_features1,
                                         Stream stream) const {
  const Levels levels = levels_of(d_features1.size(2), d_features1.size(3), options_.levels);
  check_packed(d_packed, d_features1.size(0), levels.positions, padded_channels(d_features1.size(1)));
  if (d_packed.empty()) return;
  const auto packing = windows::packing_of<false>(levels, d_features1.size(1), d_features1.size(2));
  windows::start_unpacking<T, false>(packing, d_packed.data(), d_features1, stream);
}

template <typename T>
void CorrelationLookup<T>::operator()(DeviceView<const T, 4> features0, DeviceView<const T, 3> packed,
                                      std::ptrdiff_t height1, std::ptrdiff_t width1, DeviceView<const T, 4> coordinates,
                                      DeviceView<T, 4> out, Stream stream) const {
  const auto lookup = lookup_of<T>(options_, features0, packed, height1, width1, coordinates, out);
  if (out.empty()) return;
  windows::start_lookup<T, false, false>(lookup, {}, Cells<T, 4>(out), stream);
}

template <typename T>
void CorrelationLookup<T>::backward(DeviceView<const T, 4> d_out, DeviceView<const T, 4> features0,
                                    DeviceView<const T, 3> packed, std::ptrdiff_t height1, std::ptrdiff_t width1,
                                    DeviceView<const T, 4> coordinates, DeviceView<T, 4> d_features0,
                                    DeviceView<T, 3> d_packed, Stream stream) const {
  const auto lookup = lookup_of<T>(options_, features0, packed, height1, width1, coordinates, d_out);
  check(d_features0.sizes() == features0.sizes() && d_packed.sizes() == packed.sizes() && d_packed.is_packed(),
        "CorrelationLookup: d_features0 is ", d_features0.shape(), ", d_packed is ", d_packed.shape(),
        "; they must be ", features0.shape(), " and ", packed.shape());
  clear(d_packed, stream);
  if (d_features0.empty()) return;
  windows::start_derivatives<T, false>(lookup, Cells<const T, 4>(d_out), d_packed.data(), Cells<T, 4>(d_features0),
                                       stream);
}

template <typename T>
void CorrelationLookup<T>::backward_coordinates(DeviceView<const T, 4> d_out, DeviceView<const T, 4> features0,
                                                DeviceView<const T, 3> packed, std::ptrdiff_t height1,
                                                std::ptrdiff_t width1, DeviceView<const T, 4> coordinates,
                                                DeviceView<T, 4> d_coordinates, Stream stream) const {
  const auto lookup = lookup_of<T>(options_, features0, packed, height1, width1, coordinates, d_out);
  check(d_coordinates.sizes() == coordinates.sizes(), "CorrelationLookup: coordinates are ", coordinates.shape(),
        ", d_coordinates are ", d_coordinates.shape(), "; they must be equal");
  if (d_coordinates.empty()) return;
  windows::start_lookup<T, false, true>(lookup, Cells<const T, 4>(d_out), Cells<T, 4>(d_coordinates), stream);
}

template class CorrelationLookup<float>;
template class CorrelationLookup<double>;

}  // namespace geomvision::cuda
