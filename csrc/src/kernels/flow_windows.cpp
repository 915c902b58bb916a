#include "kernels/flow.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

float within(float value, float limit) {
  const float above = value > -limit ? value : -limit;
  return above < limit ? above : limit;
}

// 1 where the pixel's target lies in the image, else 0.
float inside(const FlowRow& in, int x) {
  const float px = static_cast<float>(x) + in.u[x];
  const float py = static_cast<float>(in.y) + in.v[x];
  const bool in_x = px >= 0.0f && px <= static_cast<float>(in.width - 1);
  const bool in_y = py >= 0.0f && py <= static_cast<float>(in.height - 1);
  return in_x && in_y ? 1.0f : 0.0f;
}

// Sum of the window around column x of a row whose border pixels repeat.
float clamped_sum(const float* row, const float* weights, int count, int width, int x) {
  float total = 0.0f;
  for (int k = 0; k < count; ++k) {
    const int column = x + k - count / 2;
    total += weights[k] * row[column < 0 ? 0 : (column > width - 1 ? width - 1 : column)];
  }
  return total;
}

// Local average of Horn-Schunck: a sixth of each direct neighbour, a twelfth of each diagonal one.
float around(const float* up, const float* here, const float* down, int x, int left, int right) {
  const float direct = (up[x] + down[x]) + (here[left] + here[right]);
  const float diagonal = (up[left] + up[right]) + (down[left] + down[right]);
  return (1.0f / 6) * direct + (1.0f / 12) * diagonal;
}

}  // namespace

void flow_products(const FlowRow& in, float inverse, float* const* out) {
  for (int x = 0; x < in.width; ++x) {
    const float gx = in.gx[x];
    const float gy = in.gy[x];
    const float t = in.warped[x] - in.frame0[x];
    const float scaled = t * inverse;
    const float weight = inside(in, x) * (1.0f / (1.0f + scaled * scaled));
    const float q = gx * in.u[x] + gy * in.v[x] - t;
    const float wx = weight * gx;
    const float wy = weight * gy;
    out[0][x] = wx * gx;
    out[1][x] = wx * gy;
    out[2][x] = wy * gy;
    out[3][x] = wx * q;
    out[4][x] = wy * q;
  }
}

void flow_window_columns(const float* row, const float* weights, int count, int width, float* out) {
  const int radius = count / 2;
  const int first = radius < width ? radius : width;
  const int last = width - radius > first ? width - radius : first;
  for (int x = 0; x < first; ++x) out[x] = clamped_sum(row, weights, count, width, x);
  for (int x = last; x < width; ++x) out[x] = clamped_sum(row, weights, count, width, x);
  for (int x = first; x < last; ++x) out[x] = 0.0f;
  for (int k = 0; k < count; ++k) {
    const float weight = weights[k];
    const float* shifted = row + (k - radius);
    for (int x = first; x < last; ++x) out[x] += weight * shifted[x];
  }
}

void flow_window_rows(const float* const* rows, const float* weights, int count, int width, float* out) {
  for (int x = 0; x < width; ++x) out[x] = 0.0f;
  for (int k = 0; k < count; ++k) {
    const float weight = weights[k];
    const float* row = rows[k];
    for (int x = 0; x < width; ++x) out[x] += weight * row[x];
  }
}

void flow_solve(const float* const* sums, float prior, float far_x, float far_y, int width, float* u, float* v) {
  for (int x = 0; x < width; ++x) {
    const float a = sums[0][x] + prior;
    const float b = sums[1][x];
    const float c = sums[2][x] + prior;
    const float p = sums[3][x] + prior * sums[5][x];
    const float q = sums[4][x] + prior * sums[6][x];
    const float determinant = a * c - b * b;
    const bool regular = determinant > 0.0f;
    const float divisor = regular ? determinant : 1.0f;
    u[x] = regular ? within((c * p - b * q) / divisor, far_x) : sums[5][x];
    v[x] = regular ? within((a * q - b * p) / divisor, far_y) : sums[6][x];
  }
}

void flow_confidence(const float* const* sums, float min_eigenvalue, int width, float* confidence) {
  for (int x = 0; x < width; ++x) {
    const float half = 0.5f * (sums[0][x] - sums[2][x]);
    const float radius = __builtin_sqrtf(half * half + sums[1][x] * sums[1][x]);
    const float smaller = 0.5f * (sums[0][x] + sums[2][x]) - radius;
    const float eigenvalue = smaller > 0.0f ? smaller : 0.0f;
    confidence[x] = eigenvalue / (eigenvalue + min_eigenvalue);
  }
}

void flow_linearise(const FlowRow& in, float alpha2, float* gx, float* gy, float* rest, float* inverse) {
  for (int x = 0; x < in.width; ++x) {
    const float weight = inside(in, x);
    const float t = in.warped[x] - in.frame0[x];
    rest[x] = weight * (t - (in.gx[x] * in.u[x] + in.gy[x] * in.v[x]));
    const float ix = weight * in.gx[x];
    const float iy = weight * in.gy[x];
    const float energy = ix * ix + iy * iy;
    gx[x] = ix;
    gy[x] = iy;
    inverse[x] = 1.0f / (alpha2 + energy);
  }
}

void flow_relax(const float* const* u, const float* const* v, const float* const* data, int width,
                float* __restrict new_u, float* __restrict new_v) {
  const float* gx = data[0];
  const float* gy = data[1];
  const float* rest = data[2];
  const float* inverse = data[3];
  const auto relax = [&](int x, int left, int right) {
    const float mean_u = around(u[0], u[1], u[2], x, left, right);
    const float mean_v = around(v[0], v[1], v[2], x, left, right);
    const float step = ((gx[x] * mean_u + gy[x] * mean_v) + rest[x]) * inverse[x];
    new_u[x] = mean_u - gx[x] * step;
    new_v[x] = mean_v - gy[x] * step;
  };
  relax(0, 0, width > 1 ? 1 : 0);
  for (int x = 1; x < width - 1; ++x) relax(x, x - 1, x + 1);
  if (width > 1) relax(width - 1, width - 2, width - 1);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
