#include <doctest/doctest.h>

// Both kinds of vectors that have 16 bytes: what any x86-64 processor can run, and what others do.
#if defined(__SSE2__)

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>

#define GEOMVISION_ISA plain_lanes
#include "kernels/byte_lanes_plain.hpp"
#undef GEOMVISION_ISA
#define GEOMVISION_ISA sse2_lanes
#include "kernels/byte_lanes_sse2.hpp"
#undef GEOMVISION_ISA

namespace plain = geomvision::kernels::plain_lanes;
namespace sse2 = geomvision::kernels::sse2_lanes;

namespace {

constexpr int lanes = 16;

template <typename One, typename Other>
bool same(const One& one, const Other& other) {
  static_assert(sizeof(One) == sizeof(Other));
  return std::memcmp(&one, &other, sizeof(one)) == 0;
}

// A vector of either kind, of bytes that are often equal, small or large.
struct Both {
  std::uint8_t byte[lanes];
  explicit Both(std::mt19937& random) {
    const int kind = static_cast<int>(random() % 4);
    for (std::uint8_t& each : byte) {
      const auto drawn = static_cast<std::uint8_t>(random());
      each = kind == 0 ? drawn : static_cast<std::uint8_t>(kind == 1 ? drawn % 4 : (kind == 2 ? 255 - drawn % 4 : 0));
    }
  }
  plain::Vector of_plain() const { return plain::load(byte); }
  sse2::Vector of_sse2() const { return sse2::load(byte); }
  std::uint8_t least() const { return *std::min_element(byte, byte + lanes); }
};

}  // namespace

TEST_CASE("byte lanes in plain loops and with SSE2 are the same") {
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    const Both one(random), two(random), three(random), four(random);
    const auto a = one.of_plain(), b = two.of_plain(), c = three.of_plain(), d = four.of_plain();
    const auto u = one.of_sse2(), v = two.of_sse2(), w = three.of_sse2(), z = four.of_sse2();
    REQUIRE(same(plain::smaller(a, b), sse2::smaller(u, v)));
    REQUIRE(same(plain::add_capped(a, b), sse2::add_capped(u, v)));
    REQUIRE(same(plain::add(a, b), sse2::add(u, v)));
    REQUIRE(same(plain::subtract(a, b), sse2::subtract(u, v)));
    REQUIRE(same(plain::both(a, b), sse2::both(u, v)));
    REQUIRE(same(plain::either(a, b), sse2::either(u, v)));
    REQUIRE(same(plain::add_words(a, b), sse2::add_words(u, v)));
    REQUIRE(same(plain::subtract_words(a, b), sse2::subtract_words(u, v)));
    REQUIRE(same(plain::high_bytes(a), sse2::high_bytes(u)));
    REQUIRE(same(plain::raised_bytes(a), sse2::raised_bytes(u)));
    REQUIRE(same(plain::smaller_words(a, b), sse2::smaller_words(u, v)));
    REQUIRE(same(plain::words_where_equal(a, b, c), sse2::words_where_equal(u, v, w)));
    REQUIRE(same(plain::words_where_less(a, b, c, d), sse2::words_where_less(u, v, w, z)));
    REQUIRE(same(plain::smaller_words_where_above_two(a, b, c), sse2::smaller_words_where_above_two(u, v, w)));
    REQUIRE(same(plain::moved_up(a), sse2::moved_up(u)));
    REQUIRE(same(plain::moved_down(a), sse2::moved_down(u)));
    REQUIRE(same(plain::words_moved_up(a), sse2::words_moved_up(u)));
    REQUIRE(plain::last_word(a) == sse2::last_word(u));
    REQUIRE(same(plain::splat(one.byte[0]), sse2::splat(one.byte[0])));
    REQUIRE(plain::first_equal_word(a, a) == sse2::first_equal_word(u, u));
    REQUIRE(plain::sum_of_bytes(a) == sse2::sum_of_bytes(u));
    REQUIRE(plain::least_bytes(a, b, c, d) == sse2::least_bytes(u, v, w, z));

    const auto least = plain::word_of(plain::least_word(a));
    REQUIRE(least == sse2::word_of(sse2::least_word(u)));
    const auto everywhere = plain::word_everywhere(least);
    REQUIRE(same(everywhere, sse2::word_everywhere(least)));
    REQUIRE(plain::first_equal_word(a, everywhere) == sse2::first_equal_word(u, sse2::word_everywhere(least)));
    REQUIRE(sse2::first_of(sse2::least_byte(u)) == one.least());
    REQUIRE(plain::first_of(plain::least_byte(a)) == one.least());
    REQUIRE(same(plain::first_everywhere(one.least()), sse2::first_everywhere(one.least())));

    std::uint8_t kept[2][lanes];
    plain::store(kept[0], a);
    sse2::store(kept[1], u);
    REQUIRE(std::equal(kept[0], kept[0] + lanes, kept[1]));
    REQUIRE(std::equal(kept[0], kept[0] + lanes, one.byte));
    REQUIRE(same(plain::splat_word(least), sse2::splat_word(least)));
  }
}

#endif
