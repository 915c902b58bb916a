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

#if defined(__AVX512BW__)

// Which words of each class are beside or at a winner in the class `first` and word j: bit 0 stands for word j - 1.
template <int classes>
struct Near {
  std::uint8_t bits[classes][classes] = {};
  constexpr Near() {
    for (int first = 0; first < classes; ++first) {
      for (int i = first + classes - 1; i <= first + classes + 1; ++i) {
        bits[first][i % classes] = static_cast<std::uint8_t>(bits[first][i % classes] | 1 << i / classes);
      }
    }
  }
};
template <int classes>
constexpr Near<classes> near;

// At most 256 disparities. Candidate i is of class i % Classes: those of a class are the words of one vector.
template <int Vectors>
inline int choose_pixel(const std::uint16_t* sums, std::uint16_t& least, std::uint16_t& second) {
  constexpr int classes = 2 * Vectors;
  const auto of_class = [&](int c) { return load(sums + place(c, Vectors)); };
  Vector smallest = load(sums), far = splat_word(nothing);
  for (int c = 1; c < classes; ++c) smallest = smaller_words(smallest, of_class(c));
  least = least_word(smallest);
  const Vector wanted = splat_word(least);
  std::uint32_t equal[classes], any = 0;
  for (int c = 0; c < classes; ++c) any |= equal[c] = _mm512_cmpeq_epi16_mask(of_class(c), wanted);
  const int word = __builtin_ctz(any);
  std::uint32_t at_word = 0;
  for (int c = 0; c < classes; ++c) at_word |= (equal[c] >> word & 1) << c;
  const int first = __builtin_ctz(at_word);
  for (int c = 0; c < classes; ++c) {
    const std::uint64_t beside = std::uint64_t{near<classes>.bits[first][c]} << word >> 1;
    far = _mm512_mask_min_epu16(far, static_cast<__mmask32>(~beside), far, of_class(c));
  }
  second = least_word(far);
  return word * classes + first;
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
    if constexpr (Vectors > 0) {
      winner = choose_pixel<Vectors>(sums, winners.least[x], winners.second[x]);
    } else
#endif
    {
      winner = choose_any_pixel<Vectors>(sums, indices, any_vectors, winners.least[x], winners.second[x]);
    }
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
  for (int c = 0; c < classes; ++c, keys += keys_pitch) {
    std::uint16_t* sums = best + (start + c) % classes * pitch + (start + c) / classes;
    std::uint16_t* indices = index + (start + c) % classes * pitch + (start + c) / classes;
    for (int j = 0; j < keys_pitch; ++j) {
      const auto sum = static_cast<std::uint16_t>(keys[j] >> bits);
      const auto candidate = static_cast<std::uint16_t>(c + j * classes - (pixels - 1) + (keys[j] & pixel_bits));
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
  for (int i = 0; i < classes * keys_pitch; ++i) keys[i] = nothing;
  int x = 0;
  for (; x + 4 <= pixels; x += 4) offer_together<bits, Vectors, 4>(sums, pixels, x, vectors, keys_pitch, keys);
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
