#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch.hpp"

namespace geomvision {

constexpr int kWarpTile = 512;
constexpr int kWarpPlaces = kWarpTile + 16;  // so that a pixel's values do not share their place in the first cache

// Pixels [begin, begin + count) of row y of a displacement field over an image of width x height; count <= kWarpTile.
template <typename T>
struct WarpRow {
  const T* dx;  // of pixel `begin`
  const T* dy;
  std::ptrdiff_t step;  // between pixels: 1 or 2
  int y, begin, count;
  int width, height;
  bool border;   // what points outside takes the nearest place inside
  bool bicubic;  // the first of the two middle taps may be the last pixel
};

// Where they point: the pixel at or before, and the way from it to the next.
template <typename T>
struct WarpPlaces {
  alignas(64) int x[kWarpPlaces];
  alignas(64) int y[kWarpPlaces];
  alignas(64) T fx[kWarpPlaces];
  alignas(64) T fy[kWarpPlaces];
  alignas(64) int sampled[kWarpPlaces];  // -1 or 0
  alignas(64) int inside[kWarpPlaces];   // -1 or 0
};

// `channels` values for each pixel, side by side.
template <typename T>
struct WarpSource {
  const T* data;
  std::ptrdiff_t stride;
  int width, height, channels;
  bool bicubic;
};

}  // namespace geomvision

GEOMVISION_DECLARE_KERNEL(void, warp_places_f32, (const WarpRow<float>& row, WarpPlaces<float>& places));
GEOMVISION_DECLARE_KERNEL(void, warp_places_f64, (const WarpRow<double>& row, WarpPlaces<double>& places));

#define GEOMVISION_WARP_SAMPLE(name, In, T, Out) \
  GEOMVISION_DECLARE_KERNEL(                     \
      void, name, (const WarpSource<In>& image, const WarpPlaces<T>& places, int count, T fill, Out* warped))
GEOMVISION_WARP_SAMPLE(warp_u8_u8, std::uint8_t, float, std::uint8_t);
GEOMVISION_WARP_SAMPLE(warp_u16_u16, std::uint16_t, float, std::uint16_t);
GEOMVISION_WARP_SAMPLE(warp_u8_f32, std::uint8_t, float, float);
GEOMVISION_WARP_SAMPLE(warp_u16_f32, std::uint16_t, float, float);
GEOMVISION_WARP_SAMPLE(warp_f32_f32, float, float, float);
GEOMVISION_WARP_SAMPLE(warp_f64_f64, double, double, double);
#undef GEOMVISION_WARP_SAMPLE

// Adds what the gradient of a row of pixels, bilinear, gives their displacements.
GEOMVISION_DECLARE_KERNEL(void, warp_slopes_f32,
                          (const WarpSource<float>& image, const WarpPlaces<float>& places, const float* gradient,
                           int count, float* d_x, float* d_y));
