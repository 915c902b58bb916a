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
#elif defined(__SSE2__)
constexpr int plane_bits = 8;
struct Differing {
  Vector word;
  explicit Differing(std::uint8_t left) : word(splat(left)) {}
  Vector operator()(Vector right) const {
    const auto masked = [](Vector v, std::uint8_t mask) { return _mm_and_si128(v, splat(mask)); };
    Vector bits = _mm_xor_si128(word, right);
    bits = subtract(bits, masked(_mm_srli_epi16(bits, 1), 0x55));
    bits = add(masked(bits, 0x33), masked(_mm_srli_epi16(bits, 2), 0x33));
    return masked(add(bits, _mm_srli_epi16(bits, 4)), 0x0f);
  }
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

#if defined(__AVX512BW__)
template <int Vectors>
constexpr int at_once = Vectors == 1 ? 4 : 2;  // pixels: with more, words of the right view are loaded less often
#else
template <int Vectors>
constexpr int at_once = 2;
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

// Of some pixels at once: what one of them compares with its candidate i, the one before does with i - 1.
template <int Vectors, int Pixels>
inline void census_costs(const SGMCosts& source, int x, std::uint8_t* costs) {
  constexpr int words = Pixels + Vectors - 1;
  Vector cost[Pixels][Vectors];
  for (auto& of_pixel : cost) {
    for (Vector& part : of_pixel) part = splat(0);
  }
  const std::uint8_t* right[words];  // from the candidate 0 of the last pixel on
  for (int i = 0; i < words; ++i) {
    const int candidate = source.pixels - x - Pixels + i;
    right[i] = source.right + std::ptrdiff_t{candidate % Vectors} * source.right_pitch + candidate / Vectors;
  }
  const std::uint8_t* left = source.left + x;
  std::ptrdiff_t plane = 0;
  for (int p = 0; p < source.planes; ++p, left += source.left_pitch) {
    Vector at[words];
    for (int i = 0; i < words; ++i) at[i] = load(right[i] + plane);
    for (int j = 0; j < Pixels; ++j) {
      const Differing differing(left[j]);
      for (int k = 0; k < Vectors; ++k) cost[j][k] = add(cost[j][k], differing(at[Pixels - 1 - j + k]));
    }
    plane += std::ptrdiff_t{Vectors} * source.right_pitch;
  }
  for (int j = 0; j < Pixels; ++j) {
    for (int k = 0; k < Vectors; ++k) store(costs + (j * Vectors + k) * lanes, cost[j][k]);
  }
}

// The same for any number of vectors.
inline void census_costs_any(const SGMCosts& source, int x, int vectors, std::uint8_t* costs) {
  const int start = source.pixels - 1 - x;
  for (int k = 0; k < vectors; ++k) {
    Vector cost = splat(0);
    const std::uint8_t* right =
        source.right + std::ptrdiff_t{(start + k) % vectors} * source.right_pitch + (start + k) / vectors;
    for (int p = 0; p < source.planes; ++p) {
      const Differing differing(source.left[p * source.left_pitch + x]);
      cost = add(cost, differing(load(right + std::ptrdiff_t{p} * vectors * source.right_pitch)));
    }
    store(costs + k * lanes, cost);
  }
}

// Costs of `pixels` <= at_once<Vectors> pixels.
template <int Vectors>
inline void some_costs(const SGMCosts& source, int x, int pixels, int any_vectors, std::uint8_t* costs) {
  const int vectors = Vectors > 0 ? Vectors : any_vectors;
  const std::ptrdiff_t pitch = std::ptrdiff_t{vectors} * lanes;
  if (source.volume != nullptr) {
    for (int j = 0; j < pixels; ++j) volume_costs(source, x + j, vectors, costs + j * pitch);
  } else if constexpr (Vectors > 0) {
    if (pixels == at_once<Vectors>) {
      census_costs<Vectors, at_once<Vectors>>(source, x, costs);
    } else {
      for (int j = 0; j < pixels; ++j) census_costs<Vectors, 1>(source, x + j, costs + j * pitch);
    }
  } else {
    for (int j = 0; j < pixels; ++j) census_costs_any(source, x + j, vectors, costs + j * pitch);
  }
  for (int j = 0; j < pixels; ++j) {
    const int column = source.match + x + j;
    const bool inside = column - source.count + 1 >= 0 && column < source.width;
    if (source.volume == nullptr && !inside) mend_border<Vectors>(source, x + j, vectors, costs + j * pitch);
    mark_padding<Vectors>(source.count, vectors, costs + j * pitch);
  }
}

template <int Vectors>
void all_costs(const SGMCosts& source, int begin, int end, int any_vectors, std::uint8_t* costs) {
  const std::ptrdiff_t pitch = std::ptrdiff_t{Vectors > 0 ? Vectors : any_vectors} * lanes;
  constexpr int most = at_once<Vectors>;
  for (int x = begin; x < end; x += most, costs += most * pitch) {
    some_costs<Vectors>(source, x, end - x < most ? end - x : most, any_vectors, costs);
  }
}

template <int Vectors>
void costs_and_west(const SGMCosts& source, int begin, int end, const SGMPath& west, std::uint8_t p1,
                    std::uint8_t* costs) {
  constexpr std::ptrdiff_t pitch = Vectors * lanes;
  const int last = end - begin - 1;
  Chain<Vectors> chain(west.before + last * pitch, west.least_before[last]);
  constexpr int most = at_once<Vectors>;
  for (int until = last + 1; until > 0; until -= most) {
    const int first = until > most ? until - most : 0;
    some_costs<Vectors>(source, begin + first, until - first, Vectors, costs + first * pitch);
    for (int x = until - 1; x >= first; --x) {
      const auto smallest = least_byte(chain.advance(costs + x * pitch, west.jump[x], splat(p1)));
      chain.end(smallest);
      chain.keep(west.here + x * pitch);
      west.least[x] = first_of(smallest);
    }
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

// Bytes of the right view that pixels of a row are compared with, in each of the parts that `sgm_split` makes.
inline int split_bytes(int pixels, int vectors) { return (pixels + vectors - 2) / vectors + lanes; }

inline void take_apart(const std::uint8_t* packed, int count, std::uint8_t* low, std::uint8_t* high) {
  for (int i = 0; i < count; ++i) {
    low[i] = packed[i] & 15;
    high[i] = packed[i] >> 4;
  }
}

// Pixels begin ... end - 1 of a row whose planes are packed, as a row of their own.
SGMCosts unpacked(const SGMCosts& source, int begin, int end, int vectors) {
  const int pixels = end - begin, behind = source.pixels - end;
  SGMCosts part = source;
  part.unpacked = nullptr;
  part.planes = 2 * source.planes;
  part.match += begin;
  part.pixels = pixels + behind % vectors;  // so that candidates stay in their parts
  part.left_pitch = pixels;
  part.right_pitch = split_bytes(part.pixels, vectors);
  std::uint8_t *left = source.unpacked, *right = left + std::ptrdiff_t{part.planes} * pixels;
  part.left = left;
  part.right = right;
  for (int p = 0; p < source.planes; ++p, left += 2 * pixels) {
    take_apart(source.left + std::ptrdiff_t{p} * source.left_pitch + begin, pixels, left, left + pixels);
    const std::uint8_t* from = source.right + std::ptrdiff_t{p} * vectors * source.right_pitch + behind / vectors;
    std::uint8_t* high = right + std::ptrdiff_t{vectors} * part.right_pitch;
    for (int k = 0; k < vectors; ++k, from += source.right_pitch, right += part.right_pitch, high += part.right_pitch) {
      take_apart(from, part.right_pitch, right, high);
    }
    right = high;
  }
  return part;
}

}  // namespace

std::size_t sgm_unpacked_bytes(int planes, int pixels, int vectors) {
  const int columns = pixels + vectors * split_bytes(pixels + vectors - 1, vectors);
  return std::size_t{2} * static_cast<std::size_t>(planes) * static_cast<std::size_t>(columns);
}

int census_plane_bits() { return plane_bits; }

void sgm_split(const std::uint8_t* from, int width, int parts, int pitch, std::uint8_t* to) {
  if (parts == 1) return split<1>(from, width, parts, pitch, to);
  if (parts == 2) return split<2>(from, width, parts, pitch, to);
  if (parts == 3) return split<3>(from, width, parts, pitch, to);
  if (parts == 4) return split<4>(from, width, parts, pitch, to);
  split<0>(from, width, parts, pitch, to);
}

void sgm_costs(const SGMCosts& source, int begin, int end, int vectors, std::uint8_t* costs) {
  if (source.unpacked != nullptr) {
    return sgm_costs(unpacked(source, begin, end, vectors), 0, end - begin, vectors, costs);
  }
  if (vectors == 1) return all_costs<1>(source, begin, end, vectors, costs);
  if (vectors == 2) return all_costs<2>(source, begin, end, vectors, costs);
  if (vectors == 3) return all_costs<3>(source, begin, end, vectors, costs);
  if (vectors == 4) return all_costs<4>(source, begin, end, vectors, costs);
  all_costs<0>(source, begin, end, vectors, costs);
}

void sgm_costs_and_west(const SGMCosts& source, int begin, int end, const SGMPath& west, int vectors, std::uint8_t p1,
                        std::uint8_t* costs) {
  if (source.unpacked != nullptr) {
    return sgm_costs_and_west(unpacked(source, begin, end, vectors), 0, end - begin, west, vectors, p1, costs);
  }
  if (vectors == 1) return costs_and_west<1>(source, begin, end, west, p1, costs);
  if (vectors == 2) return costs_and_west<2>(source, begin, end, west, p1, costs);
  if (vectors == 3) return costs_and_west<3>(source, begin, end, west, p1, costs);
  if (vectors == 4) return costs_and_west<4>(source, begin, end, west, p1, costs);
  for (int x = end - begin - 1; x >= 0; --x) {
    some_costs<0>(source, begin + x, 1, vectors, costs + std::ptrdiff_t{x} * vectors * lanes);
    west.least[x] = advance_pixel(west, x, costs, vectors, splat(p1));
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
