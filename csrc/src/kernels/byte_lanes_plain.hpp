#pragma once

#include <cstdint>

// `byte_lanes.hpp` in 16 bytes in plain loops, which compilers turn into the vectors they have.

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int lanes = 16;

struct Vector {
  alignas(16) std::uint8_t byte[lanes];
};

struct Words {
  alignas(16) std::uint16_t word[lanes / 2];
};

template <typename To, typename From>
inline To same_bits(const From& from) {
  To to;
  __builtin_memcpy(&to, &from, sizeof(to));
  return to;
}

template <typename Operation>
inline Vector each_byte(const Operation& operation) {
  Vector result;
  for (int i = 0; i < lanes; ++i) result.byte[i] = static_cast<std::uint8_t>(operation(i));
  return result;
}

template <typename Operation>
inline Vector each_word(Vector a, Vector b, const Operation& operation) {
  const auto x = same_bits<Words>(a), y = same_bits<Words>(b);
  Words result;
  for (int i = 0; i < lanes / 2; ++i) result.word[i] = static_cast<std::uint16_t>(operation(x.word[i], y.word[i], i));
  return same_bits<Vector>(result);
}

inline Vector load(const void* from) {
  Vector v;
  __builtin_memcpy(&v, from, sizeof(v));
  return v;
}
inline void store(void* to, Vector v) { __builtin_memcpy(to, &v, sizeof(v)); }
inline Vector splat(std::uint8_t value) {
  return each_byte([&](int) { return value; });
}
inline Vector smaller(Vector a, Vector b) {
  return each_byte([&](int i) { return a.byte[i] < b.byte[i] ? a.byte[i] : b.byte[i]; });
}
inline Vector add_capped(Vector a, Vector b) {
  return each_byte([&](int i) {
    const auto room = static_cast<std::uint8_t>(~a.byte[i]);
    return static_cast<std::uint8_t>(a.byte[i] + (b.byte[i] < room ? b.byte[i] : room));
  });
}
inline Vector add(Vector a, Vector b) {
  return each_byte([&](int i) { return a.byte[i] + b.byte[i]; });
}
inline Vector subtract(Vector a, Vector b) {
  return each_byte([&](int i) { return a.byte[i] - b.byte[i]; });
}
inline Vector both(Vector a, Vector b) {
  return each_byte([&](int i) { return a.byte[i] & b.byte[i]; });
}
inline Vector either(Vector a, Vector b) {
  return each_byte([&](int i) { return a.byte[i] | b.byte[i]; });
}
inline Vector add_words(Vector a, Vector b) {
  return each_word(a, b, [](int x, int y, int) { return x + y; });
}
inline Vector subtract_words(Vector a, Vector b) {
  return each_word(a, b, [](int x, int y, int) { return x - y; });
}
inline Vector high_bytes(Vector v) {
  return each_word(v, v, [](int x, int, int) { return x >> 8; });
}
inline Vector raised_bytes(Vector v) {
  return each_word(v, v, [](int x, int, int) { return x << 8; });
}
inline Vector splat_word(std::uint16_t value) {
  return each_word(Vector{}, Vector{}, [&](int, int, int) { return value; });
}
inline Vector smaller_words(Vector a, Vector b) {
  return each_word(a, b, [](int x, int y, int) { return x < y ? x : y; });
}
inline Vector words_where_equal(Vector a, Vector b, Vector then) {
  const auto chosen = same_bits<Words>(then);
  return each_word(a, b, [&](int x, int y, int i) { return x == y ? chosen.word[i] : 65535; });
}
inline int first_equal_word(Vector a, Vector b) {
  const auto x = same_bits<Words>(a), y = same_bits<Words>(b);
  int first = 0;
  while (x.word[first] != y.word[first]) ++first;
  return first;
}
inline Vector words_where_less(Vector a, Vector b, Vector then, Vector otherwise) {
  const auto chosen = same_bits<Words>(then), other = same_bits<Words>(otherwise);
  return each_word(a, b, [&](int x, int y, int i) { return x < y ? chosen.word[i] : other.word[i]; });
}
inline Vector smaller_words_where_above_two(Vector a, Vector b, Vector then) {
  return smaller_words(b, each_word(a, then, [](int x, int y, int) { return x > 2 ? y : 65535; }));
}
// Lane i holds lane i - 1 of v, the first one 255; and the other way round.
inline Vector moved_up(Vector v) {
  return each_byte([&](int i) { return i > 0 ? v.byte[i - 1] : 255; });
}
inline Vector moved_down(Vector v) {
  return each_byte([&](int i) { return i + 1 < lanes ? v.byte[i + 1] : 255; });
}
// The same of words, the first one 65535; and the last word.
inline Vector words_moved_up(Vector v) {
  const auto from = same_bits<Words>(v);
  return each_word(v, v, [&](int, int, int i) { return i > 0 ? from.word[i - 1] : 65535; });
}
inline std::uint16_t last_word(Vector v) { return same_bits<Words>(v).word[lanes / 2 - 1]; }
inline std::uint32_t sum_of_bytes(Vector v) {
  std::uint32_t sum = 0;
  for (int i = 0; i < lanes; ++i) sum += v.byte[i];
  return sum;
}
inline std::uint16_t least_word(Vector v) {
  const auto words = same_bits<Words>(v);
  std::uint16_t least = words.word[0];
  for (int i = 1; i < lanes / 2; ++i) least = words.word[i] < least ? words.word[i] : least;
  return least;
}
inline Vector word_everywhere(std::uint16_t value) { return splat_word(value); }
inline std::uint16_t word_of(std::uint16_t value) { return value; }
inline std::uint8_t least_byte(Vector v) {
  for (int half = lanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) v.byte[i] = v.byte[i] < v.byte[i + half] ? v.byte[i] : v.byte[i + half];
  }
  return v.byte[0];
}
inline Vector first_everywhere(std::uint8_t value) { return splat(value); }
inline std::uint8_t first_of(std::uint8_t value) { return value; }
// The smallest bytes of four vectors, the first one's lowest.
inline std::uint32_t least_bytes(Vector a, Vector b, Vector c, Vector d) {
  const std::uint8_t least[4] = {least_byte(a), least_byte(b), least_byte(c), least_byte(d)};
  return static_cast<std::uint32_t>(least[0] | least[1] << 8 | least[2] << 16) | static_cast<std::uint32_t>(least[3])
                                                                                     << 24;
}

}  // namespace
}  // namespace geomvision::kernels::GEOMVISION_ISA
