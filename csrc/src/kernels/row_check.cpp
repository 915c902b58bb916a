#include "kernels/row_check.hpp"

#include "kernels/window_search.hpp"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-trapping-math")  // else the loop over floats stays scalar
#endif

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr std::int16_t contradicted = -1;  // instead of how far the views are apart
constexpr std::int16_t outside = -32768;   // answers of no pixel, and of one without a winner: below all others
constexpr std::int16_t silent = -32767;

// Loops that follow partners are apart from the others, which become vectors.

// The pixel of the other view each winner leads to, `width` where there is none; `strays`: some may lead out of it.
template <int sign, bool strays>
void follow(const std::int16_t* __restrict winners, int width, std::int32_t* __restrict partners) {
  for (int x = 0; x < width; ++x) {
    const std::int32_t disparity = winners[x], partner = x + sign * disparity;
    const bool out = strays && ((partner < 0) | (partner >= width));
    partners[x] = (disparity == no_disparity) | out ? width : partner;
  }
}

// Of every right pixel: the winner of its partner, who is seen.
void look_left(const RowCheck& row) {
  const std::int16_t* __restrict left = row.left;
  const std::int32_t* __restrict partners = row.partners;
  std::int16_t* __restrict told = row.told;
  std::uint8_t* __restrict seen = row.seen;
  const int width = row.width;  // bytes may lie anywhere, the compiler thinks
  for (int x = 0; x <= width; ++x) seen[x] = 0;
#pragma GCC unroll 4
  for (int x = 0; x < width; ++x) {
    const std::int32_t partner = partners[x];
    told[x] = left[partner];
    seen[partner] = 1;
  }
}

// Twice every right winner, and one more where its partner points back.
void answer(const RowCheck& row) {
  const std::int16_t* __restrict right = row.right;
  std::int16_t* __restrict told = row.told;
  for (int x = 0; x < row.width; ++x) {
    const auto winner = static_cast<std::int16_t>(2 * right[x] + (told[x] == right[x] ? 1 : 0));
    told[x] = right[x] == no_disparity ? silent : winner;
  }
  told[row.width] = outside;
}

// What every left pixel's partner answers.
void ask(const RowCheck& row) {
  const std::int32_t* __restrict partners = row.partners;
  const std::int16_t* __restrict told = row.told;
  std::int16_t* __restrict answers = row.apart;
  const int width = row.width;
#pragma GCC unroll 4
  for (int x = 0; x < width; ++x) answers[x] = told[partners[x]];
}

inline std::int16_t tolerance_of(const RowCheck& row) {
  return row.tolerance < 0 ? std::int16_t{32767} : static_cast<std::int16_t>(row.tolerance);
}

// How far the views are apart at every left winner.
void judge(const RowCheck& row) {
  const std::int16_t* __restrict left = row.left;
  std::int16_t* __restrict apart = row.apart;
  const std::int16_t tolerance = tolerance_of(row);
  for (int x = 0; x < row.width; ++x) {
    const std::int16_t told = apart[x];
    const auto difference = static_cast<std::int16_t>(left[x] - (told >> 1));
    const auto distance = static_cast<std::int16_t>(difference < 0 ? -difference : difference);
    const std::int16_t sure = (told & 1) != 0 ? tolerance : std::int16_t{32767};
    const std::int16_t judged = distance > sure ? contradicted : distance;
    apart[x] = left[x] == no_disparity ? std::int16_t{0} : judged;
  }
}

void confirm(const std::int16_t* __restrict apart, int count, float* __restrict disparity,
             float* __restrict confidence) {
  for (int i = 0; i < count; ++i) {
    const bool holds = apart[i] != contradicted;
    const float shared = confidence[i] / static_cast<float>(holds ? 1 + apart[i] : 1), before = disparity[i];
    confidence[i] = holds ? shared : 0.0f;
    disparity[i] = holds ? before : __builtin_nanf("");
  }
}

// The views mostly agree, and then nothing changes.
void confirm_row(const RowCheck& row, float* disparity, float* confidence) {
  constexpr int run = 64;
  for (int x = 0; x < row.width; x += run) {
    const int count = row.width - x < run ? row.width - x : run;
    const std::int16_t* apart = row.apart + x;
    std::int16_t some = 0;
    for (int i = 0; i < count; ++i) some = static_cast<std::int16_t>(some | apart[i]);
    if (some != 0) confirm(apart, count, disparity + x, confidence + x);
  }
}

void hide(const RowCheck& row, std::uint8_t* __restrict hidden) {
  const std::int16_t* __restrict left = row.left;
  const std::int16_t* __restrict apart = row.apart;
  const std::uint8_t* __restrict seen = row.seen;
  const std::uint8_t checks = row.tolerance >= 0 ? 1 : 0;
  const int width = row.width;
  for (int x = 0; x < width; ++x) {
    const bool lost = (left[x] == no_disparity) | (apart[x] == contradicted);
    hidden[x] = static_cast<std::uint8_t>((lost ? checks : 0) & (seen[x] ^ 1));
  }
}

// What the views say of each other at every left pixel: told[partner of x] becomes apart[x].
template <bool strays>
void exchange(const RowCheck& row) {
  follow<1, strays>(row.right, row.width, row.partners);
  look_left(row);
  answer(row);
  follow<-1, strays>(row.left, row.width, row.partners);
  ask(row);
}

// How far the views are apart, `contradicted` where the right one says nothing, and each pixel's agreement.
void judge_all(const RowCheck& row, std::uint8_t* __restrict agreement) {
  const std::int16_t* __restrict left = row.left;
  std::int16_t* __restrict apart = row.apart;
  const std::uint8_t* __restrict seen = row.seen;
  const std::int16_t tolerance = tolerance_of(row);
  const std::int16_t checks = row.tolerance >= 0 ? 255 : 0;
  constexpr std::int16_t agrees = RowCheck::agrees, mismatched = RowCheck::mismatched;
  constexpr std::int16_t occluded = RowCheck::occluded, unknown = RowCheck::unknown;
  const int width = row.width;
  for (int x = 0; x < width; ++x) {
    const std::int16_t told = apart[x];
    const auto difference = static_cast<std::int16_t>(left[x] - (told >> 1));
    const auto distance = static_cast<std::int16_t>(difference < 0 ? -difference : difference);
    const std::int16_t sure = (told & 1) != 0 ? tolerance : std::int16_t{32767};
    const std::int16_t allowed = told == outside ? std::int16_t{-1} : sure;
    const std::int16_t failed = seen[x] != 0 ? mismatched : occluded;
    const std::int16_t missing = seen[x] != 0 ? unknown : occluded;
    const std::int16_t heard = told <= silent ? std::int16_t{0} : distance;
    const std::int16_t found = heard > allowed ? failed : agrees;
    agreement[x] = static_cast<std::uint8_t>((left[x] == no_disparity ? missing : found) & checks);
    const std::int16_t judged = told <= silent ? contradicted : distance;
    apart[x] = left[x] == no_disparity ? std::int16_t{0} : judged;
  }
}

void weigh(const std::int16_t* __restrict apart, int count, float* __restrict confidence) {
  for (int i = 0; i < count; ++i) {
    const bool known = apart[i] != contradicted;
    const float shared = confidence[i] / static_cast<float>(known ? 1 + apart[i] : 1);
    confidence[i] = known ? shared : 0.0f;
  }
}

}  // namespace

void check_row(const RowCheck& row, float* disparity, float* confidence, std::uint8_t* hidden) {
  exchange<false>(row);
  judge(row);
  confirm_row(row, disparity, confidence);
  hide(row, hidden);
}

void weigh_row(const RowCheck& row, float* confidence, std::uint8_t* agreement) {
  exchange<true>(row);
  judge_all(row, agreement);
  weigh(row.apart, row.width, confidence);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
