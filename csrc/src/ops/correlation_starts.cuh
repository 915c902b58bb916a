#pragma once

#include <type_traits>

#include "ops/correlation_products.cuh"

// How the kernels of lookups are started.

namespace geomvision::cuda::windows {

template <bool rows, int chunks, bool of_coordinates>
bool start_tiles(const Lookup<float, rows>& lookup, const Cells<const float, 4>& d_out, const Cells<float, 4>& out,
                 Stream stream) {
  constexpr auto kernel = look_up<rows, chunks, of_coordinates>;
  constexpr std::size_t usual = std::size_t{48} << 10, most = std::size_t{227} << 10;
  const std::size_t bytes = sizeof(float) * Lookup<float, rows>::tile_pixels *
                            (static_cast<std::size_t>(feature_pitch<rows, chunks>(lookup)) +
                             static_cast<std::size_t>(product_pitch<rows>(lookup)));
  if (bytes > most) return false;
  if (bytes > usual &&
      cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                           static_cast<int>(bytes)) != cudaSuccess) {
    cudaGetLastError();  // the device has less: it is taken back
    return false;
  }
  launch(kernel, blocks(lookup.tiles(), 1), lookup_threads, bytes, stream, lookup, d_out, out);
  return true;
}

/// `out` is the samples, or with of_coordinates the derivative in the coordinates.
template <typename T, bool rows, bool of_coordinates>
void start_lookup(const Lookup<T, rows>& lookup, const Cells<const T, 4>& d_out, const Cells<T, 4>& out,
                  Stream stream) {
  if constexpr (std::is_same_v<T, float>) {
    const bool started = lookup.step <= lane_channels
                             ? start_tiles<rows, 1, of_coordinates>(lookup, d_out, out, stream)
                             : start_tiles<rows, 2, of_coordinates>(lookup, d_out, out, stream);
    if (started) return;
  }
  const std::ptrdiff_t pixels =
      std::ptrdiff_t{lookup.features0.sizes[0]} * lookup.features0.sizes[2] * lookup.features0.sizes[3];
  const std::ptrdiff_t planes =
      of_coordinates ? 1 : std::ptrdiff_t{lookup.levels.count} * lookup.side() * (rows ? 1 : lookup.side());
  launch(look_up_any<T, rows, of_coordinates>, blocks(pixels * planes, lookup_threads), lookup_threads, 0, stream,
         lookup, d_out, out);
}

}  // namespace geomvision::cuda::windows
