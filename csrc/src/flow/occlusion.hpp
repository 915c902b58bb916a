#pragma once

#include <algorithm>

#include "geomvision/flow/pyramidal_flow.hpp"

// Constant expressions, so that device code takes them, too.

namespace geomvision::flow {

constexpr float between(float first, float second, float t) { return first + t * (second - first); }

/// Whether the backward flow at (x, y) + f, backward(column, row), does not lead near (x, y), or that lies outside.
template <typename Backward>
constexpr bool is_occluded(Vec2f f, const Backward& backward, int x, int y, int columns, int rows) {
  const float width = static_cast<float>(columns);
  const float height = static_cast<float>(rows);
  float px = static_cast<float>(x) + f.x;
  float py = static_cast<float>(y) + f.y;
  const bool inside = px >= -0.5f && px <= width - 0.5f && py >= -0.5f && py <= height - 0.5f;
  if (!inside) return true;
  px = std::min(std::max(px, 0.0f), width - 1.0f);
  py = std::min(std::max(py, 0.0f), height - 1.0f);
  const int ix = static_cast<int>(px);
  const int iy = static_cast<int>(py);
  const int x1 = std::min(ix + 1, columns - 1);
  const int y1 = std::min(iy + 1, rows - 1);
  const float tx = px - static_cast<float>(ix);
  const float ty = py - static_cast<float>(iy);
  const Vec2f a = backward(ix, iy), b = backward(x1, iy), c = backward(ix, y1), d = backward(x1, y1);
  const float bx = between(between(a.x, b.x, tx), between(c.x, d.x, tx), ty);
  const float by = between(between(a.y, b.y, tx), between(c.y, d.y, tx), ty);
  const float gap = (f.x + bx) * (f.x + bx) + (f.y + by) * (f.y + by);
  const float length = (f.x * f.x + f.y * f.y) + (bx * bx + by * by);
  return !(gap < 0.01f * length + 0.5f);
}

}  // namespace geomvision::flow
