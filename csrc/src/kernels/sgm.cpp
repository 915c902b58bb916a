#include "kernels/sgm.hpp"

#include "kernels/byte_lanes.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int most_paths = 4;

// Words of the even and the odd lanes of a sum of bytes. The even ones are got from sums of pairs, modulo 2^16.
struct Total {
  Vector pairs, odd;

  void add(Vector bytes) {
    pairs = add_words(pairs, bytes);
    odd = add_words(odd, high_bytes(bytes));
  }
  Vector even() const { return subtract_words(pairs, raised_bytes(odd)); }
};

// One step: `at` are the path costs before, `near` the smaller ones of their neighbours, `limit` is least + jump.
inline Vector next(Vector cost, Vector at, Vector near, Vector penalty, Vector limit, Vector least) {
  return add_capped(cost, subtract(smaller(smaller(at, add_capped(near, penalty)), limit), least));
}

// A path that comes from the pixel visited just before: its costs stay in registers where their number is known.
template <int Vectors>
class Chain {
 public:
  Chain(const std::uint8_t* before, std::uint8_t least, int any_vectors)
      : vectors_(Vectors > 0 ? Vectors : any_vectors), least_(splat(least)), memory_(before) {
    for (int k = 0; k < Vectors; ++k) held_[k] = load(before + k * lanes);
  }
  void begin(std::uint8_t jump) {
    behind_ = splat(255);
    at_ = vector(0);
    limit_ = add_capped(least_, splat(jump));
  }
  // For k = 0, 1, ... in turn. `here` is where the caller keeps the result.
  Vector step(int k, Vector cost, Vector penalty) {
    const Vector ahead = k + 1 < vectors_ ? vector(k + 1) : splat(255);
    const Vector near = smaller(moved_up(at_, behind_), moved_down(at_, ahead));
    const Vector value = next(cost, at_, near, penalty, limit_, least_);
    behind_ = at_;
    at_ = ahead;
    if (Vectors > 0) held_[k] = value;
    return value;
  }
  void end(Vector least, const std::uint8_t* here) {
    least_ = least;
    memory_ = here;
  }

 private:
  Vector vector(int k) const { return Vectors > 0 ? held_[k] : load(memory_ + k * lanes); }

  const int vectors_;
  Vector held_[Vectors + 1] = {};
  Vector least_, behind_ = least_, at_ = least_, limit_ = least_;
  const std::uint8_t* memory_;
};

// `Vectors` is 0 where their number is only known at run time. When sums begin, the first path comes from the pixel
// before in the same row.
template <int Paths, SGMSums Mode, int Vectors>
void advance(const SGMPath* given, const std::uint8_t* costs, int pixels, int any_vectors, std::uint8_t p1,
             const std::uint8_t* other, std::uint16_t* sums) {
  constexpr bool chained = Mode == SGMSums::begin;
  const int vectors = Vectors > 0 ? Vectors : any_vectors;
  const std::ptrdiff_t pitch = std::ptrdiff_t{vectors} * lanes;
  const Vector penalty = splat(p1), most = splat(255);
  SGMPath path[Paths];
  for (int g = 0; g < Paths; ++g) path[g] = given[g];
  Chain<Vectors> chain(path[0].before, path[0].least_before[0], vectors);
  for (int x = 0; x < pixels; ++x) {
    Vector least_before[Paths], limit[Paths], least[most_paths];
    for (int g = 0; g < most_paths; ++g) least[g] = most;
    if (chained) chain.begin(path[0].jump[x]);
    for (int g = chained ? 1 : 0; g < Paths; ++g) {
      least_before[g] = splat(path[g].least_before[x]);
      limit[g] = add_capped(least_before[g], splat(path[g].jump[x]));
    }
#pragma GCC unroll 4
    for (int k = 0; k < vectors; ++k) {
      const std::ptrdiff_t here = x * pitch + k * lanes;
      const Vector cost = load(costs + here);
      Total total{cost, cost};
      for (int g = 0; g < Paths; ++g) {
        Vector value;
        if (chained && g == 0) {
          value = chain.step(k, cost, penalty);
          const Vector bytes = load(other + here);
          total = {bytes, high_bytes(bytes)};
          if (Vectors == 0 || x + 1 == pixels) store(path[g].here + here, value);
        } else {
          const std::uint8_t* before = path[g].before + here;
          const Vector near = smaller(k > 0 ? load(before - 1) : load_up(before),
                                      k + 1 < vectors ? load(before + 1) : load_down(before));
          value = next(cost, load(before), near, penalty, limit[g], least_before[g]);
          store(path[g].here + here, value);
        }
        least[g] = smaller(least[g], value);
        if (Mode == SGMSums::add && g == 0) {
          total = {value, high_bytes(value)};
        } else if (Mode != SGMSums::none) {
          total.add(value);
        }
      }
      if (Mode == SGMSums::none) continue;
      Vector even = total.even(), odd = total.odd;
      if (Mode == SGMSums::add) {
        even = add_words(even, load(sums + here));
        odd = add_words(odd, load(sums + here + lanes / 2));
      }
      store(sums + here, even);
      store(sums + here + lanes / 2, odd);
    }
    if (chained) chain.end(first_everywhere(least_byte(least[0])), path[0].here + x * pitch);
    const std::uint32_t bytes = least_bytes(least[0], least[1], least[2], least[3]);
    for (int g = 0; g < Paths; ++g) path[g].least[x] = static_cast<std::uint8_t>(bytes >> 8 * g);
  }
}

template <int Paths, SGMSums Mode>
void advance(const SGMPath* paths, const std::uint8_t* costs, int pixels, int vectors, std::uint8_t p1,
             const std::uint8_t* other, std::uint16_t* sums) {
  switch (vectors) {
    case 1:
      return advance<Paths, Mode, 1>(paths, costs, pixels, vectors, p1, other, sums);
    case 2:
      return advance<Paths, Mode, 2>(paths, costs, pixels, vectors, p1, other, sums);
    case 3:
      return advance<Paths, Mode, 3>(paths, costs, pixels, vectors, p1, other, sums);
    case 4:
      return advance<Paths, Mode, 4>(paths, costs, pixels, vectors, p1, other, sums);
    default:
      return advance<Paths, Mode, 0>(paths, costs, pixels, vectors, p1, other, sums);
  }
}

template <int Paths>
void advance(const SGMPath* paths, const std::uint8_t* costs, int pixels, int vectors, std::uint8_t p1, SGMSums mode,
             const std::uint8_t* other, std::uint16_t* sums) {
  if (mode == SGMSums::none) return advance<Paths, SGMSums::none>(paths, costs, pixels, vectors, p1, other, sums);
  if (mode == SGMSums::begin) return advance<Paths, SGMSums::begin>(paths, costs, pixels, vectors, p1, other, sums);
  return advance<Paths, SGMSums::add>(paths, costs, pixels, vectors, p1, other, sums);
}

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

// Candidates there are none of, in the last vector.
inline void mark_padding(int count, int vectors, std::uint8_t* costs) {
  if (count == vectors * lanes) return;
  std::uint8_t* last = costs + (vectors - 1) * lanes;
  store(last, either(load(last), from_lane(count - (vectors - 1) * lanes)));
}

// A candidate outside the right image costs a third of the bits: more than a good match, less than a wrong one, which
// costs half. It never costs more than the mean of those inside: where nothing has texture, the border must not decide.
void mend_border(const SGMCosts& source, int x, int vectors, std::uint8_t* costs) {
  const int column = source.match + x;  // candidate k is column - k
  int inside = column - source.width + 1, beyond = column + 1;
  beyond = beyond < 0 ? 0 : (beyond > source.count ? source.count : beyond);
  inside = inside < 0 ? 0 : (inside > beyond ? beyond : inside);
  const auto seen = [&](int k) { return subtract(from_lane(inside - k * lanes), from_lane(beyond - k * lanes)); };
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
  mark_padding(source.count, vectors, costs);
}

template <int Vectors>
inline void pixel_costs(const SGMCosts& source, int x, int any_vectors, std::uint8_t* costs) {
  const int vectors = Vectors > 0 ? Vectors : any_vectors;
  if (source.volume != nullptr) {
    const std::uint8_t* from = source.volume + x * source.volume_stride;
    for (int k = 0; k < source.count; ++k) costs[k] = from[k];
    return mark_padding(source.count, vectors, costs);
  }
  const std::uint8_t* right = source.right + (source.pixels - 1 - x);
  for (int k = 0; k < vectors; k += 2) {
    const int next = k + 1 < vectors ? k + 1 : k;
    Vector one = splat(0), two = splat(0);
    for (int p = 0; p < source.planes; ++p) {
      const Differing differing(source.left[p * source.left_pitch + x]);
      const std::uint8_t* plane = right + p * source.right_pitch;
      one = add(one, differing(load(plane + k * lanes)));
      two = add(two, differing(load(plane + next * lanes)));
    }
    store(costs + k * lanes, one);
    store(costs + next * lanes, two);
  }
  const int column = source.match + x;
  if (column - source.count + 1 < 0 || column >= source.width) return mend_border(source, x, vectors, costs);
  mark_padding(source.count, vectors, costs);
}

template <int Vectors>
void costs_and_west(const SGMCosts& source, const SGMPath& west, int any_vectors, std::uint8_t p1,
                    std::uint8_t* costs) {
  const int vectors = Vectors > 0 ? Vectors : any_vectors, last = source.pixels - 1;
  const std::ptrdiff_t pitch = std::ptrdiff_t{vectors} * lanes;
  const Vector penalty = splat(p1), most = splat(255);
  Chain<Vectors> chain(west.before + last * pitch, west.least_before[last], vectors);
  for (int x = last; x >= 0; --x) {
    pixel_costs<Vectors>(source, x, vectors, costs + x * pitch);
    chain.begin(west.jump[x]);
    Vector least = most;
    for (int k = 0; k < vectors; ++k) {
      const Vector value = chain.step(k, load(costs + x * pitch + k * lanes), penalty);
      store(west.here + x * pitch + k * lanes, value);
      least = smaller(least, value);
    }
    const auto smallest = least_byte(least);
    chain.end(first_everywhere(smallest), west.here + x * pitch);
    west.least[x] = first_of(smallest);
  }
}

}  // namespace

int sgm_lanes() { return lanes; }
int census_plane_bits() { return plane_bits; }

void sgm_costs(const SGMCosts& source, int begin, int end, int vectors, std::uint8_t* costs) {
  for (int x = begin; x < end; ++x, costs += vectors * lanes) {
    if (vectors == 1) {
      pixel_costs<1>(source, x, vectors, costs);
    } else if (vectors == 2) {
      pixel_costs<2>(source, x, vectors, costs);
    } else {
      pixel_costs<0>(source, x, vectors, costs);
    }
  }
}

void sgm_costs_and_west(const SGMCosts& source, const SGMPath& west, int vectors, std::uint8_t p1,
                        std::uint8_t* costs) {
  if (vectors == 1) return costs_and_west<1>(source, west, vectors, p1, costs);
  if (vectors == 2) return costs_and_west<2>(source, west, vectors, p1, costs);
  if (vectors == 4) return costs_and_west<4>(source, west, vectors, p1, costs);
  costs_and_west<0>(source, west, vectors, p1, costs);
}

void sgm_advance(const SGMPath* paths, int count, const std::uint8_t* costs, int pixels, int vectors, std::uint8_t p1,
                 SGMSums mode, const std::uint8_t* other, std::uint16_t* sums) {
  if (count == 1) return advance<1>(paths, costs, pixels, vectors, p1, mode, other, sums);
  if (count == 2) return advance<2>(paths, costs, pixels, vectors, p1, mode, other, sums);
  if (count == 3) return advance<3>(paths, costs, pixels, vectors, p1, mode, other, sums);
  advance<4>(paths, costs, pixels, vectors, p1, mode, other, sums);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
