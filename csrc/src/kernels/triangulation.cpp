#include "kernels/triangulation.hpp"

#include "kernels/double_lanes.hpp"
#include "kernels/past_caches.hpp"
// after the lanes
#include "geometry/point_of_two.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int tile = 128;  // points that are worked on at a time: they stay in the first cache

struct alignas(64) Rows {
  double pixels[4][tile], point[3][tile], error[2][tile], angle[1][tile], covariance[6][tile], reason[tile];
};

[[gnu::always_inline]] inline Pixel<Doubles> pixel(const double (*rows)[tile], int i) {
  return {load<Doubles>(rows[0] + i), load<Doubles>(rows[1] + i)};
}

// Lanes beyond the last point repeat what is there: numbers, whatever they are.
template <typename T>
[[gnu::always_inline]] inline void take(const T* points0, const T* points1, int count, Rows& rows) {
  to_rows<2>(points0, count, rows.pixels);
  to_rows<2>(points1, count, rows.pixels + 2);
  for (int i = count; i < tile && i % double_lanes != 0; ++i) {
    for (auto& row : rows.pixels) row[i] = 0;
  }
}

template <int axes, typename T>
[[gnu::always_inline]] inline void give_rows(const double (*rows)[tile], int count, bool past_caches, T* out) {
  if (!past_caches) return from_rows<axes>(rows, count, out);
  alignas(64) T packed[axes * tile];
  from_rows<axes>(rows, count, packed);
  copy_past_caches(packed, axes * count, out);
}

template <typename T>
[[gnu::always_inline]] inline void give_covariances(const Rows& rows, int count, bool past_caches, T* out) {
  constexpr int entries[] = {0, 1, 2, 1, 3, 4, 2, 4, 5};
  alignas(64) T packed[9 * tile];
  for (int i = 0; i < count; ++i) {
    for (int k = 0; k < 9; ++k) packed[9 * i + k] = static_cast<T>(rows.covariance[entries[k]][i]);
  }
  if (past_caches) return copy_past_caches(packed, 9 * count, out);
  __builtin_memcpy(out, packed, sizeof(T) * 9 * static_cast<std::size_t>(count));
}

// Bytes may lie anywhere, so the compiler has to be told that they do not lie in the row.
[[gnu::always_inline]] inline void give_reasons(const double* __restrict row, int count, std::uint8_t* __restrict out) {
  for (int i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>(static_cast<int>(row[i]));
}

template <typename T>
[[gnu::always_inline]] inline void give(const Rows& rows, const PointArrays<T>& arrays, std::ptrdiff_t at, int count) {
  if (arrays.points != nullptr) give_rows<3>(rows.point, count, arrays.past_caches, arrays.points + 3 * at);
  if (arrays.errors != nullptr) give_rows<2>(rows.error, count, arrays.past_caches, arrays.errors + 2 * at);
  if (arrays.angle != nullptr) give_rows<1>(rows.angle, count, arrays.past_caches, arrays.angle + at);
  if (arrays.covariance != nullptr) give_covariances(rows, count, arrays.past_caches, arrays.covariance + 9 * at);
  if (arrays.reasons != nullptr) give_reasons(rows.reason, count, arrays.reasons + at);
}

template <typename T>
[[gnu::always_inline]] inline void triangulate(const geometry::TwoViews& views, const geometry::PointRules& rules,
                                               const PointArrays<T>& arrays, std::ptrdiff_t begin, std::ptrdiff_t end) {
  const Wanted wanted = wanted_of(arrays, rules);
  Rows rows;
  for (std::ptrdiff_t at = begin; at < end; at += tile) {
    const int count = static_cast<int>(end - at < tile ? end - at : tile);
    take(arrays.points0 + 2 * at, arrays.points1 + 2 * at, count, rows);
    for (int i = 0; i < count; i += double_lanes) {
      const PointFound<Doubles> found =
          point_of_two(views, rules, wanted, pixel(rows.pixels, i), pixel(rows.pixels + 2, i));
      store(rows.point[0] + i, found.point.x);
      store(rows.point[1] + i, found.point.y);
      store(rows.point[2] + i, found.point.z);
      store(rows.reason + i, found.reason);
      if (wanted.errors) {
        store(rows.error[0] + i, found.error0);
        store(rows.error[1] + i, found.error1);
      }
      if (wanted.angle) store(rows.angle[0] + i, found.angle);
      for (int k = 0; k < 6 && wanted.covariance; ++k) store(rows.covariance[k] + i, found.covariance[k]);
    }
    give(rows, arrays, at, count);
  }
}

template <typename T>
[[gnu::always_inline]] inline void correct_all(const double* F, const T* points0, const T* points1, T* corrected0,
                                               T* corrected1, std::ptrdiff_t all, bool past_caches) {
  Rows rows;
  for (std::ptrdiff_t at = 0; at < all; at += tile) {
    const int count = static_cast<int>(all - at < tile ? all - at : tile);
    take(points0 + 2 * at, points1 + 2 * at, count, rows);
    for (int i = 0; i < count; i += double_lanes) {
      Pixel<Doubles> p0 = pixel(rows.pixels, i), p1 = pixel(rows.pixels + 2, i);
      correct_or_lose(F, p0, p1);
      store(rows.pixels[0] + i, p0.x);
      store(rows.pixels[1] + i, p0.y);
      store(rows.pixels[2] + i, p1.x);
      store(rows.pixels[3] + i, p1.y);
    }
    give_rows<2>(rows.pixels, count, past_caches, corrected0 + 2 * at);
    give_rows<2>(rows.pixels + 2, count, past_caches, corrected1 + 2 * at);
  }
}

}  // namespace

void triangulate_f32(const geometry::TwoViews& views, const geometry::PointRules& rules,
                     const PointArrays<float>& arrays, std::ptrdiff_t begin, std::ptrdiff_t end) {
  triangulate(views, rules, arrays, begin, end);
}

void triangulate_f64(const geometry::TwoViews& views, const geometry::PointRules& rules,
                     const PointArrays<double>& arrays, std::ptrdiff_t begin, std::ptrdiff_t end) {
  triangulate(views, rules, arrays, begin, end);
}

void correct_matches_f32(const double* F, const float* points0, const float* points1, float* corrected0,
                         float* corrected1, std::ptrdiff_t count, bool past_caches) {
  correct_all(F, points0, points1, corrected0, corrected1, count, past_caches);
}

void correct_matches_f64(const double* F, const double* points0, const double* points1, double* corrected0,
                         double* corrected1, std::ptrdiff_t count, bool past_caches) {
  correct_all(F, points0, points1, corrected0, corrected1, count, past_caches);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
