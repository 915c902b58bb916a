#include "kernels/sgm_winners.hpp"

#include "kernels/byte_lanes.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int words = lanes / 2;
constexpr std::uint16_t nothing = 65535;

// Where the word of index `i` lies among those of its pixel.
inline int place(int i) { return i / lanes * lanes + i % 2 * words + i % lanes / 2; }

inline void mark_padding(std::uint16_t* sums, int parts, const std::uint16_t* pads) {
  for (int t = 0; t < parts; ++t) store(sums + t * words, either(load(sums + t * words), load(pads + t * words)));
}

#if defined(__AVX512BW__)

// At most 128 disparities: bit j of two masks stands for the words of indices 2 j and 2 j + 1.
template <int Vectors>
inline int choose_pixel(const std::uint16_t* sums, std::uint16_t& least, std::uint16_t& second) {
  static_assert(Vectors <= 2);
  Vector smallest = load(sums), far = splat_word(nothing);
  for (int t = 1; t < 2 * Vectors; ++t) smallest = smaller_words(smallest, load(sums + t * words));
  least = least_word(smallest);
  const Vector wanted = splat_word(least);
  std::uint64_t even = 0, odd = 0;
  for (int k = 0; k < Vectors; ++k) {
    even |= static_cast<std::uint64_t>(_mm512_cmpeq_epi16_mask(load(sums + 2 * k * words), wanted)) << 32 * k;
    odd |= static_cast<std::uint64_t>(_mm512_cmpeq_epi16_mask(load(sums + (2 * k + 1) * words), wanted)) << 32 * k;
  }
  const int pair = __builtin_ctzll(even | odd), is_odd = static_cast<int>(~even >> pair & 1);
  const std::uint64_t bit = std::uint64_t{1} << pair;
  // beside an even index lie the odd ones of its own pair and of the pair before, beside an odd one the other way round
  const std::uint64_t even_far = ~(bit | bit << is_odd), odd_far = ~(bit | bit >> (1 - is_odd));
  for (int k = 0; k < Vectors; ++k) {
    const auto evens = static_cast<__mmask32>(even_far >> 32 * k), odds = static_cast<__mmask32>(odd_far >> 32 * k);
    far = _mm512_mask_min_epu16(far, evens, far, load(sums + 2 * k * words));
    far = _mm512_mask_min_epu16(far, odds, far, load(sums + (2 * k + 1) * words));
  }
  second = least_word(far);
  return 2 * pair + is_odd;
}

#endif

// The winner of one pixel, from vectors of sums and their indices.
template <int Vectors>
inline int choose_any_pixel(const std::uint16_t* sums, const std::uint16_t* indices, int any_vectors,
                            std::uint16_t& least, std::uint16_t& second) {
  const int parts = 2 * (Vectors > 0 ? Vectors : any_vectors);
  Vector smallest = load(sums), equal = splat_word(nothing), far = equal;
  for (int t = 1; t < parts; ++t) smallest = smaller_words(smallest, load(sums + t * words));
  least = least_word(smallest);
  const Vector wanted = splat_word(least);
  for (int t = 0; t < parts; ++t) {
    equal = smaller_words(equal, words_where_equal(load(sums + t * words), wanted, load(indices + t * words)));
  }
  const int winner = least_word(equal);
  const Vector before = splat_word(static_cast<std::uint16_t>(winner - 1));
  for (int t = 0; t < parts; ++t) {
    const Vector distance = subtract_words(load(indices + t * words), before);  // 0, 1, 2 beside and at the winner
    far = smaller_words(far, words_where_above_two(distance, load(sums + t * words)));
  }
  second = least_word(far);
  return winner;
}

template <int Vectors>
void choose(std::uint16_t* sums, int pixels, int any_vectors, int count, const std::uint16_t* indices,
            const std::uint16_t* pads, const SGMWinners& winners) {
  const int parts = 2 * (Vectors > 0 ? Vectors : any_vectors), pitch = parts * words;
  for (int x = 0; x < pixels; ++x, sums += pitch) {
    if (count < pitch) mark_padding(sums, parts, pads);
    int winner;
#if defined(__AVX512BW__)
    if constexpr (Vectors == 1 || Vectors == 2) {
      winner = choose_pixel<Vectors>(sums, winners.least[x], winners.second[x]);
    } else
#endif
    {
      winner = choose_any_pixel<Vectors>(sums, indices, any_vectors, winners.least[x], winners.second[x]);
    }
    winners.index[x] = static_cast<std::uint16_t>(winner);
    winners.before[x] = winner > 0 ? sums[place(winner - 1)] : std::uint16_t{0};
    winners.after[x] = winner + 1 < count ? sums[place(winner + 1)] : std::uint16_t{0};
  }
}

// Candidates 2 j of one pixel and 2 j + 1 of the next belong to the same right pixel: they are offered together. One of
// the two may be missing (null).
template <int Vectors>
inline void offer_two(const std::uint16_t* even, const std::uint16_t* odd, int any_vectors,
                      const std::uint16_t* indices, std::uint16_t* best, std::uint16_t* index) {
  const int vectors = Vectors > 0 ? Vectors : any_vectors;
  for (int k = 0; k < vectors; ++k) {
    Vector least = load(best + k * words), at = load(index + k * words);
    if (even != nullptr) {
      const Vector sum = load(even + 2 * k * words);
      at = words_where_less(sum, least, load(indices + 2 * k * words), at);
      least = smaller_words(sum, least);
    }
    if (odd != nullptr) {
      const Vector sum = load(odd + (2 * k + 1) * words);
      at = words_where_less(sum, least, load(indices + (2 * k + 1) * words), at);
      least = smaller_words(sum, least);
    }
    store(best + k * words, least);
    store(index + k * words, at);
  }
}

template <int Vectors>
void offer(const std::uint16_t* sums, int pixels, int any_vectors, const std::uint16_t* indices, int first, int pitch,
           std::uint16_t* best, std::uint16_t* index) {
  const int vectors = Vectors > 0 ? Vectors : any_vectors;
  for (int x = -1; x < pixels; ++x) {
    const int place = first - x;
    const std::ptrdiff_t start = std::ptrdiff_t{place % 2} * pitch + place / 2;
    const std::uint16_t* even = sums + x * vectors * lanes;
    const std::uint16_t* odd = even + vectors * lanes;
    if (x >= 0 && x + 1 < pixels) {
      offer_two<Vectors>(even, odd, vectors, indices, best + start, index + start);
    } else {
      offer_two<Vectors>(x >= 0 ? even : nullptr, x >= 0 ? nullptr : odd, vectors, indices, best + start,
                         index + start);
    }
  }
}

// Without branches, so that the compiler takes many pixels at once.
template <SGMFit fit>
void estimate(const SGMWinners& winners, int pixels, int first, int count, int uniqueness, std::int16_t none,
              std::int16_t* __restrict whole, float* __restrict disparity, float* __restrict margin) {
  const std::uint16_t* __restrict least = winners.least, * __restrict index = winners.index;
  const std::uint16_t* __restrict second = winners.second, * __restrict before = winners.before;
  const std::uint16_t* __restrict after = winners.after;
  const float nan = __builtin_nanf("");
  const int part = 100 - uniqueness, last = count - 1;
  for (int x = 0; x < pixels; ++x) {
    const int s1 = least[x], s2 = second[x], winner = index[x], b = before[x], a = after[x];
    const bool alone = s2 == nothing, kept = alone | (100 * s1 < part * s2);
    const int divisor = fit == SGMFit::parabola ? b - 2 * s1 + a : (b > a ? b : a) - s1;
    const bool fitted = (fit != SGMFit::none) & (winner > 0) & (winner < last) & (divisor != 0);
    const float offset = static_cast<float>(fitted ? b - a : 0) / static_cast<float>(fitted ? 2 * divisor : 1);
    const int found = first + winner;
    whole[x] = static_cast<std::int16_t>(kept ? found : none);
    disparity[x] = kept ? static_cast<float>(found) + offset : nan;
    const float ratio = static_cast<float>(alone ? 0 : s2 - s1) / static_cast<float>(s2);
    margin[x] = kept ? ratio : 0.0f;
  }
}

}  // namespace

void sgm_choose(std::uint16_t* sums, int pixels, int vectors, int count, const std::uint16_t* indices,
                const std::uint16_t* pads, const SGMWinners& winners) {
  if (vectors == 1) return choose<1>(sums, pixels, vectors, count, indices, pads, winners);
  if (vectors == 2) return choose<2>(sums, pixels, vectors, count, indices, pads, winners);
  if (vectors == 4) return choose<4>(sums, pixels, vectors, count, indices, pads, winners);
  choose<0>(sums, pixels, vectors, count, indices, pads, winners);
}

void sgm_offer(const std::uint16_t* sums, int pixels, int vectors, const std::uint16_t* indices, int first, int pitch,
               std::uint16_t* best, std::uint16_t* index) {
  if (vectors == 1) return offer<1>(sums, pixels, vectors, indices, first, pitch, best, index);
  if (vectors == 2) return offer<2>(sums, pixels, vectors, indices, first, pitch, best, index);
  if (vectors == 4) return offer<4>(sums, pixels, vectors, indices, first, pitch, best, index);
  offer<0>(sums, pixels, vectors, indices, first, pitch, best, index);
}

void sgm_estimate(const SGMWinners& winners, int pixels, int first, int count, int uniqueness, SGMFit fit,
                  std::int16_t none, std::int16_t* whole, float* disparity, float* margin) {
  if (fit == SGMFit::none) {
    estimate<SGMFit::none>(winners, pixels, first, count, uniqueness, none, whole, disparity, margin);
  } else if (fit == SGMFit::parabola) {
    estimate<SGMFit::parabola>(winners, pixels, first, count, uniqueness, none, whole, disparity, margin);
  } else {
    estimate<SGMFit::equiangular>(winners, pixels, first, count, uniqueness, none, whole, disparity, margin);
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
