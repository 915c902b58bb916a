#include "kernels/plane_sweep.hpp"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-trapping-math")  // else the loop over floats stays scalar
#endif

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int one = 128;  // fractions of a pixel

// Of the four bytes, weighted by the way to the right and down, in units of 1 / one^2; 64 of them are 1 / 256.
inline int between(std::uint32_t corners, int right, int down) {
  const int a = static_cast<int>(corners & 255U), b = static_cast<int>((corners >> 8) & 255U);
  const int c = static_cast<int>((corners >> 16) & 255U), d = static_cast<int>(corners >> 24);
  return ((a * (one - right) + b * right) * (one - down) + (c * (one - right) + d * right) * down) >> 6;
}

template <bool masked>
void look_up(const SweepRow& row, std::uint16_t* __restrict grey, std::uint8_t* __restrict inside) {
  const float* __restrict rx = row.x, * __restrict ry = row.y, * __restrict rz = row.z;
  const std::uint32_t* __restrict corners = row.corners, * __restrict known = row.known;
  const float m0 = row.M[0], m1 = row.M[1], m2 = row.M[2], m3 = row.M[3], m4 = row.M[4], m5 = row.M[5];
  const float m6 = row.M[6], m7 = row.M[7], m8 = row.M[8], b0 = row.b[0], b1 = row.b[1], b2 = row.b[2];
  const auto most_x = static_cast<float>(row.width - 1), most_y = static_cast<float>(row.height - 1);
  const int width = row.width;
  for (int i = 0; i < row.count; ++i) {
    const float z = (m6 * rx[i] + m7 * ry[i] + m8 * rz[i]) + b2, scale = 1.0f / z;
    const float x = ((m0 * rx[i] + m1 * ry[i] + m2 * rz[i]) + b0) * scale;
    const float y = ((m3 * rx[i] + m4 * ry[i] + m5 * rz[i]) + b1) * scale;
    const bool there = (z > 0.0f) & (x >= 0.0f) & (x <= most_x) & (y >= 0.0f) & (y <= most_y);
    const float over_x = x > 0.0f ? x : 0.0f, over_y = y > 0.0f ? y : 0.0f;  // NaN becomes 0
    const float near_x = over_x < most_x ? over_x : most_x, near_y = over_y < most_y ? over_y : most_y;
    const int column = static_cast<int>(near_x), line = static_cast<int>(near_y);
    const int right = static_cast<int>((near_x - static_cast<float>(column)) * 128.0f + 0.5f);
    const int down = static_cast<int>((near_y - static_cast<float>(line)) * 128.0f + 0.5f);
    const int at = line * width + column;
    const bool seen = masked ? there & (known[at] == 0xffffffffU) : there;
    grey[i] = static_cast<std::uint16_t>(between(corners[at], right, down));
    inside[i] = seen ? 255 : 0;
  }
}

// How many bits of each byte are set.
inline std::uint64_t bits_of_bytes(std::uint64_t v) {
  v -= (v >> 1) & 0x5555555555555555U;
  v = (v & 0x3333333333333333U) + ((v >> 2) & 0x3333333333333333U);
  return (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fU;
}

inline std::uint64_t eight_bytes(const std::uint8_t* at) {
  std::uint64_t value;
  __builtin_memcpy(&value, at, 8);
  return value;
}

}  // namespace

void sweep_look_up(const SweepRow& row, std::uint16_t* __restrict grey, std::uint8_t* __restrict inside) {
  if (row.known != nullptr) {
    look_up<true>(row, grey, inside);
  } else {
    look_up<false>(row, grey, inside);
  }
}

void sweep_differences(const std::uint8_t* words0, const std::uint8_t* words1, int pitch, const std::uint8_t* inside,
                       int count, std::uint8_t* __restrict bits) {
  for (int i = 0; i < count; i += 8) {
    std::uint64_t sum = 0;
#pragma GCC unroll 8
    for (int plane = 0; plane < 8; ++plane) {
      const std::ptrdiff_t at = std::ptrdiff_t{plane} * pitch + i;
      sum += bits_of_bytes(eight_bytes(words0 + at) ^ eight_bytes(words1 + at));
    }
    sum |= ~eight_bytes(inside + i);
    __builtin_memcpy(bits + i, &sum, 8);
  }
}

void sweep_best_half(std::uint8_t* bits, int pitch, int sources, int count, std::uint8_t unseen, std::uint16_t* total,
                     std::uint8_t* seen, std::uint8_t* best) {
  for (int i = 0; i < count; ++i) {
    total[i] = 0;
    seen[i] = 0;
    best[i] = unseen;
  }
  for (int s = 0; s < sources; ++s) {
    const std::uint8_t* __restrict cost = bits + std::ptrdiff_t{s} * pitch;
    for (int i = 0; i < count; ++i) seen[i] = static_cast<std::uint8_t>(seen[i] + (cost[i] < 255 ? 1 : 0));
  }
  for (int rank = 0; rank < (sources + 1) / 2; ++rank) {  // the smallest of those left comes to the front
    for (int s = sources - 1; s > rank; --s) {
      std::uint8_t* __restrict far = bits + std::ptrdiff_t{s} * pitch;
      std::uint8_t* __restrict near = far - pitch;
      for (int i = 0; i < count; ++i) {
        const std::uint8_t a = near[i], b = far[i];
        near[i] = a < b ? a : b;
        far[i] = a < b ? b : a;
      }
    }
    const std::uint8_t* __restrict front = bits + std::ptrdiff_t{rank} * pitch;
    const int half = rank + 1;
    const auto inverse = static_cast<std::uint32_t>((65536 + half - 1) / half);  // exact for what 32 costs can sum to
    for (int i = 0; i < count; ++i) {
      total[i] = static_cast<std::uint16_t>(total[i] + front[i]);
      const std::uint32_t rounded = total[i] + static_cast<std::uint32_t>(half / 2);
      const bool this_many = (seen[i] == 2 * half) | (seen[i] == 2 * half - 1);
      best[i] = this_many ? static_cast<std::uint8_t>((rounded * inverse) >> 16) : best[i];
    }
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
