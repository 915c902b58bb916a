#include "kernels/row_finish.hpp"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-trapping-math")  // divisions of lanes that do not count: else the loops stay scalar
#endif

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

struct Whole {
  static float offset(std::int32_t, std::int32_t, std::int32_t) { return 0.0f; }
};

struct Parabola {
  static float offset(std::int32_t before, std::int32_t at, std::int32_t after) {
    const std::int32_t curvature = before - 2 * at + after;
    const float through = static_cast<float>(2 * (curvature == 0 ? 1 : curvature));
    return curvature == 0 ? 0.0f : static_cast<float>(before - after) / through;
  }
};

struct Equiangular {
  static float offset(std::int32_t before, std::int32_t at, std::int32_t after) {
    const std::int32_t rise = (before > after ? before : after) - at;
    const float through = static_cast<float>(2 * (rise == 0 ? 1 : rise));
    return rise == 0 ? 0.0f : static_cast<float>(before - after) / through;
  }
};

// `Product` holds a hundred times any cost.
template <typename Product, typename Fit, typename Cost>
void refine(Fit, const RowRefinement& how, const Winners<Cost>& found, std::int16_t* __restrict winner,
            float* __restrict disparity, float* __restrict margin) {
  const Cost* __restrict places = found.winner;
  const Cost* __restrict leasts = found.least;
  const Cost* __restrict seconds = found.second;
  const Cost* __restrict befores = found.before;
  const Cost* __restrict afters = found.after;
  const std::int32_t none = how.none, first = how.first;
  const Product share = 100 - how.uniqueness;
  for (int x = 0; x < how.width; ++x) {
    const std::int32_t least = leasts[x], second = seconds[x], before = befores[x], after = afters[x];
    const bool there = least != none, alone = second == none;
    const bool wins = there & (alone | (Product{100} * least < share * second));
    const bool inner = there & (before != none) & (after != none);
    const std::int32_t at = there ? least : 0;
    const float offset = Fit::offset(inner ? before : at, at, inner ? after : at);
    const std::int32_t whole = first + places[x];
    winner[x] = static_cast<std::int16_t>(wins ? whole : -32768);
    disparity[x] = wins ? static_cast<float>(whole) + offset : __builtin_nanf("");
    const float ratio = static_cast<float>(second - least) / static_cast<float>(second == 0 ? 1 : second);
    margin[x] = wins & !alone ? ratio : 0.0f;
  }
}

template <typename Product, typename Cost>
void refine_as(const RowRefinement& how, const Winners<Cost>& found, std::int16_t* winner, float* disparity,
               float* margin) {
  switch (how.fit) {
    case RowRefinement::parabola:
      return refine<Product>(Parabola{}, how, found, winner, disparity, margin);
    case RowRefinement::equiangular:
      return refine<Product>(Equiangular{}, how, found, winner, disparity, margin);
    default:
      refine<Product>(Whole{}, how, found, winner, disparity, margin);
  }
}

inline int clipped(int gradient) { return gradient < -31 ? -31 : (gradient > 31 ? 31 : gradient); }

}  // namespace

void refine_row(const RowRefinement& how, const RowWinners& found, std::int16_t* winner, float* disparity,
                float* margin) {
  refine_as<std::int64_t>(how, found, winner, disparity, margin);
}

void refine_narrow_row(const RowRefinement& how, const NarrowWinners& found, std::int16_t* winner, float* disparity,
                       float* margin) {
  refine_as<std::int32_t>(how, found, winner, disparity, margin);
}

void xsobel_row(const std::uint8_t* __restrict above, const std::uint8_t* __restrict row,
                const std::uint8_t* __restrict below, int width, std::uint8_t* __restrict filtered) {
  const auto filter = [&](int x, int before, int after) {
    const int gradient = above[after] - above[before] + 2 * (row[after] - row[before]) + below[after] - below[before];
    filtered[x] = static_cast<std::uint8_t>(clipped(gradient) + 31);
  };
  filter(0, 0, width > 1 ? 1 : 0);
  for (int x = 1; x < width - 1; ++x) filter(x, x - 1, x + 1);
  filter(width - 1, width > 1 ? width - 2 : 0, width - 1);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
