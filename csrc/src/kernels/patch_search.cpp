#include "kernels/patch_search.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int lanes = 8;
typedef float Eight __attribute__((vector_size(4 * lanes), aligned(4), may_alias));

#define GEOMVISION_INLINE [[gnu::always_inline]] inline

// Keeps the 2 x 2 system of a patch without texture solvable: (grey levels/px)^2.
constexpr float flat = 1.0f;
// Squared step, px^2, below which a patch has arrived.
constexpr float arrived = 1e-4f;
// A neighbour's displacement is taken where it leaves less than this share of a patch's own error.
constexpr float better = 0.5f;
// Squared distance, px^2, of a neighbour's displacement that is worth trying: a nearer one the descent has passed.
constexpr float elsewhere = 0.25f;

GEOMVISION_INLINE const Eight& at(const float* from) { return *reinterpret_cast<const Eight*>(from); }

GEOMVISION_INLINE float sum(const Eight& a) {
  const float first = (a[0] + a[4]) + (a[2] + a[6]);
  const float second = (a[1] + a[5]) + (a[3] + a[7]);
  return first + second;
}

// A place in frame 1 and the way from the pixel before it.
struct Place {
  const float* pixel;
  float tx, ty;
};

GEOMVISION_INLINE int whole(float value) {
  const int towards_zero = static_cast<int>(value);
  return static_cast<float>(towards_zero) > value ? towards_zero - 1 : towards_zero;
}

GEOMVISION_INLINE float within(float value, float low, float high) {
  const float above = value > low ? value : low;
  return above < high ? above : high;
}

// Where the upper left pixel (x, y) of a patch goes; beyond the padding it does not get farther away.
GEOMVISION_INLINE Place place(const PatchFrames& f, int x, int y, float u, float v) {
  const auto low = static_cast<float>(-f.size);
  const float px = within(static_cast<float>(x) + u, low, static_cast<float>(f.width));
  const float py = within(static_cast<float>(y) + v, low, static_cast<float>(f.height));
  const int ix = whole(px);
  const int iy = whole(py);
  return {f.origin1 + iy * f.stride1 + ix, px - static_cast<float>(ix), py - static_cast<float>(iy)};
}

GEOMVISION_INLINE int left_of(const PatchFrames& f, int i) {
  const int x = i * f.step;
  return x + f.size < f.width ? x : f.width - f.size;
}

// Frame 0 in a patch and its derivatives, whose means are zero.
template <int size>
struct Patch {
  static constexpr int vectors = size * size / lanes;
  Eight grey[vectors], gx[vectors], gy[vectors];  // column of vectors after column
  float xx, xy, yy;                               // the inverse of the structure tensor

  GEOMVISION_INLINE void take(const PatchFrames& f, int x, int y) {
    const float* origin = f.origin0 + y * f.stride0 + x;
    Eight sum_x{}, sum_y{};
    for (int k = 0; k < vectors; ++k) {
      const float* pixel = origin + (k % size) * f.stride0 + (k / size) * lanes;
      grey[k] = at(pixel);
      gx[k] = 0.5f * (at(pixel + 1) - at(pixel - 1));
      gy[k] = 0.5f * (at(pixel + f.stride0) - at(pixel - f.stride0));
      sum_x += gx[k];
      sum_y += gy[k];
    }
    const float mean_x = sum(sum_x) * (1.0f / (size * size));
    const float mean_y = sum(sum_y) * (1.0f / (size * size));
    Eight sum_xx{}, sum_xy{}, sum_yy{};
    for (int k = 0; k < vectors; ++k) {
      gx[k] -= mean_x;
      gy[k] -= mean_y;
      sum_xx += gx[k] * gx[k];
      sum_xy += gx[k] * gy[k];
      sum_yy += gy[k] * gy[k];
    }
    const float a = sum(sum_xx) + flat, b = sum(sum_xy), c = sum(sum_yy) + flat;
    const float inverse = 1.0f / (a * c - b * b);
    xx = c * inverse;
    xy = b * inverse;
    yy = a * inverse;
  }
};

// The squared difference about its mean that a displacement leaves.
template <int size>
GEOMVISION_INLINE float error_at(const PatchFrames& f, int x, int y, const Place& to) {
  const float* grey = f.origin0 + y * f.stride0 + x;
  Eight sums{}, squares{};
  for (int c = 0; c < size; c += lanes) {
    const float* pixel = to.pixel + c;
    Eight above = at(pixel) + to.tx * (at(pixel + 1) - at(pixel));
    for (int r = 0; r < size; ++r) {
      pixel += f.stride1;
      const Eight below = at(pixel) + to.tx * (at(pixel + 1) - at(pixel));
      const Eight difference = (above + to.ty * (below - above)) - at(grey + r * f.stride0 + c);
      sums += difference;
      squares += difference * difference;
      above = below;
    }
  }
  const float total = sum(sums);
  return sum(squares) - total * total * (1.0f / (size * size));
}

// What a displacement leaves: the squared difference about its mean, and its product with the derivatives.
struct Rest {
  float error, along_x, along_y;
};

template <int size>
GEOMVISION_INLINE Rest compare(const PatchFrames& f, const Patch<size>& patch, const Place& to) {
  Eight sums{}, squares{}, along_x{}, along_y{};
  for (int k = 0; k < patch.vectors;) {
    const float* pixel = to.pixel + (k / size) * lanes;
    Eight above = at(pixel) + to.tx * (at(pixel + 1) - at(pixel));
    for (int r = 0; r < size; ++r, ++k) {
      pixel += f.stride1;
      const Eight below = at(pixel) + to.tx * (at(pixel + 1) - at(pixel));
      const Eight difference = (above + to.ty * (below - above)) - patch.grey[k];
      sums += difference;
      squares += difference * difference;
      along_x += patch.gx[k] * difference;
      along_y += patch.gy[k] * difference;
      above = below;
    }
  }
  const float total = sum(sums);
  return {sum(squares) - total * total * (1.0f / (size * size)), sum(along_x), sum(along_y)};
}

// From a displacement (u, v) on, by Gauss-Newton steps as long as they help.
template <int size>
GEOMVISION_INLINE void steps(const PatchFrames& f, const Patch<size>& patch, int x, int y, int descents, float& u,
                             float& v) {
  constexpr float far = 0.25f * (size * size);
  Rest rest = compare(f, patch, place(f, x, y, u, v));
  for (int k = 0; k < descents; ++k) {
    const float du = patch.xx * rest.along_x - patch.xy * rest.along_y;
    const float dv = patch.yy * rest.along_y - patch.xy * rest.along_x;
    const float step = du * du + dv * dv;
    if (!(step >= arrived && step <= far)) break;
    const Rest next = compare(f, patch, place(f, x, y, u - du, v - dv));
    if (!(next.error < rest.error)) break;
    rest = next;
    u -= du;
    v -= dv;
  }
}

template <int size>
GEOMVISION_INLINE void descend(const PatchFrames& f, int y, int count, int descents, float* us, float* vs) {
  for (int i = 0; i < count; ++i) {
    const int x = left_of(f, i);
    Patch<size> patch;
    patch.take(f, x, y);
    float u = us[i], v = vs[i];
    steps(f, patch, x, y, descents, u, v);
    us[i] = u;
    vs[i] = v;
  }
}

template <int size>
GEOMVISION_INLINE void propagate(const PatchFrames& f, int y, int count, int descents, const PatchRows& found,
                                 float* us, float* vs) {
  for (int i = 0; i < count; ++i) {
    const int x = left_of(f, i), before = i > 0 ? i - 1 : i, after = i + 1 < count ? i + 1 : i;
    const float others[][2] = {{found.u[0][i], found.v[0][i]},
                               {found.u[1][before], found.v[1][before]},
                               {found.u[1][after], found.v[1][after]},
                               {found.u[2][i], found.v[2][i]}};
    float u = found.u[1][i], v = found.v[1][i], error = 0.0f;
    bool compared = false, moves = false;
    for (const auto& other : others) {
      const float du = other[0] - found.u[1][i], dv = other[1] - found.v[1][i];
      if (!(du * du + dv * dv > elsewhere)) continue;
      if (!compared) error = better * error_at<size>(f, x, y, place(f, x, y, u, v));
      compared = true;
      const float its_error = error_at<size>(f, x, y, place(f, x, y, other[0], other[1]));
      if (!(its_error < error)) continue;
      error = its_error;
      u = other[0];
      v = other[1];
      moves = true;
    }
    if (moves) {
      Patch<size> patch;
      patch.take(f, x, y);
      steps(f, patch, x, y, descents, u, v);
    }
    us[i] = u;
    vs[i] = v;
  }
}

template <int size>
GEOMVISION_INLINE void votes(const PatchFrames& f, int top, int count, const float* us, const float* vs, int y,
                             float* weights, float* sums_u, float* sums_v) {
  const float* row = f.origin0 + y * f.stride0;
  for (int i = 0; i < count; ++i) {
    const int x = left_of(f, i);
    const Place to = place(f, x, top, us[i], vs[i]);
    for (int c = 0; c < size; c += lanes) {
      const float* pixel = to.pixel + (y - top) * f.stride1 + c;
      const float* next = pixel + f.stride1;
      const Eight above = at(pixel) + to.tx * (at(pixel + 1) - at(pixel));
      const Eight below = at(next) + to.tx * (at(next + 1) - at(next));
      const Eight difference = (above + to.ty * (below - above)) - at(row + x + c);
      const Eight size_of = difference < 0.0f ? -difference : difference;
      const Eight weight = 1.0f / (size_of > 1.0f ? size_of : Eight{} + 1.0f);
      const auto add = [x, c](float* sums, const Eight& values) {
        Eight& lane = *reinterpret_cast<Eight*>(sums + x + c);
        lane += values;
      };
      add(weights, weight);
      add(sums_u, weight * us[i]);
      add(sums_v, weight * vs[i]);
    }
  }
}

}  // namespace

void patch_descend(const PatchFrames& frames, int y, int count, int descents, float* u, float* v) {
  frames.size == 8 ? descend<8>(frames, y, count, descents, u, v) : descend<16>(frames, y, count, descents, u, v);
}

void patch_propagate(const PatchFrames& frames, int y, int count, int descents, const PatchRows& found, float* u,
                     float* v) {
  frames.size == 8 ? propagate<8>(frames, y, count, descents, found, u, v)
                   : propagate<16>(frames, y, count, descents, found, u, v);
}

void patch_votes(const PatchFrames& frames, int top, int count, const float* u, const float* v, int y, float* weights,
                 float* sums_u, float* sums_v) {
  frames.size == 8 ? votes<8>(frames, top, count, u, v, y, weights, sums_u, sums_v)
                   : votes<16>(frames, top, count, u, v, y, weights, sums_u, sums_v);
}

#undef GEOMVISION_INLINE

}  // namespace geomvision::kernels::GEOMVISION_ISA
