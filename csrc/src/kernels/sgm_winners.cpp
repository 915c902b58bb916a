#include "kernels/sgm_winners.hpp"

#include "kernels/byte_lanes.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int words = lanes / 2;
constexpr std::uint16_t nothing = 65535;

// Where the word of index `i` lies among those of its pixel.
inline int place(int i) { return i / lanes * lanes + i % 2 * words + i % lanes / 2; }

template <int Vectors>
void choose(std::uint16_t* sums, int pixels, int any_vectors, int count, const std::uint16_t* indices,
            const std::uint16_t* pads, const SGMWinners& winners) {
  const int parts = 2 * (Vectors > 0 ? Vectors : any_vectors), pitch = parts * words;
  for (int x = 0; x < pixels; ++x, sums += pitch) {
    if (count < pitch) {
      for (int t = 0; t < parts; ++t) store(sums + t * words, either(load(sums + t * words), load(pads + t * words)));
    }
    Vector smallest = load(sums);
    for (int t = 1; t < parts; ++t) smallest = smaller_words(smallest, load(sums + t * words));
    const std::uint16_t least = least_word(smallest);
    const Vector wanted = splat_word(least);
    Vector equal = splat_word(nothing);
    for (int t = 0; t < parts; ++t) {
      const Vector index = load(indices + t * words);
      equal = smaller_words(equal, words_where_equal(load(sums + t * words), wanted, index));
    }
    const int winner = least_word(equal);
    const Vector before = splat_word(static_cast<std::uint16_t>(winner - 1));
    Vector far = splat_word(nothing);
    for (int t = 0; t < parts; ++t) {
      const Vector distance = subtract_words(load(indices + t * words), before);  // 0, 1, 2 beside and at the winner
      far = smaller_words(far, words_where_above_two(distance, load(sums + t * words)));
    }
    winners.least[x] = least;
    winners.index[x] = static_cast<std::uint16_t>(winner);
    winners.second[x] = least_word(far);
    winners.before[x] = winner > 0 ? sums[place(winner - 1)] : std::uint16_t{0};
    winners.after[x] = winner + 1 < count ? sums[place(winner + 1)] : std::uint16_t{0};
  }
}

template <int Vectors>
void offer(const std::uint16_t* sums, int pixels, int any_vectors, const std::uint16_t* indices, int first, int pitch,
           std::uint16_t* best, std::uint16_t* index) {
  const int vectors = Vectors > 0 ? Vectors : any_vectors;
  for (int x = 0; x < pixels; ++x) {
    for (int odd = 0; odd < 2; ++odd) {
      const int at = first - x + odd;
      const std::ptrdiff_t start = std::ptrdiff_t{at % 2} * pitch + at / 2;
      for (int k = 0; k < vectors; ++k) {
        const Vector sum = load(sums + (2 * k + odd) * words);
        std::uint16_t* best_here = best + start + k * words;
        std::uint16_t* index_here = index + start + k * words;
        const Vector before = load(best_here);
        store(best_here, smaller_words(sum, before));
        store(index_here, words_where_less(sum, before, load(indices + (2 * k + odd) * words), load(index_here)));
      }
    }
    sums += vectors * lanes;
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
                  std::int16_t none, std::int16_t* __restrict whole, float* __restrict disparity,
                  float* __restrict margin) {
  const std::uint16_t *least = winners.least, *index = winners.index, *second = winners.second;
  const std::uint16_t *before = winners.before, *after = winners.after;
  const float nan = __builtin_nanf("");
  for (int x = 0; x < pixels; ++x) {
    const int s1 = least[x], s2 = second[x], winner = index[x], b = before[x], a = after[x];
    const bool alone = s2 == nothing;
    const bool kept = alone || 100 * s1 < (100 - uniqueness) * s2;
    const int larger = b > a ? b : a;
    const int divisor = fit == SGMFit::parabola ? b - 2 * s1 + a : larger - s1;
    const bool fitted = fit != SGMFit::none && winner > 0 && winner + 1 < count && divisor != 0;
    const float offset = static_cast<float>(b - a) / static_cast<float>(fitted ? 2 * divisor : 1);
    const auto found = static_cast<std::int16_t>(first + winner);
    const float at = static_cast<float>(found);
    whole[x] = kept ? found : none;
    disparity[x] = kept ? (fitted ? at + offset : at) : nan;
    const float ratio = static_cast<float>(s2 - s1) / static_cast<float>(alone ? 1 : s2);
    margin[x] = kept && !alone ? ratio : 0.0f;
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
