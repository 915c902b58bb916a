#include "kernels/winners.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

// Costs as integers in the same order, and the largest of them, which stands for "no candidate".
inline std::uint8_t ordered(std::uint8_t cost) { return cost; }
inline std::uint16_t ordered(std::uint16_t cost) { return cost; }
inline std::int32_t ordered(std::int32_t cost) { return cost; }

// A float's bits count up from 0 as it grows, and down as it falls below. Infinity and NaN are none.
inline std::int32_t ordered(float cost) {
  const float positive_zero = cost + 0.0f;
  std::int32_t bits;
  __builtin_memcpy(&bits, &positive_zero, sizeof bits);
  return cost <= 3.402823466e38f ? bits ^ ((bits >> 31) & 0x7fffffff) : 0x7fffffff;
}

inline void restore(std::uint8_t order, std::uint8_t& cost) { cost = order; }
inline void restore(std::uint16_t order, std::uint16_t& cost) { cost = order; }
inline void restore(std::int32_t order, std::int32_t& cost) { cost = order; }
inline void restore(std::int32_t order, float& cost) {
  const std::int32_t bits = order == 0x7fffffff ? 0x7f800000 : order ^ ((order >> 31) & 0x7fffffff);
  __builtin_memcpy(&cost, &bits, sizeof bits);
}

// A key is a cost with its place below it: the smallest key is the first of the smallest costs.
template <typename T>
struct Form;
template <>
struct Form<std::uint8_t> {
  using Order = std::uint8_t;
  using Key = std::uint32_t;
  static constexpr int bits = 16;
  static constexpr Order none = 0xff;
};
template <>
struct Form<std::uint16_t> {
  using Order = std::uint16_t;
  using Key = std::uint32_t;
  static constexpr int bits = 16;
  static constexpr Order none = 0xffff;
};
template <>
struct Form<std::int32_t> {
  using Order = std::int32_t;
  using Key = std::int64_t;
  static constexpr int bits = 32;
  static constexpr Order none = 0x7fffffff;
};
template <>
struct Form<float> : Form<std::int32_t> {};

template <typename T>
inline typename Form<T>::Key key_of(T cost, int k) {
  using Key = typename Form<T>::Key;
  return static_cast<Key>(ordered(cost)) * (Key(1) << Form<T>::bits) + static_cast<Key>(k);
}

template <typename T>
void left_row(const T* volume, std::ptrdiff_t apart, int width, int count, int first, float* winners, T* cost,
              T* second) {
  using F = Form<T>;
  using Key = typename F::Key;
  for (int x = 0; x < width; ++x) {
    const T* costs = volume + x * apart;
    Key least = key_of(costs[0], 0);
    for (int k = 1; k < count; ++k) {
      const Key key = key_of(costs[k], k);
      least = key < least ? key : least;
    }
    const auto order = static_cast<typename F::Order>(least >> F::bits);
    const int winner = static_cast<int>(least & ((Key(1) << F::bits) - 1));
    std::int32_t other = F::none;
    for (int k = 0; k < count; ++k) {
      const std::int32_t candidate = ordered(costs[k]);
      const bool apart_from_it = static_cast<unsigned>(k - winner + 1) > 2;
      other = apart_from_it && candidate < other ? candidate : other;
    }
    restore(order, cost[x]);
    restore(static_cast<typename F::Order>(other), second[x]);
    winners[x] = order == F::none ? __builtin_nanf("") : static_cast<float>(first + winner);
  }
}

// Left pixel x offers its costs to the right pixels x - first - k, which lie side by side in mirrored keys.
template <typename T>
void right_row(const T* volume, std::ptrdiff_t apart, int width, int count, int first, typename Form<T>::Key* keys,
               float* winners) {
  using F = Form<T>;
  using Key = typename F::Key;
  const Key nothing = static_cast<Key>(F::none) * (Key(1) << F::bits);
  for (int i = 0; i < width; ++i) keys[i] = nothing;
  for (std::int64_t x = 0; x < width; ++x) {
    const std::int64_t nearest = x - first;  // the match of candidate 0
    const std::int64_t begin = nearest >= width ? nearest - width + 1 : 0,
                       end = nearest + 1 < count ? nearest + 1 : count;
    if (begin >= end) continue;
    Key* __restrict offered = keys + (width - 1 - nearest);
    const T* __restrict costs = volume + x * apart;
    for (int k = static_cast<int>(begin); k < static_cast<int>(end); ++k) {
      const Key key = key_of(costs[k], k);
      offered[k] = key < offered[k] ? key : offered[k];
    }
  }
  for (int x = 0; x < width; ++x) {
    const Key key = keys[width - 1 - x];
    const int k = static_cast<int>(key & ((Key(1) << F::bits) - 1));
    winners[x] = (key >> F::bits) == F::none ? __builtin_nanf("") : static_cast<float>(first + k);
  }
}

}  // namespace

#define GEOMVISION_WINNERS(T, Key, suffix)                                                                       \
  void winners_##suffix(const T* volume, std::ptrdiff_t apart, int width, int count, int first, float* winners,  \
                        T* cost, T* second) {                                                                    \
    left_row(volume, apart, width, count, first, winners, cost, second);                                         \
  }                                                                                                              \
  void right_winners_##suffix(const T* volume, std::ptrdiff_t apart, int width, int count, int first, Key* keys, \
                              float* winners) {                                                                  \
    right_row(volume, apart, width, count, first, keys, winners);                                                \
  }

GEOMVISION_WINNERS(std::uint8_t, std::uint32_t, u8)
GEOMVISION_WINNERS(std::uint16_t, std::uint32_t, u16)
GEOMVISION_WINNERS(std::int32_t, std::int64_t, i32)
GEOMVISION_WINNERS(float, std::int64_t, f32)

}  // namespace geomvision::kernels::GEOMVISION_ISA
