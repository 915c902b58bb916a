#include "kernels/flow.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

float within(float value, float limit) {
  const float above = value > -limit ? value : -limit;
  return above < limit ? above : limit;
}

typedef float Vector __attribute__((vector_size(64), aligned(4), may_alias));
constexpr int lanes = 16;

const Vector& at(const float* values) { return *reinterpret_cast<const Vector*>(values); }
Vector& at(float* values) { return *reinterpret_cast<Vector*>(values); }

template <int value>
struct Constant {
  constexpr operator int() const { return value; }
};

// `weight` where the targets of pixels x, x + 1, ... lie in the image, else 0.
void keep_inside(const FlowRow& in, int x, Vector& weight) {
  const Vector steps = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const Vector px = (static_cast<float>(x) + steps) + at(in.u + x);
  const Vector py = static_cast<float>(in.y) + at(in.v + x);
  const float far_x = static_cast<float>(in.width - 1);
  const float far_y = static_cast<float>(in.height - 1);
  const Vector none = {};
  weight = (px >= 0.0f) & (px <= far_x) & (py >= 0.0f) & (py <= far_y) ? weight : none;
}

// Calls body(reach) with the radius as a constant where it is a usual one, which unrolls loops over the window.
template <typename Body>
void for_radius(int radius, const Body& body) {
  if (radius == 2) {
    body(Constant<2>());
  } else if (radius == 3) {
    body(Constant<3>());
  } else if (radius == 4) {
    body(Constant<4>());
  } else {
    body(radius);
  }
}

// Local average of Horn-Schunck: a sixth of each direct neighbour, a twelfth of each diagonal one.
float around(const float* up, const float* here, const float* down, int x, int left, int right) {
  const float direct = (up[x] + down[x]) + (here[left] + here[right]);
  const float diagonal = (up[left] + up[right]) + (down[left] + down[right]);
  return (1.0f / 6) * direct + (1.0f / 12) * diagonal;
}

}  // namespace

void flow_products(const FlowRow& in, float inverse, float* const* out) {
  for (int x = 0; x < in.width; x += lanes) {
    const Vector gx = at(in.gx + x);
    const Vector gy = at(in.gy + x);
    const Vector t = at(in.warped + x) - at(in.frame0 + x);
    const Vector scaled = t * inverse;
    Vector weight = 1.0f / (1.0f + scaled * scaled);
    keep_inside(in, x, weight);
    const Vector q = gx * at(in.u + x) + gy * at(in.v + x) - t;
    const Vector wx = weight * gx;
    const Vector wy = weight * gy;
    at(out[0] + x) = wx * gx;
    at(out[1] + x) = wx * gy;
    at(out[2] + x) = wy * gy;
    at(out[3] + x) = wx * q;
    at(out[4] + x) = wy * q;
  }
}

void flow_window_columns(const float* row, const float* weights, int radius, int width, float* out) {
  for_radius(radius, [=](auto reach) {
    for (int x = 0; x < width; x += lanes) {
      Vector total = weights[0] * at(row + x);
      for (int k = 1; k <= reach; ++k) total += weights[k] * (at(row + x - k) + at(row + x + k));
      at(out + x) = total;
    }
  });
}

void flow_window_rows(const float* const* rows, const float* weights, int radius, int width, float* first,
                      float* second) {
  for_radius(radius, [=](auto reach) {
    const float* const* middle = rows + reach;
    for (int x = 0; x < width; x += lanes) {
      Vector upper = weights[0] * at(middle[0] + x), lower = weights[0] * at(middle[1] + x);
      for (int k = 1; k <= reach; ++k) {
        upper += weights[k] * (at(middle[-k] + x) + at(middle[k] + x));
        lower += weights[k] * (at(middle[1 - k] + x) + at(middle[1 + k] + x));
      }
      at(first + x) = upper;
      at(second + x) = lower;
    }
  });
}

void flow_solve(const float* const* sums, float prior, float far_x, float far_y, int width, float* __restrict u,
                float* __restrict v) {
  const float *xx = sums[0], *xy = sums[1], *yy = sums[2], *xq = sums[3], *yq = sums[4];
  const float *mean_u = sums[5], *mean_v = sums[6];
  for (int x = 0; x < width; ++x) {
    const float a = xx[x] + prior;
    const float b = xy[x];
    const float c = yy[x] + prior;
    const float p = xq[x] + prior * mean_u[x];
    const float q = yq[x] + prior * mean_v[x];
    const float determinant = a * c - b * b;
    const bool regular = determinant > 0.0f;
    const float inverse = 1.0f / (regular ? determinant : 1.0f);
    const float new_u = within((c * p - b * q) * inverse, far_x);
    const float new_v = within((a * q - b * p) * inverse, far_y);
    u[x] = regular ? new_u : mean_u[x];
    v[x] = regular ? new_v : mean_v[x];
  }
}

void flow_confidence(const float* const* sums, float min_eigenvalue, int width, float* __restrict confidence) {
  const float *xx = sums[0], *xy = sums[1], *yy = sums[2];
  for (int x = 0; x < width; ++x) {
    const float half = 0.5f * (xx[x] - yy[x]);
    const float radius = __builtin_sqrtf(half * half + xy[x] * xy[x]);
    const float smaller = 0.5f * (xx[x] + yy[x]) - radius;
    const float eigenvalue = smaller > 0.0f ? smaller : 0.0f;
    confidence[x] = eigenvalue / (eigenvalue + min_eigenvalue);
  }
}

void flow_linearise(const FlowRow& in, float alpha2, float* const* out) {
  for (int x = 0; x < in.width; x += lanes) {
    const Vector none = {};
    Vector weight = none + 1.0f;
    keep_inside(in, x, weight);
    const Vector t = at(in.warped + x) - at(in.frame0 + x);
    const Vector gx = weight * at(in.gx + x);
    const Vector gy = weight * at(in.gy + x);
    at(out[0] + x) = gx;
    at(out[1] + x) = gy;
    at(out[2] + x) = weight * (t - (at(in.gx + x) * at(in.u + x) + at(in.gy + x) * at(in.v + x)));
    at(out[3] + x) = 1.0f / (alpha2 + (gx * gx + gy * gy));
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
