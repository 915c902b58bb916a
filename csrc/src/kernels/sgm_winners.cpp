#include "kernels/sgm_winners.hpp"

#include "kernels/byte_lanes.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int words = lanes / 2;
constexpr std::uint16_t nothing = 65535;

// Where the word of candidate `i` lies among those of its pixel.
inline int place(int i, int vectors) {
  const int lane = i / vectors;
  return i % vectors * lanes + lane % 2 * words + lane / 2;
}

inline void mark_padding(std::uint16_t* sums, int parts, const std::uint16_t* pads) {
  for (int t = 0; t < parts; ++t) store(sums + t * words, either(load(sums + t * words), load(pads + t * words)));
}

// The winner of one pixel, from vectors of sums and their indices.
template <int Vectors>
inline int choose_pixel(const std::uint16_t* sums, const std::uint16_t* indices, int any_vectors, std::uint16_t& least,
                        std::uint16_t& second) {
  const int parts = 2 * (Vectors > 0 ? Vectors : any_vectors);
  Vector smallest = load(sums), far = splat_word(nothing);
  for (int t = 1; t < parts; ++t) smallest = smaller_words(smallest, load(sums + t * words));
  const auto least_sum = least_word(smallest);
  least = word_of(least_sum);
  const Vector wanted = word_everywhere(least_sum);
  int winner = 0;
  if constexpr (Vectors == 1) {
    const Vector even = words_where_equal(load(sums), wanted, load(indices));
    winner =
        word_of(least_word(smaller_words(even, words_where_equal(load(sums + words), wanted, load(indices + words)))));
  } else {
    // one word of each part are indices next to one another: the first such group that holds it, and its place there
    const int group = first_equal_word(smallest, wanted);
    for (int i = parts - 1; i >= 0; --i) winner = sums[place(i, parts / 2) + group] == least ? i : winner;
    winner += group * parts;
  }
  const Vector before = splat_word(static_cast<std::uint16_t>(winner - 1));
  for (int t = 0; t < parts; ++t) {
    const Vector distance = subtract_words(load(indices + t * words), before);  // 0, 1, 2 beside and at the winner
    far = smaller_words_where_above_two(distance, far, load(sums + t * words));
  }
  second = word_of(least_word(far));
  return winner;
}

template <int Vectors>
void choose(std::uint16_t* sums, int pixels, int any_vectors, int count, const std::uint16_t* indices,
            const std::uint16_t* pads, const SGMWinners& winners) {
  const int parts = 2 * (Vectors > 0 ? Vectors : any_vectors), pitch = parts * words;
  for (int x = 0; x < pixels; ++x, sums += pitch) {
    if (count < pitch) mark_padding(sums, parts, pads);
    const int winner = choose_pixel<Vectors>(sums, indices, any_vectors, winners.least[x], winners.second[x]);
    winners.index[x] = static_cast<std::uint16_t>(winner);
    winners.before[x] = winner > 0 ? sums[place(winner - 1, parts / 2)] : std::uint16_t{0};
    winners.after[x] = winner + 1 < count ? sums[place(winner + 1, parts / 2)] : std::uint16_t{0};
  }
}

// Offers made so far to the right pixels of one class, one for each word: the smallest sum, and who made it.
struct Offers {
  Vector best, from;

  void open(const std::uint16_t* best_words, const std::uint16_t* from_words) {
    best = load(best_words);
    from = load(from_words);
  }
  void keep(std::uint16_t* best_words, std::uint16_t* from_words) const {
    store(best_words, best);
    store(from_words, from);
  }
  // The last word's right pixel gets no more offers; a new one begins.
  void close_last(std::uint16_t& closed_best, std::uint16_t& closed_from) {
    closed_best = last_word(best);
    closed_from = last_word(from);
    best = words_moved_up(best);
    from = words_moved_up(from);
  }
  // Of equal sums the first one stays: its disparity is smaller.
  void take(Vector sums, Vector pixel) {
    from = words_where_less(sums, best, pixel, from);
    best = smaller_words(best, sums);
  }
};

// With C = 2 * vectors candidate i is in class i % C, right pixel x - i in class (x - i) % C: what pixel x offers from
// a vector of one class goes to a vector of another, word to word. Each pixel begins one right pixel, of class x % C.
inline void offer_pixel(const std::uint16_t* sums, int vectors, int x, const SGMOffers& offers, int at) {
  const int classes = 2 * vectors, first = x % classes;
  const Vector here = splat_word(static_cast<std::uint16_t>(x));
  for (int p = 0; p < classes; ++p) {
    const int c = (first >= p ? 0 : classes) + first - p;
    Offers of_class;
    of_class.open(offers.best + c * words, offers.from + c * words);
    if (p == 0) of_class.close_last(offers.closed_best[at], offers.closed_from[at]);
    of_class.take(load(sums + place(p, vectors)), here);
    of_class.keep(offers.best + c * words, offers.from + c * words);
  }
}

// The same of whole rounds of the classes; x is a multiple of their number.
template <int Vectors>
void offer_rounds(const std::uint16_t* sums, int rounds, int x, const SGMOffers& offers, int at) {
  constexpr int classes = 2 * Vectors;
  Offers of_class[classes];
  for (int c = 0; c < classes; ++c) of_class[c].open(offers.best + c * words, offers.from + c * words);
  for (int round = 0; round < rounds; ++round) {
#pragma GCC unroll 8
    for (int j = 0; j < classes; ++j, ++x, ++at, sums += classes * words) {
      const Vector here = splat_word(static_cast<std::uint16_t>(x));
      of_class[j].close_last(offers.closed_best[at], offers.closed_from[at]);
#pragma GCC unroll 8
      for (int p = 0; p < classes; ++p)
        of_class[(classes + j - p) % classes].take(load(sums + place(p, Vectors)), here);
    }
  }
  for (int c = 0; c < classes; ++c) of_class[c].keep(offers.best + c * words, offers.from + c * words);
}

template <int Vectors>
void offer(const std::uint16_t* sums, int pixels, int x, const SGMOffers& offers) {
  constexpr int classes = 2 * Vectors;
  int at = 0;
  const auto one = [&] {
    offer_pixel(sums + std::ptrdiff_t{at} * classes * words, Vectors, x + at, offers, at);
    ++at;
  };
  while (at < pixels && (x + at) % classes != 0) one();
  const int rounds = (pixels - at) / classes;
  offer_rounds<Vectors>(sums + std::ptrdiff_t{at} * classes * words, rounds, x + at, offers, at);
  at += rounds * classes;
  while (at < pixels) one();
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
  if (vectors == 3) return choose<3>(sums, pixels, vectors, count, indices, pads, winners);
  if (vectors == 4) return choose<4>(sums, pixels, vectors, count, indices, pads, winners);
  choose<0>(sums, pixels, vectors, count, indices, pads, winners);
}

void sgm_offer(const std::uint16_t* sums, int pixels, int vectors, int x, const SGMOffers& offers) {
  if (vectors == 1) return offer<1>(sums, pixels, x, offers);
  if (vectors == 2) return offer<2>(sums, pixels, x, offers);
  if (vectors == 3) return offer<3>(sums, pixels, x, offers);
  if (vectors == 4) return offer<4>(sums, pixels, x, offers);
  for (int i = 0; i < pixels; ++i) {
    offer_pixel(sums + std::ptrdiff_t{i} * vectors * lanes, vectors, x + i, offers, i);
  }
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
