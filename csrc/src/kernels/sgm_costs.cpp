#include "kernels/sgm.hpp"
#include "kernels/sgm_step.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

#if defined(__AVX512BITALG__)
constexpr int plane_bits = 8;
struct Differing {  // how many bits of a plane differ from `word`
  Vector word;
  explicit Differing(std::uint8_t left) : word(splat(left)) {}
  Vector operator()(Vector right) const { return _mm512_popcnt_epi8(_mm512_xor_si512(word, right)); }
};
#elif defined(__AVX2__)
constexpr int plane_bits = 4;
alignas(16) constexpr std::uint8_t set_bits[16] = {0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4};
struct Differing {  // a table of the answers for the sixteen right planes there can be
  Vector answers;
  explicit Differing(std::uint8_t left) {
    const __m128i order = _mm_set_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m128i counts = _mm_load_si128(reinterpret_cast<const __m128i*>(set_bits));
    const __m128i turned = _mm_xor_si128(order, _mm_set1_epi8(static_cast<char>(left)));
    answers = _mm256_broadcastsi128_si256(_mm_shuffle_epi8(counts, turned));
  }
  Vector operator()(Vector right) const { return _mm256_shuffle_epi8(answers, right); }
};
#else
constexpr int plane_bits = 8;
struct Differing {
  std::uint8_t word;
  explicit Differing(std::uint8_t left) : word(left) {}
  Vector operator()(Vector right) const {
    return each_byte([&](int i) {
      auto bits = static_cast<std::uint8_t>(word ^ right.byte[i]);
      bits = static_cast<std::uint8_t>(bits - ((bits >> 1) & 0x55));
      bits = static_cast<std::uint8_t>((bits & 0x33) + ((bits >> 2) & 0x33));
      return (bits + (bits >> 4)) & 0x0f;
    });
  }
};
#endif

// 0 in every lane before `first`, 255 from there on.
struct Edge {
  std::uint8_t byte[2 * lanes] = {};
  constexpr Edge() {
    for (int i = lanes; i < 2 * lanes; ++i) byte[i] = 255;
  }
};
constexpr Edge edge;
inline Vector from_lane(int first) {
  return load(edge.byte + lanes - (first < 0 ? 0 : (first > lanes ? lanes : first)));
}

// The first lane of vector k whose candidate is `candidate` or a later one.
inline int lane_of(int candidate, int k, int vectors) {
  return candidate <= k ? 0 : (candidate - k + vectors - 1) / vectors;
}

// Candidates there are none of.
template <int Vectors>
inline void mark_padding(int count, int any_vectors, std::uint8_t* costs) {
  const int vectors = Vectors > 0 ? Vectors : any_vectors;
  if (count == vectors * lanes) return;
  for (int k = 0; k < vectors; ++k) {
    store(costs + k * lanes, either(load(costs + k * lanes), from_lane(lane_of(count, k, vectors))));
  }
}

// A candidate outside the right image costs a third of the bits: more than a good match, less than a wrong one, which
// costs half. It never costs more than the mean of those inside: where nothing has texture, the border must not decide.
template <int Vectors>
void mend_border(const SGMCosts& source, int x, int any_vectors, std::uint8_t* costs) {
  const int vectors = Vectors > 0 ? Vectors : any_vectors;
  const int column = source.match + x;  // candidate i is column - i
  int inside = column - source.width + 1, beyond = column + 1;
  beyond = beyond < 0 ? 0 : (beyond > source.count ? source.count : beyond);
  inside = inside < 0 ? 0 : (inside > beyond ? beyond : inside);
  const auto seen = [&](int k) {
    return subtract(from_lane(lane_of(inside, k, vectors)), from_lane(lane_of(beyond, k, vectors)));
  };
  int neutral = source.neutral;
  if (inside < beyond) {
    std::uint32_t sum = 0;
    for (int k = 0; k < vectors; ++k) sum += sum_of_bytes(both(load(costs + k * lanes), seen(k)));
    const int mean = static_cast<int>(sum) / (beyond - inside);
    neutral = mean < neutral ? mean : neutral;
  }
  const Vector unseen = splat(static_cast<std::uint8_t>(neutral));
  for (int k = 0; k < vectors; ++k) {
    const Vector here = seen(k);
    store(costs + k * lanes, either(both(load(costs + k * lanes), here), subtract(unseen, both(unseen, here))));
  }
}

inline void volume_costs(const SGMCosts& source, int x, int vectors, std::uint8_t* costs) {
  const std::uint8_t* from = source.volume + x * source.volume_stride;
  for (int k = 0; k < vectors; ++k) {
    const int here = lane_of(source.count, k, vectors);
    for (int lane = 0; lane < here; ++lane) costs[k * lanes + lane] = from[lane * vectors + k];
  }
}

template <int Vectors>
inline void pixel_costs(const SGMCosts& source, int x, int any_vectors, std::uint8_t* costs) {
  const int vectors = Vectors > 0 ? Vectors : any_vectors;
  if (source.volume != nullptr) {
    volume_costs(source, x, vectors, costs);
    return mark_padding<Vectors>(source.count, vectors, costs);
  }
  constexpr int at_once = Vectors > 0 ? Vectors : 2;
  const int start = source.pixels - 1 - x;
  for (int first = 0; first < vectors; first += at_once) {
    Vector cost[at_once];
    std::ptrdiff_t place[at_once];
    for (int k = 0; k < at_once; ++k) {
      const int candidate = start + (first + k < vectors ? first + k : first);
      place[k] = std::ptrdiff_t{candidate % vectors} * source.right_pitch + candidate / vectors;
      cost[k] = splat(0);
    }
    for (int p = 0; p < source.planes; ++p) {
      const Differing differing(source.left[p * source.left_pitch + x]);
      const std::uint8_t* plane = source.right + std::ptrdiff_t{p} * vectors * source.right_pitch;
      for (int k = 0; k < at_once; ++k) cost[k] = add(cost[k], differing(load(plane + place[k])));
    }
    for (int k = 0; k < at_once && first + k < vectors; ++k) store(costs + (first + k) * lanes, cost[k]);
  }
  const int column = source.match + x;
  if (column - source.count + 1 < 0 || column >= source.width) mend_border<Vectors>(source, x, vectors, costs);
  mark_padding<Vectors>(source.count, vectors, costs);
}

template <int Vectors>
void costs_and_west(const SGMCosts& source, const SGMPath& west, std::uint8_t p1, std::uint8_t* costs) {
  constexpr std::ptrdiff_t pitch = Vectors * lanes;
  const int last = source.pixels - 1;
  Chain<Vectors> chain(west.before + last * pitch, west.least_before[last]);
  for (int x = last; x >= 0; --x) {
    pixel_costs<Vectors>(source, x, Vectors, costs + x * pitch);
    const auto smallest = least_byte(chain.advance(costs + x * pitch, west.jump[x], splat(p1)));
    chain.end(smallest);
    chain.keep(west.here + x * pitch);
    west.least[x] = first_of(smallest);
  }
}

template <int Vectors>
void split(const std::uint8_t* from, int width, int any_parts, int pitch, std::uint8_t* to) {
  const int parts = Vectors > 0 ? Vectors : any_parts;
  for (int part = 0; part < parts; ++part, to += pitch) {
    const int count = (width - part + parts - 1) / parts;
    for (int j = 0; j < count; ++j) to[j] = from[j * parts + part];
  }
}

}  // namespace

int census_plane_bits() { return plane_bits; }

void sgm_split(const std::uint8_t* from, int width, int parts, int pitch, std::uint8_t* to) {
  if (parts == 2) return split<2>(from, width, parts, pitch, to);
  if (parts == 3) return split<3>(from, width, parts, pitch, to);
  if (parts == 4) return split<4>(from, width, parts, pitch, to);
  split<0>(from, width, parts, pitch, to);
}

void sgm_costs(const SGMCosts& source, int begin, int end, int vectors, std::uint8_t* costs) {
  for (int x = begin; x < end; ++x, costs += vectors * lanes) {
    if (vectors == 1) {
      pixel_costs<1>(source, x, vectors, costs);
    } else if (vectors == 2) {
      pixel_costs<2>(source, x, vectors, costs);
    } else if (vectors == 3) {
      pixel_costs<3>(source, x, vectors, costs);
    } else if (vectors == 4) {
      pixel_costs<4>(source, x, vectors, costs);
    } else {
      pixel_costs<0>(source, x, vectors, costs);
    }
  }
}

void sgm_costs_and_west(const SGMCosts& source, const SGMPath& west, int vectors, std::uint8_t p1,
                        std::uint8_t* costs) {
  if (vectors == 1) return costs_and_west<1>(source, west, p1, costs);
  if (vectors == 2) return costs_and_west<2>(source, west, p1, costs);
  if (vectors == 3) return costs_and_west<3>(source, west, p1, costs);
  if (vectors == 4) return costs_and_west<4>(source, west, p1, costs);
  for (int x = source.pixels - 1; x >= 0; --x) {
    pixel_costs<0>(source, x, vectors, costs + std::ptrdiff_t{x} * vectors * lanes);
    west.least[x] = advance_pixel(west, x, costs, vectors, splat(p1));
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
