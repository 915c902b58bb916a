#include "kernels/sgm_winners.hpp"

#include "kernels/byte_lanes.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int words = lanes / 2;
constexpr std::uint16_t nothing = 65535;
constexpr int bunches = 4;  // of keys: what was just written would have to be waited for

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

// Candidate i of pixel x of n belongs to right pixel n - 1 - x + i of those that are offered to: i is of class i % C,
// the right pixel r of class r % C, and C = 2 V. So a vector of candidates is offered to a vector of right pixels, and
// what pixels beside one another offer to the same ones is gathered first. A key, sum << bits | x, is smaller where the
// sum is, or of equal ones the disparity.
template <int bits, int Vectors, int Together>
inline void offer_together(const std::uint16_t* sums, int pixels, int x, int any_vectors, std::ptrdiff_t pitch,
                           std::uint16_t* keys) {
  const int vectors = Vectors > 0 ? Vectors : any_vectors, classes = 2 * vectors;
  const int start = pixels - x - Together;  // the right pixel of the last one's candidate 0
#pragma GCC unroll 12
  for (int r = 0; r < classes + Together - 1; ++r) {
    std::uint16_t* key = keys + (start + r) % classes * pitch + (start + r) / classes;
    Vector least = load(key);
#pragma GCC unroll 4
    for (int j = 0; j < Together; ++j) {
      const int c = r - (Together - 1 - j);
      if (c < 0 || c >= classes) continue;
      const Vector sum = load(sums + std::ptrdiff_t{x + j} * vectors * lanes + place(c, vectors));
      least = smaller_words(least, either(raised_words<bits>(sum), splat_word(static_cast<std::uint16_t>(x + j))));
    }
    store(key, least);
  }
}

// From keys to the best offers so far: right pixel 0 of the keys is right pixel `start` there.
template <int bits>
void take_offers(const std::uint16_t* keys, int pixels, int classes, std::ptrdiff_t keys_pitch, int start,
                 std::ptrdiff_t pitch, std::uint16_t* best, std::uint16_t* index) {
  constexpr std::uint16_t pixel_bits = (1 << bits) - 1;
  const std::ptrdiff_t bunch = classes * keys_pitch;
  for (int c = 0; c < classes; ++c, keys += keys_pitch) {
    std::uint16_t* sums = best + (start + c) % classes * pitch + (start + c) / classes;
    std::uint16_t* indices = index + (start + c) % classes * pitch + (start + c) / classes;
    for (int j = 0; j < keys_pitch; ++j) {
      std::uint16_t key = keys[j];
      for (int i = 1; i < bunches; ++i) key = keys[i * bunch + j] < key ? keys[i * bunch + j] : key;
      const auto sum = static_cast<std::uint16_t>(key >> bits);
      const auto candidate = static_cast<std::uint16_t>(c + j * classes - (pixels - 1) + (key & pixel_bits));
      const bool better = sum < sums[j];
      sums[j] = better ? sum : sums[j];
      indices[j] = better ? candidate : indices[j];
    }
  }
}

template <int bits, int Vectors>
void offer(const std::uint16_t* sums, int pixels, int any_vectors, int first, int pitch, std::uint16_t* keys,
           std::uint16_t* best, std::uint16_t* index) {
  const int vectors = Vectors > 0 ? Vectors : any_vectors, classes = 2 * vectors;
  const int keys_pitch = (words + (pixels + classes - 2) / classes + 15) / 16 * 16;  // right pixels of a class
  const int bunch = classes * keys_pitch;
  for (int i = 0; i < bunches * bunch; ++i) keys[i] = nothing;
  int x = 0;
  for (; x + 4 <= pixels; x += 4) {
    offer_together<bits, Vectors, 4>(sums, pixels, x, vectors, keys_pitch, keys + x / 4 % bunches * bunch);
  }
  for (; x < pixels; ++x) offer_together<bits, Vectors, 1>(sums, pixels, x, vectors, keys_pitch, keys);
  take_offers<bits>(keys, pixels, classes, keys_pitch, first - (pixels - 1), pitch, best, index);
}

template <int bits>
void offer(const std::uint16_t* sums, int pixels, int vectors, int first, int pitch, std::uint16_t* keys,
           std::uint16_t* best, std::uint16_t* index) {
  if (vectors == 1) return offer<bits, 1>(sums, pixels, vectors, first, pitch, keys, best, index);
  if (vectors == 2) return offer<bits, 2>(sums, pixels, vectors, first, pitch, keys, best, index);
  if (vectors == 3) return offer<bits, 3>(sums, pixels, vectors, first, pitch, keys, best, index);
  if (vectors == 4) return offer<bits, 4>(sums, pixels, vectors, first, pitch, keys, best, index);
  offer<bits, 0>(sums, pixels, vectors, first, pitch, keys, best, index);
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

void sgm_offer(const std::uint16_t* sums, int pixels, int vectors, int first, int pitch, std::uint16_t* keys,
               std::uint16_t* best, std::uint16_t* index) {
  if (pixels <= 16) return offer<4>(sums, pixels, vectors, first, pitch, keys, best, index);
  offer<5>(sums, pixels, vectors, first, pitch, keys, best, index);
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
