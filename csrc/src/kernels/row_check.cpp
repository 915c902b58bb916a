#include "kernels/row_check.hpp"

#include "kernels/window_search.hpp"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-trapping-math")  // else the loop over floats stays scalar
#endif

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

// Of every right pixel: twice its disparity, and one more where the left pixel it points at points back.
void ask_right(const RowCheck& row, std::int32_t* __restrict answers, std::uint8_t* __restrict seen) {
  const std::int16_t* __restrict left = row.left;
  const std::int16_t* __restrict right = row.right;
  const int width = row.width;
  for (int x = 0; x <= width; ++x) seen[x] = 0;
  for (int x = 0; x < width; ++x) {
    const std::int32_t disparity = right[x];
    const bool known = disparity != no_disparity;
    const int partner = known ? x + disparity : x;
    answers[x] = 2 * disparity + (known & (left[partner] == disparity));
    seen[known ? partner : width] = 1;
  }
}

// What every left pixel's match answered.
void meet(const RowCheck& row, const std::int32_t* __restrict answers, std::int32_t* __restrict met) {
  const std::int16_t* __restrict left = row.left;
  for (int x = 0; x < row.width; ++x) met[x] = answers[left[x] == no_disparity ? x : x - left[x]];
}

// How far the views are apart at every left winner; contradicted and hidden pixels.
void judge(const RowCheck& row, std::int32_t* __restrict apart, std::int32_t* __restrict contradicted) {
  const std::int16_t* __restrict left = row.left;
  const std::int32_t tolerance = row.tolerance < 0 ? 65536 : row.tolerance;
  for (int x = 0; x < row.width; ++x) {
    const std::int32_t disparity = left[x], met = apart[x], difference = disparity - (met >> 1);
    const std::int32_t distance = difference < 0 ? -difference : difference;
    const std::int32_t refuted = distance > tolerance ? met & 1 : 0;
    apart[x] = disparity == no_disparity ? 0 : distance;
    contradicted[x] = disparity == no_disparity ? 0 : refuted;
  }
}

void confirm(const std::int32_t* __restrict apart, const std::int32_t* __restrict contradicted, int width,
             float* __restrict disparity, float* __restrict confidence) {
  for (int x = 0; x < width; ++x) {
    const float before = disparity[x], shared = confidence[x] / static_cast<float>(1 + apart[x]);
    const bool holds = contradicted[x] == 0;
    confidence[x] = holds ? shared : 0.0f;
    disparity[x] = holds ? before : __builtin_nanf("");
  }
}

void hide(const RowCheck& row, const std::int32_t* __restrict contradicted, std::uint8_t* __restrict hidden) {
  const std::int16_t* __restrict left = row.left;
  const std::uint8_t* __restrict seen = row.seen;
  const std::uint8_t checks = row.tolerance >= 0 ? 1 : 0;
  for (int x = 0; x < row.width; ++x) {
    const int lost = contradicted[x] | (left[x] == no_disparity ? 1 : 0);
    hidden[x] = static_cast<std::uint8_t>(lost & checks & (seen[x] ^ 1));
  }
}

}  // namespace

void check_row(const RowCheck& row, float* __restrict disparity, float* __restrict confidence,
               std::uint8_t* __restrict hidden) {
  std::int32_t *contradicted = row.met[0], *apart = row.met[1];
  ask_right(row, row.met[0], row.seen);
  meet(row, row.met[0], row.met[1]);
  judge(row, apart, contradicted);
  confirm(apart, contradicted, row.width, disparity, confidence);
  hide(row, contradicted, hidden);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
