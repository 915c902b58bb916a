#include "flow/brightness.hpp"

#include <algorithm>

#include "flow/rows.hpp"

namespace geomvision::flow {
namespace {

// Grey levels of difference at which a pixel counts half: what moved differently is no change of light.
constexpr float typical = 10.0f;
// Every second pixel of every second row says enough.
constexpr int every = 2;
// Pixels that say nothing of a cell leave it at zero.
constexpr float least = 1e-3f;

struct Grid {
  int columns, rows, cell;
};

int cells(int side, int cell) { return std::max((side + cell / 2) / cell, 1); }

float between(float a, float b, float t) { return a + t * (b - a); }

// Sums over the pixels of a row of cells; the last cells reach to the border.
void sum_cells(const Image<float>& frame0, const Image<float>& wide, const Image<float>& u, const Image<float>& v,
               const Grid& grid, int j, float* sums, float* weights) {
  const int width = frame0.width();
  const int height = frame0.height();
  const auto far_x = static_cast<float>(width - 1);
  const auto far_y = static_cast<float>(height - 1);
  const int last = j == grid.rows - 1 ? height : (j + 1) * grid.cell;
  std::fill_n(sums, grid.columns, 0.0f);
  std::fill_n(weights, grid.columns, 0.0f);
  for (int y = (j * grid.cell + every - 1) / every * every; y < last; y += every) {
    const float *in = row(frame0, y), *along = row(u, y), *down = row(v, y);
    for (int x = 0; x < width; x += every) {
      const float px = static_cast<float>(x) + along[x];
      const float py = static_cast<float>(y) + down[x];
      if (!(px >= 0.0f && py >= 0.0f && px <= far_x && py <= far_y)) continue;
      const int ix = static_cast<int>(px);
      const int iy = static_cast<int>(py);
      const float tx = px - static_cast<float>(ix);
      const float *top = row(wide, iy + 1) + ix + 1, *bottom = row(wide, iy + 2) + ix + 1;
      const float there =
          between(between(top[0], top[1], tx), between(bottom[0], bottom[1], tx), py - static_cast<float>(iy));
      const float difference = there - in[x];
      const float far = difference * (1.0f / typical);
      const float weight = 1.0f / (1.0f + far * far);
      const int i = std::min(x / grid.cell, grid.columns - 1);
      sums[i] += weight * difference;
      weights[i] += weight;
    }
  }
}

// Weighted means over three by three cells, (1 2 1) in x and y.
float smooth(const Image<float>& sums, const Image<float>& weights, int i, int j) {
  float sum = 0.0f;
  float weight = least;
  for (int dj = -1; dj <= 1; ++dj) {
    const float *s = clamped_row(sums, j + dj), *w = clamped_row(weights, j + dj);
    for (int di = -1; di <= 1; ++di) {
      const auto share = static_cast<float>((dj == 0 ? 2 : 1) * (di == 0 ? 2 : 1));
      const int at = std::clamp(i + di, 0, sums.width() - 1);
      sum += share * s[at];
      weight += share * w[at];
    }
  }
  return sum / weight;
}

}  // namespace

const Image<float>& Brightness::follow(const Image<float>& frame0, const Image<float>& wide, const Image<float>& u,
                                       const Image<float>& v, int cell, int num_threads) {
  const int width = frame0.width();
  const int height = frame0.height();
  const Grid grid{cells(width, cell), cells(height, cell), cell};
  fit(lit_, width, height);
  for (Image<float>* image : {&sums_, &weights_}) fit(*image, grid.columns, grid.rows);
  fit(grid_, grid.columns + 1, grid.rows);
  for_rows(width * cell, grid.rows, num_threads,
           [&](int j) { sum_cells(frame0, wide, u, v, grid, j, row(sums_, j), row(weights_, j)); });
  for (int j = 0; j < grid.rows; ++j) {
    for (int i = 0; i < grid.columns; ++i) row(grid_, j)[i] = smooth(sums_, weights_, i, j);
    row(grid_, j)[grid.columns] = row(grid_, j)[grid.columns - 1];
  }
  const float scale = 1.0f / static_cast<float>(cell);
  const auto place = [scale](int at, int count) {
    const float p = (static_cast<float>(at) + 0.5f) * scale - 0.5f;
    return std::clamp(p, 0.0f, static_cast<float>(count - 1));
  };
  for_rows(width, height, num_threads, [&](int y) {
    const float py = place(y, grid.rows);
    const int iy = static_cast<int>(py);
    const float ty = py - static_cast<float>(iy);
    const float *top = row(grid_, iy), *bottom = clamped_row(grid_, iy + 1), *in = row(frame0, y);
    float* out = row(lit_, y);
    for (int x = 0; x < width;) {  // between two centres of cells the change is linear
      const int ix = static_cast<int>(place(x, grid.columns));
      const float left = between(top[ix], bottom[ix], ty);
      const float right = between(top[ix + 1], bottom[ix + 1], ty);
      const int end = std::min(width, std::max(x + 1, (2 * ix + 3) * cell / 2 - 1));
      for (; x < end; ++x) out[x] = in[x] + between(left, right, place(x, grid.columns) - static_cast<float>(ix));
    }
  });
  return lit_;
}

}  // namespace geomvision::flow
