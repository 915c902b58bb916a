#include <algorithm>

#include "flow/rows.hpp"
#include "geomvision/check.hpp"
#include "geomvision/flow/pyramidal_flow.hpp"

namespace geomvision::flow {
namespace {

float between(float first, float second, float t) { return first + t * (second - first); }

bool is_occluded(ImageView<const Vec2f> forward, ImageView<const Vec2f> backward, int x, int y) {
  const Vec2f f = forward(x, y);
  const float width = static_cast<float>(forward.width());
  const float height = static_cast<float>(forward.height());
  float px = static_cast<float>(x) + f.x;
  float py = static_cast<float>(y) + f.y;
  const bool inside = px >= -0.5f && px <= width - 0.5f && py >= -0.5f && py <= height - 0.5f;
  if (!inside) return true;
  px = std::clamp(px, 0.0f, width - 1.0f);
  py = std::clamp(py, 0.0f, height - 1.0f);
  const int ix = static_cast<int>(px);
  const int iy = static_cast<int>(py);
  const int x1 = std::min(ix + 1, forward.width() - 1);
  const int y1 = std::min(iy + 1, forward.height() - 1);
  const float tx = px - static_cast<float>(ix);
  const float ty = py - static_cast<float>(iy);
  const Vec2f a = backward(ix, iy), b = backward(x1, iy), c = backward(ix, y1), d = backward(x1, y1);
  const float bx = between(between(a.x, b.x, tx), between(c.x, d.x, tx), ty);
  const float by = between(between(a.y, b.y, tx), between(c.y, d.y, tx), ty);
  const float gap = (f.x + bx) * (f.x + bx) + (f.y + by) * (f.y + by);
  const float length = (f.x * f.x + f.y * f.y) + (bx * bx + by * by);
  return !(gap < 0.01f * length + 0.5f);
}

}  // namespace

void find_occluded(ImageView<const Vec2f> forward, ImageView<const Vec2f> backward, ImageView<std::uint8_t> occluded,
                   int num_threads) {
  const int width = forward.width();
  const int height = forward.height();
  check(width == backward.width() && height == backward.height() && width == occluded.width() &&
            height == occluded.height(),
        "find_occluded: forward, backward and occluded must be of equal size");
  for_rows(width, height, num_threads, [&](int y) {
    for (int x = 0; x < width; ++x) occluded(x, y) = is_occluded(forward, backward, x, y) ? 1 : 0;
  });
}

}  // namespace geomvision::flow
