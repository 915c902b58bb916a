#pragma once

#include <cstddef>

#include "dispatch.hpp"

// A window of pixels at a place between pixels: `pixels` is its upper left one's upper left neighbour, fx and fy in
// [0, 1] how far it lies from there. Rows and columns outside [first, last) are not in the image. Rows may be read up
// to 16 floats beyond the window. geomvision/flow/_steps.py in Python is the reference: the same operations on floats.
struct TrackWindow {
  const float* pixels;
  std::ptrdiff_t stride;
  float fx, fy;
  int first_row, last_row, first_column, last_column;
};

// The window of the image and of its two derivatives: three planes of `window` rows, `pitch` floats apart, 0 where the
// window is not in the image. `pitch` is a multiple of 16, at least `window`. `tensor` becomes the sums of gx gx, gx gy
// and gy gy: down the columns first, then halves of the row of sums are added until one is left.
GEOMVISION_DECLARE_KERNEL(void, track_cut,
                          (const TrackWindow* windows, int window, int pitch, float* cut, float* tensor));

// Sums over the window of gx t and gy t with t its difference from the cut, then those of the tensor where the window
// is in the image.
GEOMVISION_DECLARE_KERNEL(void, track_compare,
                          (const TrackWindow& at, int window, int pitch, const float* cut, float* sums));
