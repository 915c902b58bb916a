#pragma once

#include <cstddef>

#include "dispatch.hpp"

// Rows of the dense flow methods. The loops of geomvision/flow/_pyramid.py, _windows.py and _relaxation.py in Python
// are the reference: the same operations on floats in the same order.

// Every second pixel of a row blurred by (1 4 6 4 1)/16; and the same over five rows.
GEOMVISION_DECLARE_KERNEL(void, flow_shrink_columns, (const float* row, int width, float* out));
GEOMVISION_DECLARE_KERNEL(void, flow_shrink_rows, (const float* const* rows, int width, float* out));

// A row of the next finer level's flow from the two coarse rows it lies between.
GEOMVISION_DECLARE_KERNEL(void, flow_enlarge,
                          (const float* top, const float* bottom, int columns, int width, float* out));

// Row y of the image at (x + u, y + v), bicubic.
GEOMVISION_DECLARE_KERNEL(void, flow_warp,
                          (const float* image, int width, int height, int y, const float* u, const float* v,
                           float* out));

GEOMVISION_DECLARE_KERNEL(void, flow_mean, (const float* a, const float* b, int width, float* out));

// Derivatives of the middle one of five rows by (1 -8 0 8 -1)/12.
GEOMVISION_DECLARE_KERNEL(void, flow_gradients, (const float* const* rows, int width, float* gx, float* gy));

// A row of medians over 2 radius + 1 rows by a network of compare-exchanges, given as pairs of indices.
GEOMVISION_DECLARE_KERNEL(void, flow_median,
                          (const float* const* rows, int radius, int width, const int* pairs, int pair_count,
                           float* out));

// Row y of the five products of Lucas-Kanade.
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
GEOMVISION_DECLARE_KERNEL(void, flow_products, (const FlowRow& in, float inverse, float* const* out));

// Weighted sums along a row, and over rows.
GEOMVISION_DECLARE_KERNEL(void, flow_window_columns,
                          (const float* row, const float* weights, int count, int width, float* out));
GEOMVISION_DECLARE_KERNEL(void, flow_window_rows,
                          (const float* const* rows, const float* weights, int count, int width, float* out));

// The 2 x 2 systems of a row: `sums` are gxx, gxy, gyy, gxq, gyq, mean u, mean v.
GEOMVISION_DECLARE_KERNEL(void, flow_solve,
                          (const float* const* sums, float prior, float far_x, float far_y, int width, float* u,
                           float* v));
GEOMVISION_DECLARE_KERNEL(void, flow_confidence,
                          (const float* const* sums, float min_eigenvalue, int width, float* confidence));

// Horn-Schunck: the constraint on the whole flow; gx and gy are set to 0 where the flow leaves the image.
GEOMVISION_DECLARE_KERNEL(void, flow_linearise,
                          (const FlowRow& in, float alpha2, float* gx, float* gy, float* rest, float* inverse));

// One Jacobi iteration of a row: `u` and `v` are the rows above, here and below; `data` gx, gy, rest, inverse.
GEOMVISION_DECLARE_KERNEL(void, flow_relax,
                          (const float* const* u, const float* const* v, const float* const* data, int width,
                           float* new_u, float* new_v));
