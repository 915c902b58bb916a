#pragma once

#include <cstdint>

// The lanes of lanes_u16.hpp in vectors of 16 bytes, which every machine has: for those without AVX2.
namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int lanes = 8;
using Lanes = std::uint16_t __attribute__((vector_size(16)));
using Chosen = std::int16_t __attribute__((vector_size(16)));
using Bytes = std::uint8_t __attribute__((vector_size(16)));
struct LanesPair {
  Lanes low, high;
};

template <typename To, typename From>
inline To loaded(const From* from) {
  To made;
  __builtin_memcpy(&made, from, sizeof made);
  return made;
}

inline Lanes load(const std::uint16_t* from) { return loaded<Lanes>(from); }
inline void store(std::uint16_t* to, Lanes a) { __builtin_memcpy(to, &a, sizeof a); }
inline Lanes every(std::uint16_t value) { return Lanes{} + value; }
inline Lanes add(Lanes a, Lanes b) { return a + b; }
inline Lanes subtract(Lanes a, Lanes b) { return a - b; }
inline Lanes smaller(Lanes a, Lanes b) { return a < b ? a : b; }
inline Lanes larger(Lanes a, Lanes b) { return a < b ? b : a; }
inline Lanes unite(Lanes a, Lanes b) { return a | b; }
inline Chosen at_most(Lanes a, Lanes b) { return a <= b; }
inline Chosen below(Lanes a, Lanes b) { return a < b; }
inline Chosen equal(Lanes a, Lanes b) { return a == b; }
inline Lanes choose(Chosen chosen, Lanes yes, Lanes no) { return chosen ? yes : no; }

template <int vectors>
inline Lanes merge(Lanes a, Lanes b) {
  constexpr int side = vectors / 2;  // runs of so many lanes, of a and b in turn
  Lanes low, high;
  for (int i = 0; i < lanes; ++i) {
    const int at = i / vectors * side + i % side;
    low[i] = i / side % 2 == 0 ? a[at] : b[at];
    high[i] = i / side % 2 == 0 ? a[at + lanes / 2] : b[at + lanes / 2];
  }
  return smaller(low, high);
}

inline Bytes load_bytes(const std::uint8_t* from) { return loaded<Bytes>(from); }
inline void store_bytes(std::uint8_t* to, Bytes a) { __builtin_memcpy(to, &a, sizeof a); }
inline Bytes every_byte(std::uint8_t value) { return Bytes{} + value; }
inline Bytes add_bytes(Bytes a, Bytes b) { return a + b; }
inline Bytes subtract_bytes(Bytes a, Bytes b) { return a - b; }
inline Bytes distance(Bytes a, Bytes b) { return (a < b ? b : a) - (a < b ? a : b); }
inline Bytes near_distance(Bytes a, Bytes b) { return distance(a, b); }

using HalfBytes = std::uint8_t __attribute__((vector_size(8)));
using SignedHalfBytes = std::int8_t __attribute__((vector_size(8)));
template <typename Half>
inline LanesPair widen_as(Bytes a) {
  Half halves[2];
  __builtin_memcpy(halves, &a, sizeof a);
  return {(Lanes) __builtin_convertvector(halves[0], Chosen), (Lanes) __builtin_convertvector(halves[1], Chosen)};
}
inline LanesPair widen(Bytes a) { return widen_as<HalfBytes>(a); }
inline LanesPair widen_signed(Bytes a) { return widen_as<SignedHalfBytes>(a); }

}  // namespace
}  // namespace geomvision::kernels::GEOMVISION_ISA
