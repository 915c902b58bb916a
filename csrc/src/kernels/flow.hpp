#pragma once

#include <cstddef>

#include "dispatch.hpp"

// Rows of the dense flow methods. The loops of geomvision/flow/_pyramid.py, _windows.py, _relaxation.py and _dual.py
// in Python are the reference: the same operations on floats in the same order.
//
// "Whole" rows are scratch: they may be read and written up to 16 floats beyond what is asked for.

// Every second pixel of a row blurred by (1 4 6 4 1)/16; and the same over five rows.
GEOMVISION_DECLARE_KERNEL(void, flow_shrink_columns, (const float* row, int width, float* out));
GEOMVISION_DECLARE_KERNEL(void, flow_shrink_rows, (const float* const* rows, int width, float* out));

// A row of the next finer level's flow from the two coarse rows it lies between.
GEOMVISION_DECLARE_KERNEL(void, flow_enlarge,
                          (const float* top, const float* bottom, int columns, int width, float* out));

// An image that can be looked up a little beyond its border: 1 pixel to the left and above, 2 to the right and below.
struct FlowImage {
  const float* origin;  // pixel (0, 0)
  std::ptrdiff_t stride;
  int width;
  int height;
};

// Row y of the image at (x + u, y + v), bicubic. `out` is whole.
GEOMVISION_DECLARE_KERNEL(void, flow_warp, (const FlowImage& image, int y, const float* u, const float* v, float* out));

GEOMVISION_DECLARE_KERNEL(void, flow_mean, (const float* a, const float* b, int width, float* out));

// Derivatives of the middle one of five rows by (1 -8 0 8 -1)/12; the rows have margins of 2.
GEOMVISION_DECLARE_KERNEL(void, flow_gradients, (const float* const* rows, int width, float* gx, float* gy));

// Medians of 2 radius + 1 values along a row with such margins; and over as many rows, two rows of the result at once
// from 2 radius + 2, the second only where it is not null. radius is 0 ... 3.
GEOMVISION_DECLARE_KERNEL(void, flow_median_columns, (const float* row, int radius, int width, float* out));
GEOMVISION_DECLARE_KERNEL(void, flow_median_rows,
                          (const float* const* rows, int radius, int width, float* first, float* second));

// Row y of a level after a warp: both frames, derivatives of their mean, the flow so far. All rows are whole.
struct FlowRow {
  const float* frame0;
  const float* warped;
  const float* gx;
  const float* gy;
  const float* u;
  const float* v;
  int width;
  int height;
  int y;
};

// The five products of Lucas-Kanade: gxx, gxy, gyy, gxq, gyq.
GEOMVISION_DECLARE_KERNEL(void, flow_products, (const FlowRow& in, float inverse, float* const* out));

// Weighted sums along a row with margins; and over 2 radius + 1 rows, two rows of the result at once from 2 radius + 2.
// weights[k] is that of the two values k away. All rows are whole.
GEOMVISION_DECLARE_KERNEL(void, flow_window_columns,
                          (const float* row, const float* weights, int radius, int width, float* out));
GEOMVISION_DECLARE_KERNEL(void, flow_window_rows,
                          (const float* const* rows, const float* weights, int radius, int width, float* first,
                           float* second));

// The 2 x 2 systems of a row: `sums` are gxx, gxy, gyy, gxq, gyq, mean u, mean v.
GEOMVISION_DECLARE_KERNEL(void, flow_solve,
                          (const float* const* sums, float prior, float far_x, float far_y, int width, float* u,
                           float* v));
GEOMVISION_DECLARE_KERNEL(void, flow_confidence,
                          (const float* const* sums, float min_eigenvalue, int width, float* confidence));

// Horn-Schunck: gx, gy, rest of the constraint on the whole flow, 1/(alpha^2 + |grad|^2); gx and gy are 0 where the
// flow leaves the image.
GEOMVISION_DECLARE_KERNEL(void, flow_linearise, (const FlowRow& in, float alpha2, float* const* out));

// One Jacobi iteration of a row: `u` and `v` are the rows above, here and below; `data` gx, gy, rest, inverse.
GEOMVISION_DECLARE_KERNEL(void, flow_relax,
                          (const float* const* u, const float* const* v, const float* const* data, int width,
                           float* new_u, float* new_v));

// TV-L1: one iteration of a row of the flow, from `before` to (u, v), which may be the same. `data` are gx, gy, rest,
// inverse as flow_linearise gives them; `dual` are the dual fields x and y of u, then of v, whose value at x = -1 is 0;
// `above` their y fields a row up.
struct FlowPrimal {
  const float* data[4];
  const float* dual[4];
  const float* above[2];
  const float* before[2];
  float theta;
  float farthest;  // lambda theta: the longest step towards the data, per grey level of gradient
  int width;
};
GEOMVISION_DECLARE_KERNEL(void, flow_primal, (const FlowPrimal& in, float* u, float* v));

// One iteration of a row of a dual field, from `before` (x and y) to (px, py), which may be the same, of a component
// whose value at x = width repeats; `rate` is tau / theta.
GEOMVISION_DECLARE_KERNEL(void, flow_dual,
                          (const float* here, const float* below, float rate, int width, const float* const before[2],
                           float* px, float* py));
