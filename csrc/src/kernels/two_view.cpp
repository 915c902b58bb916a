#include "kernels/two_view.hpp"

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"  // GCC 12 finds them in its own intrinsics
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

// Sixteen floats or eight doubles at once on every instruction set, and sums in that order: results are equal on all.
namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

typedef float Floats __attribute__((vector_size(64)));
typedef double Doubles __attribute__((vector_size(64)));

template <typename V, typename T>
[[gnu::always_inline]] inline void load(V& lanes, const T* from) {
  __builtin_memcpy(&lanes, from, sizeof(V));
}

[[gnu::always_inline]] inline void take_root(Floats& v) {
#if defined(__AVX512F__)
  v = (Floats)_mm512_sqrt_ps((__m512)v);
#else
  for (int i = 0; i < 16; ++i) v[i] = __builtin_sqrtf(v[i]);
#endif
}

[[gnu::always_inline]] inline void take_root(Doubles& v) {
#if defined(__AVX512F__)
  v = (Doubles)_mm512_sqrt_pd((__m512d)v);
#else
  for (int i = 0; i < 8; ++i) v[i] = __builtin_sqrt(v[i]);
#endif
}

// What the Sampson error is made of: x1ᵀ M x0, the lines M x0 and Mᵀ x1, and the squared length of its gradient.
template <typename V>
struct Epipolar {
  V x0, y0, x1, y1, spread0, spread1, a, b, c, d, value, gradient;

  template <typename T>
  [[gnu::always_inline]] Epipolar(const T* px0, const T* py0, const T* px1, const T* py1, const T* ps0, const T* ps1,
                                  const T* m) {
    load(x0, px0);
    load(y0, py0);
    load(x1, px1);
    load(y1, py1);
    load(spread0, ps0);
    load(spread1, ps1);
    a = m[0] * x0 + m[1] * y0 + m[2];
    b = m[3] * x0 + m[4] * y0 + m[5];
    c = m[0] * x1 + m[3] * y1 + m[6];
    d = m[1] * x1 + m[4] * y1 + m[7];
    value = a * x1 + b * y1 + (m[6] * x0 + m[7] * y0 + m[8]);
    gradient = spread1 * (a * a + b * b) + spread0 * (c * c + d * d);
  }
};

[[gnu::always_inline]] inline Epipolar<Doubles> wide(const MatchColumns& m, int i, const double* matrix) {
  return {m.wide_x0 + i, m.wide_y0 + i, m.wide_x1 + i, m.wide_y1 + i, m.wide_spread0 + i, m.wide_spread1 + i, matrix};
}

[[gnu::always_inline]] inline double sum(const Doubles& v) {
  return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]));
}

template <int Parameters>
[[gnu::always_inline]] inline void normal_sums(const MatchColumns& matches, const double* matrix,
                                               const double* tangents, const MixtureWeights& weights,
                                               NormalSums* sums) {
  constexpr int pairs = Parameters * (Parameters + 1) / 2;
  Doubles jj[pairs] = {}, jr[Parameters] = {}, total = {}, squares = {}, inside = {};
  const double band_squared = weights.band * weights.band;
  for (int i = 0; i < matches.padded; i += 8) {
    const Epipolar<Doubles> e = wide(matches, i, matrix);
    const Doubles rr = e.value * e.value / e.gradient;
    const auto seen = rr < band_squared;  // not where NaN
    Doubles bell = 1.0 - rr * weights.per_sigma;
    bell = bell > 0.0 ? bell : Doubles{};
    for (int k = 0; k < 6; ++k) bell *= bell;
    Doubles prior;
    load(prior, weights.prior + i);
    bell *= weights.odds * prior;
    const Doubles weight = seen ? bell / (bell + 1.0) : Doubles{};
    // dr/dm = (x1 x0ᵀ − value/gradient · ½ d(gradient)/dm) / √gradient; the length is put in last.
    const Doubles inverse = seen ? 1.0 / e.gradient : Doubles{}, ratio = e.value * inverse;
    const Doubles ra = ratio * e.spread1 * e.a, rb = ratio * e.spread1 * e.b;
    const Doubles rc = ratio * e.spread0 * e.c, rd = ratio * e.spread0 * e.d;
    const Doubles slope[9] = {e.x1 * e.x0 - ra * e.x0 - rc * e.x1,
                              e.x1 * e.y0 - ra * e.y0 - rd * e.x1,
                              e.x1 - ra,
                              e.y1 * e.x0 - rb * e.x0 - rc * e.y1,
                              e.y1 * e.y0 - rb * e.y0 - rd * e.y1,
                              e.y1 - rb,
                              e.x0 - rc,
                              e.y0 - rd,
                              Doubles{} + 1.0};
    const Doubles scale = weight * inverse;
    Doubles j[Parameters];
    for (int p = 0; p < Parameters; ++p) {
      j[p] = Doubles{};
      for (int k = 0; k < 9; ++k) j[p] += slope[k] * tangents[9 * p + k];
      j[p] = scale > 0.0 ? j[p] : Doubles{};
    }
    int pair = 0;
    for (int p = 0; p < Parameters; ++p) {
      const Doubles weighted = j[p] * scale;
      jr[p] += scale > 0.0 ? weighted * e.value : Doubles{};
      for (int q = p; q < Parameters; ++q) jj[pair++] += weighted * j[q];
    }
    total += weight;
    squares += weight > 0.0 ? weight * rr : Doubles{};
    inside += seen ? Doubles{} + 1.0 : Doubles{};
  }
  for (int i = 0; i < pairs; ++i) sums->jj[i] = sum(jj[i]);
  for (int i = 0; i < Parameters; ++i) sums->jr[i] = sum(jr[i]);
  sums->weight = sum(total);
  sums->squares = sum(squares);
  sums->in_band = sum(inside);
}

}  // namespace

double sampson_gain(const MatchColumns& matches, const double* matrix, double band, double to_beat) {
  constexpr int block = 256;
  float m[9];
  for (int i = 0; i < 9; ++i) m[i] = static_cast<float>(matrix[i]);
  const auto per_band = static_cast<float>(1.0 / band);
  double gain = 0.0;
  for (int begin = 0; begin < matches.padded; begin += block) {
    const int end = begin + block < matches.padded ? begin + block : matches.padded;
    Floats sums = {};
    for (int i = begin; i < end; i += 16) {
      const Epipolar<Floats> e(matches.x0 + i, matches.y0 + i, matches.x1 + i, matches.y1 + i, matches.spread0 + i,
                               matches.spread1 + i, m);
      Floats left = e.value * e.value / e.gradient;
      take_root(left);
      left = 1.0f - left * per_band;
      sums += left > 0.0f ? left * left : Floats{};
    }
    for (int half = 8; half > 0; half /= 2) {
      for (int i = 0; i < half; ++i) sums[i] += sums[i + half];
    }
    gain += static_cast<double>(sums[0]);
    if (end >= matches.count) break;
    // A model as good as the one to beat would have its share by now, four standard deviations of it less at most.
    const double share = to_beat * end / matches.count;
    if (gain + (matches.count - end) <= to_beat || (share > gain && (share - gain) * (share - gain) > 16.0 * share)) {
      return gain < to_beat ? gain : to_beat;
    }
  }
  return gain;
}

void sampson_sums_5(const MatchColumns& matches, const double* matrix, const double* tangents,
                    const MixtureWeights& weights, NormalSums* sums) {
  normal_sums<5>(matches, matrix, tangents, weights, sums);
}

void sampson_sums_7(const MatchColumns& matches, const double* matrix, const double* tangents,
                    const MixtureWeights& weights, NormalSums* sums) {
  normal_sums<7>(matches, matrix, tangents, weights, sums);
}

void sampson_errors(const MatchColumns& matches, const double* matrix, double* errors) {
  for (int i = 0; i < matches.padded; i += 8) {
    const Epipolar<Doubles> e = wide(matches, i, matrix);
    Doubles error = e.gradient;
    take_root(error);
    error = e.value / error;
    __builtin_memcpy(errors + i, &error, sizeof error);
  }
}

// With |a| = |b| = |t| = 1 the triangle's sines tell |a x b| / |t x b|; b must lie on the way from a to t.
void ray_nearness(const RayColumns& rays, const double* rotation, const double* translation, double* nearness,
                  double* sine_squared) {
  const double *r = rotation, *t = translation;
  for (int i = 0; i < rays.padded; i += 8) {
    Doubles x, y, z, bx, by, bz;
    load(x, rays.x0 + i);
    load(y, rays.y0 + i);
    load(z, rays.z0 + i);
    load(bx, rays.x1 + i);
    load(by, rays.y1 + i);
    load(bz, rays.z1 + i);
    const Doubles ax = r[0] * x + r[1] * y + r[2] * z, ay = r[3] * x + r[4] * y + r[5] * z,
                  az = r[6] * x + r[7] * y + r[8] * z;
    const Doubles abx = ay * bz - az * by, aby = az * bx - ax * bz, abz = ax * by - ay * bx;
    const Doubles tbx = t[1] * bz - t[2] * by, tby = t[2] * bx - t[0] * bz, tbz = t[0] * by - t[1] * bx;
    const Doubles atx = ay * t[2] - az * t[1], aty = az * t[0] - ax * t[2], atz = ax * t[1] - ay * t[0];
    const Doubles way = abx * atx + aby * aty + abz * atz, beyond = abx * tbx + aby * tby + abz * tbz;
    const Doubles squared = abx * abx + aby * aby + abz * abz;
    Doubles under = tbx * tbx + tby * tby + tbz * tbz;
    under = under > 1e-30 ? under : Doubles{} + 1e-30;
    Doubles size = squared / under;
    take_root(size);
    size = (way > 0.0) & (beyond < 0.0) ? size : -size;
    __builtin_memcpy(nearness + i, &size, sizeof size);
    __builtin_memcpy(sine_squared + i, &squared, sizeof squared);
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
