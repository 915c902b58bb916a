#include "kernels/flow.hpp"
#include "kernels/lanes.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

typedef float Four __attribute__((vector_size(16), aligned(4), may_alias));

constexpr int block = 16;

int at_least(int value, int limit) { return value < limit ? limit : value; }
int at_most(int value, int limit) { return value > limit ? limit : value; }
float within(float value, float limit) {
  const float above = value > 0.0f ? value : 0.0f;
  return above < limit ? above : limit;
}

// Weights of four neighbours at t between the second (t = 0) and the third (t = 1): cubic convolution, a = -1/2.
template <typename T>
void cubic_weights(T t, T* w, int step) {
  w[0] = ((1.0f - 0.5f * t) * t - 0.5f) * t;
  w[step] = (1.5f * t - 2.5f) * t * t + 1.0f;
  w[2 * step] = ((2.0f - 1.5f * t) * t + 0.5f) * t;
  w[3 * step] = (0.5f * t - 0.5f) * t * t;
}

#if defined(__AVX512F__)
// Pixels of a vector mostly point to a stretch of two vectors on five rows: those are loaded whole and permuted, and
// then treated as in the loops of flow_warp. Returns false where they do not.
bool warp_stretch(const FlowImage& image, const Floats& px, const Floats& py, float* out) {
  constexpr int n = kLanes<float>;
  const Ints ix = __builtin_convertvector(px, Ints), iy = __builtin_convertvector(py, Ints);
  const auto differs = [](const Ints& a, int limit) {
    return _mm512_cmpgt_epu32_mask((__m512i)a, _mm512_set1_epi32(limit)) != 0;
  };
  const int base = at_least(at_most(ix[0] - n / 2, image.width + 2 - 2 * n), -1);
  const bool rises = _mm512_cmplt_epi32_mask((__m512i)iy, _mm512_set1_epi32(iy[0])) != 0;
  const int row = iy[0] - (rises ? 1 : 0);
  const Ints place = ix - (base + 1), lower = iy - row;
  if (differs(place, 2 * n - 4) || differs(lower, 1)) return false;
  const __mmask16 is_lower = _mm512_cmpgt_epi32_mask((__m512i)lower, _mm512_setzero_si512());
  Floats left[5], right[5], across[4], down[4], column[4];
  for (int k = 0; k < 5; ++k) {
    const float* line = image.origin + at_most(row - 1 + k, image.height + 1) * image.stride + base;
    left[k] = load<Floats>(line);
    right[k] = load<Floats>(line + n);
  }
  cubic_weights(px - __builtin_convertvector(ix, Floats), across, 1);
  cubic_weights(py - __builtin_convertvector(iy, Floats), down, 1);
  for (int j = 0; j < 4; ++j) {
    Floats rows[5];
    for (int k = 0; k < 5; ++k) {
      rows[k] = (Floats)_mm512_permutex2var_ps((__m512)left[k], (__m512i)(place + j), (__m512)right[k]);
    }
    for (int k = 0; k < 4; ++k) {
      rows[k] = (Floats)_mm512_mask_mov_ps((__m512)rows[k], is_lower, (__m512)rows[k + 1]) * down[k];
    }
    column[j] = (rows[0] + rows[1]) + (rows[2] + rows[3]);
  }
  store(out, (across[0] * column[0] + across[1] * column[1]) + (across[2] * column[2] + across[3] * column[3]));
  return true;
}
#endif

}  // namespace

void flow_shrink_columns(const float* row, int width, float* out) {
  const auto blur = [&](int x, int left2, int left1, int right1, int right2) {
    const float far = row[left2] + row[right2];
    const float near = row[left1] + row[right1];
    out[x] = (far + 4.0f * near + 6.0f * row[2 * x]) * (1.0f / 16);
  };
  const int small = (width + 1) / 2;
  const int inside = at_least(at_most((width - 1) / 2, small), 1);  // from here on the right neighbours are missing
  const auto at_border = [&](int x) {
    blur(x, at_least(2 * x - 2, 0), at_least(2 * x - 1, 0), at_most(2 * x + 1, width - 1),
         at_most(2 * x + 2, width - 1));
  };
  at_border(0);
  for (int x = 1; x < inside; ++x) blur(x, 2 * x - 2, 2 * x - 1, 2 * x + 1, 2 * x + 2);
  for (int x = inside; x < small; ++x) at_border(x);
}

void flow_shrink_rows(const float* const* rows, int width, float* out) {
  for (int x = 0; x < width; ++x) {
    const float far = rows[0][x] + rows[4][x];
    const float near = rows[1][x] + rows[3][x];
    out[x] = (far + 4.0f * near + 6.0f * rows[2][x]) * (1.0f / 16);
  }
}

void flow_enlarge(const float* top, const float* bottom, int columns, int width, float* out) {
  const int pairs = at_most(width / 2, columns - 1);
  for (int x = 0; x < pairs; ++x) {
    const float here = top[x] + bottom[x];
    const float next = top[x + 1] + bottom[x + 1];
    out[2 * x] = 0.5f * (here + here);
    out[2 * x + 1] = 0.5f * (here + next);
  }
  const float last = top[columns - 1] + bottom[columns - 1];
  for (int x = 2 * pairs; x < width; ++x) out[x] = 0.5f * (last + last);
}

void flow_warp(const FlowImage& image, int y, const float* u, const float* v, float* out) {
  const auto far_x = static_cast<float>(image.width - 1);
  const auto far_y = static_cast<float>(image.height - 1);
  std::ptrdiff_t place[block];
  float px[block], py[block], across[4 * block], down[4 * block], columns[4 * block];
  for (int first = 0; first < image.width; first += block) {
    const int count = at_most(image.width - first, block);
    for (int i = 0; i < count; ++i) {
      px[i] = within(static_cast<float>(first + i) + u[first + i], far_x);
      py[i] = within(static_cast<float>(y) + v[first + i], far_y);
    }
#if defined(__AVX512F__)
    const bool wide = count == block && image.width + 3 >= 2 * block;
    if (wide && warp_stretch(image, load<Floats>(px), load<Floats>(py), out + first)) continue;
#endif
    for (int i = 0; i < count; ++i) {
      const int ix = static_cast<int>(px[i]);
      const int iy = static_cast<int>(py[i]);
      place[i] = (iy - 1) * image.stride + (ix - 1);
      cubic_weights(px[i] - static_cast<float>(ix), across + i, block);
      cubic_weights(py[i] - static_cast<float>(iy), down + i, block);
    }
    for (int i = 0; i < count; ++i) {  // four columns of a pixel at once
      const float* at = image.origin + place[i];
      Four rows[4];
      for (int k = 0; k < 4; ++k) rows[k] = *reinterpret_cast<const Four*>(at + k * image.stride) * down[k * block + i];
      *reinterpret_cast<Four*>(columns + 4 * i) = (rows[0] + rows[1]) + (rows[2] + rows[3]);
    }
    for (int i = 0; i < count; ++i) {
      const float* c = columns + 4 * i;
      out[first + i] =
          (across[i] * c[0] + across[block + i] * c[1]) + (across[2 * block + i] * c[2] + across[3 * block + i] * c[3]);
    }
  }
}

void flow_mean(const float* a, const float* b, int width, float* out) {
  for (int x = 0; x < width; ++x) out[x] = 0.5f * (a[x] + b[x]);
}

void flow_gradients(const float* const* rows, int width, float* gx, float* gy) {
  const float* row = rows[2];
  for (int x = 0; x < width; ++x) {
    gx[x] = (8.0f * (row[x + 1] - row[x - 1]) - (row[x + 2] - row[x - 2])) * (1.0f / 12);
  }
  for (int x = 0; x < width; ++x) {
    const float near = rows[3][x] - rows[1][x];
    const float far = rows[4][x] - rows[0][x];
    gy[x] = (8.0f * near - far) * (1.0f / 12);
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
