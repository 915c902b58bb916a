#include "kernels/flow.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

int at_least(int value, int limit) { return value < limit ? limit : value; }
int at_most(int value, int limit) { return value > limit ? limit : value; }
float within(float value, float limit) {
  const float above = value > 0.0f ? value : 0.0f;
  return above < limit ? above : limit;
}

// Between `first` (t = 0) and `second` (t = 1) by cubic convolution, a = -1/2 (Keys 1981).
float cubic(float before, float first, float second, float after, float t) {
  const float slope = 0.5f * (second - before);
  const float bend = 0.5f * ((2.0f * before - 5.0f * first) + (4.0f * second - after));
  const float twist = 0.5f * (3.0f * (first - second) + (after - before));
  return first + t * (slope + t * (bend + t * twist));
}

constexpr int block = 32;

// Columns x, x + 1, ... of the window's pixels, one array of `block` values for each pixel of the window.
void gather(const float* const* rows, int radius, int width, int x, float (*values)[block]) {
  const bool inside = x - radius >= 0 && x + block + radius <= width;
  for (int dy = 0; dy <= 2 * radius; ++dy) {
    for (int dx = -radius; dx <= radius; ++dx, ++values) {
      if (inside) {
        for (int i = 0; i < block; ++i) (*values)[i] = rows[dy][x + dx + i];
      } else {
        for (int i = 0; i < block; ++i) (*values)[i] = rows[dy][at_most(at_least(x + dx + i, 0), width - 1)];
      }
    }
  }
}

}  // namespace

void flow_shrink_columns(const float* row, int width, float* out) {
  for (int x = 0; x < (width + 1) / 2; ++x) {
    const float far = row[at_least(2 * x - 2, 0)] + row[at_most(2 * x + 2, width - 1)];
    const float near = row[at_least(2 * x - 1, 0)] + row[at_most(2 * x + 1, width - 1)];
    out[x] = (far + 4.0f * near + 6.0f * row[2 * x]) * (1.0f / 16);
  }
}

void flow_shrink_rows(const float* const* rows, int width, float* out) {
  for (int x = 0; x < width; ++x) {
    const float far = rows[0][x] + rows[4][x];
    const float near = rows[1][x] + rows[3][x];
    out[x] = (far + 4.0f * near + 6.0f * rows[2][x]) * (1.0f / 16);
  }
}

void flow_enlarge(const float* top, const float* bottom, int columns, int width, float* out) {
  for (int x = 0; x < width; ++x) {
    const int x0 = x / 2;
    const int x1 = at_most((x + 1) / 2, columns - 1);
    out[x] = 0.5f * ((top[x0] + top[x1]) + (bottom[x0] + bottom[x1]));
  }
}

void flow_warp(const float* image, int width, int height, int y, const float* u, const float* v, float* out) {
  for (int x = 0; x < width; ++x) {
    const float px = within(static_cast<float>(x) + u[x], static_cast<float>(width - 1));
    const float py = within(static_cast<float>(y) + v[x], static_cast<float>(height - 1));
    const int ix = static_cast<int>(px);
    const int iy = static_cast<int>(py);
    const float fx = px - static_cast<float>(ix);
    const int x0 = at_least(ix - 1, 0);
    const int x2 = at_most(ix + 1, width - 1);
    const int x3 = at_most(ix + 2, width - 1);
    float column[4];
    for (int k = 0; k < 4; ++k) {
      const float* row = image + static_cast<std::ptrdiff_t>(at_most(at_least(iy + k - 1, 0), height - 1)) * width;
      column[k] = cubic(row[x0], row[ix], row[x2], row[x3], fx);
    }
    out[x] = cubic(column[0], column[1], column[2], column[3], py - static_cast<float>(iy));
  }
}

void flow_mean(const float* a, const float* b, int width, float* out) {
  for (int x = 0; x < width; ++x) out[x] = 0.5f * (a[x] + b[x]);
}

void flow_gradients(const float* const* rows, int width, float* gx, float* gy) {
  const float* row = rows[2];
  const auto along = [&](int x, int left2, int left1, int right1, int right2) {
    gx[x] = (8.0f * (row[right1] - row[left1]) - (row[right2] - row[left2])) * (1.0f / 12);
  };
  const auto at_border = [&](int x) {
    along(x, at_least(x - 2, 0), at_least(x - 1, 0), at_most(x + 1, width - 1), at_most(x + 2, width - 1));
  };
  for (int x = 0; x < at_most(width, 2); ++x) at_border(x);
  for (int x = 2; x < width - 2; ++x) along(x, x - 2, x - 1, x + 1, x + 2);
  for (int x = at_least(width - 2, 2); x < width; ++x) at_border(x);
  for (int x = 0; x < width; ++x) {
    const float near = rows[3][x] - rows[1][x];
    const float far = rows[4][x] - rows[0][x];
    gy[x] = (8.0f * near - far) * (1.0f / 12);
  }
}

void flow_median(const float* const* rows, int radius, int width, const int* pairs, int pair_count, float* out) {
  float values[49][block];
  const int middle = (2 * radius + 1) * (2 * radius + 1) / 2;
  for (int x = 0; x < width; x += block) {
    gather(rows, radius, width, x, values);
    for (int k = 0; k < pair_count; ++k) {
      float* low = values[pairs[2 * k]];
      float* high = values[pairs[2 * k + 1]];
      for (int i = 0; i < block; ++i) {
        const float a = low[i];
        const float b = high[i];
        low[i] = a < b ? a : b;
        high[i] = a < b ? b : a;
      }
    }
    const int count = at_most(width - x, block);
    for (int i = 0; i < count; ++i) out[x + i] = values[middle][i] + 0.0f;  // -0 becomes 0
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
