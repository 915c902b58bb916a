#pragma once

#include <cstdint>

// The lanes of lanes_u16.hpp as plain loops, for machines without AVX2.
namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int lanes = 8;
struct Lanes {
  std::uint16_t at[lanes];
};
struct Chosen {
  bool at[lanes];
};
struct Bytes {
  std::uint8_t at[2 * lanes];
};
struct LanesPair {
  Lanes low, high;
};

template <typename To, typename Make>
inline To each(const Make& make) {
  To made;
  for (int i = 0; i < lanes; ++i) made.at[i] = make(i);
  return made;
}

inline std::uint16_t low_bits(int value) { return static_cast<std::uint16_t>(value); }
inline Lanes load(const std::uint16_t* from) {
  return each<Lanes>([&](int i) { return from[i]; });
}
inline void store(std::uint16_t* to, const Lanes& a) {
  for (int i = 0; i < lanes; ++i) to[i] = a.at[i];
}
inline Lanes every(std::uint16_t value) {
  return each<Lanes>([&](int) { return value; });
}
inline Lanes add(const Lanes& a, const Lanes& b) {
  return each<Lanes>([&](int i) { return low_bits(a.at[i] + b.at[i]); });
}
inline Lanes subtract(const Lanes& a, const Lanes& b) {
  return each<Lanes>([&](int i) { return low_bits(a.at[i] - b.at[i]); });
}
inline Lanes smaller(const Lanes& a, const Lanes& b) {
  return each<Lanes>([&](int i) { return a.at[i] < b.at[i] ? a.at[i] : b.at[i]; });
}
inline Lanes larger(const Lanes& a, const Lanes& b) {
  return each<Lanes>([&](int i) { return a.at[i] < b.at[i] ? b.at[i] : a.at[i]; });
}
inline Lanes unite(const Lanes& a, const Lanes& b) {
  return each<Lanes>([&](int i) { return low_bits(a.at[i] | b.at[i]); });
}
inline Chosen at_most(const Lanes& a, const Lanes& b) {
  return each<Chosen>([&](int i) { return a.at[i] <= b.at[i]; });
}
inline Chosen below(const Lanes& a, const Lanes& b) {
  return each<Chosen>([&](int i) { return a.at[i] < b.at[i]; });
}
inline Chosen equal(const Lanes& a, const Lanes& b) {
  return each<Chosen>([&](int i) { return a.at[i] == b.at[i]; });
}
inline Lanes choose(const Chosen& chosen, const Lanes& yes, const Lanes& no) {
  return each<Lanes>([&](int i) { return chosen.at[i] ? yes.at[i] : no.at[i]; });
}
template <int vectors>
inline Lanes merge(const Lanes& a, const Lanes& b) {
  constexpr int side = vectors / 2;  // runs of so many lanes, of a and b in turn
  return each<Lanes>([&](int i) {
    const Lanes& from = i / side % 2 == 0 ? a : b;
    const int at = i / vectors * side + i % side;
    return from.at[at] < from.at[at + lanes / 2] ? from.at[at] : from.at[at + lanes / 2];
  });
}

template <typename Make>
inline Bytes each_byte(const Make& make) {
  Bytes made;
  for (int i = 0; i < 2 * lanes; ++i) made.at[i] = static_cast<std::uint8_t>(make(i));
  return made;
}

inline Bytes load_bytes(const std::uint8_t* from) {
  return each_byte([&](int i) { return from[i]; });
}
inline void store_bytes(std::uint8_t* to, const Bytes& a) {
  for (int i = 0; i < 2 * lanes; ++i) to[i] = a.at[i];
}
inline Bytes every_byte(std::uint8_t value) {
  return each_byte([&](int) { return value; });
}
inline Bytes add_bytes(const Bytes& a, const Bytes& b) {
  return each_byte([&](int i) { return a.at[i] + b.at[i]; });
}
inline Bytes subtract_bytes(const Bytes& a, const Bytes& b) {
  return each_byte([&](int i) { return a.at[i] - b.at[i]; });
}
inline Bytes distance(const Bytes& a, const Bytes& b) {
  return each_byte([&](int i) { return a.at[i] < b.at[i] ? b.at[i] - a.at[i] : a.at[i] - b.at[i]; });
}
inline Bytes near_distance(const Bytes& a, const Bytes& b) { return distance(a, b); }
inline LanesPair widen(const Bytes& a) {
  return {each<Lanes>([&](int i) { return low_bits(a.at[i]); }),
          each<Lanes>([&](int i) { return low_bits(a.at[lanes + i]); })};
}
inline LanesPair widen_signed(const Bytes& a) {
  return {each<Lanes>([&](int i) { return low_bits(static_cast<std::int8_t>(a.at[i])); }),
          each<Lanes>([&](int i) { return low_bits(static_cast<std::int8_t>(a.at[lanes + i])); })};
}

}  // namespace
}  // namespace geomvision::kernels::GEOMVISION_ISA
