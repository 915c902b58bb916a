#include "geomvision/ops/winners.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/winners.hpp"
#include "ops/check_sizes.hpp"

namespace geomvision::ops {
namespace {

constexpr float none = std::numeric_limits<float>::quiet_NaN();

template <typename T>
struct Kernels;
#define GEOMVISION_WINNERS(T, KeyType, suffix)                                \
  template <>                                                                 \
  struct Kernels<T> {                                                         \
    using Key = KeyType;                                                      \
    static auto left() { return GEOMVISION_KERNEL(winners_##suffix); }        \
    static auto right() { return GEOMVISION_KERNEL(right_winners_##suffix); } \
  }
GEOMVISION_WINNERS(std::uint8_t, std::uint32_t, u8);
GEOMVISION_WINNERS(std::uint16_t, std::uint32_t, u16);
GEOMVISION_WINNERS(std::int32_t, std::int64_t, i32);
GEOMVISION_WINNERS(float, std::int64_t, f32);
#undef GEOMVISION_WINNERS

template <typename T>
float offset(T before, T at, T after, bool parabola) {
  using Wide = std::conditional_t<std::is_floating_point_v<T>, T, std::int64_t>;
  const Wide b = before, c = at, a = after;
  const Wide bend = parabola ? b - 2 * c + a : std::max(b, a) - c;
  return bend == 0 ? 0.0f : static_cast<float>(b - a) / static_cast<float>(2 * bend);
}

template <typename T>
bool is_cost(T cost) {
  return cost < no_candidate<T>;
}

}  // namespace

template <typename T>
void winner_takes_all(TensorView<const T, 3> volume, int first, TensorView<float, 2> disparity, TensorView<T, 2> cost,
                      TensorView<T, 2> second, int num_threads) {
  const char* op = "winner_takes_all";
  check_volume(op, volume, first);
  check_map(op, volume, disparity, "disparity");
  check_map(op, volume, cost, "cost");
  check_map(op, volume, second, "second");
  const int width = static_cast<int>(volume.size(1)), count = static_cast<int>(volume.size(2));
  check(count > 0 || disparity.empty(), op, ": the volume is ", volume.shape(), "; the last axis needs a candidate");
  if (volume.empty()) return;
  const auto rows = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      Kernels<T>::left()(volume.at(y), volume.stride(1), width, count, first, disparity.at(y), cost.at(y),
                         second.at(y));
    }
  };
  parallel_for(static_cast<int>(volume.size(0)), num_threads, std::ref(rows));
}

template <typename T>
void right_winners(TensorView<const T, 3> volume, int first, TensorView<float, 2> disparity, int num_threads) {
  check_volume("right_winners", volume, first);
  check_map("right_winners", volume, disparity, "disparity");
  const int width = static_cast<int>(volume.size(1)), count = static_cast<int>(volume.size(2));
  check(count > 0 || disparity.empty(), "right_winners: the volume is ", volume.shape(),
        "; the last axis needs a candidate");
  if (volume.empty()) return;
  const auto rows = [&](int begin, int end) {
    thread_local std::vector<typename Kernels<T>::Key> keys;
    if (keys.size() < static_cast<std::size_t>(width)) keys.resize(width);
    for (int y = begin; y < end; ++y) {
      Kernels<T>::right()(volume.at(y), volume.stride(1), width, count, first, keys.data(), disparity.at(y));
    }
  };
  parallel_for(static_cast<int>(volume.size(0)), num_threads, std::ref(rows));
}

template <typename T>
void subpixel(TensorView<const T, 3> volume, TensorView<const float, 2> winners, int first, const std::string& fit,
              TensorView<float, 2> refined, int num_threads) {
  check_volume("subpixel", volume, first);
  check_map("subpixel", volume, winners, "winners");
  check_map("subpixel", volume, refined, "refined");
  check(fit == "parabola" || fit == "equiangular" || fit == "none", "subpixel: fit is '", fit,
        "'; allowed are 'parabola', 'equiangular', 'none'");
  const bool parabola = fit == "parabola", fits = fit != "none";
  const auto count = static_cast<float>(volume.size(2));
  const auto rows = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      for (std::ptrdiff_t x = 0; x < volume.size(1); ++x) {
        const float winner = *winners.at(y, x), place = winner - static_cast<float>(first);
        float& to = *refined.at(y, x) = winner;
        if (!fits || !(place > 0 && place < count - 1) || place != std::floor(place)) continue;
        const T* cost = volume.at(y, x, static_cast<std::ptrdiff_t>(place));
        if (!is_cost(cost[-1]) || !is_cost(cost[1]) || !(cost[0] <= cost[-1] && cost[0] <= cost[1])) continue;
        to += offset(cost[-1], cost[0], cost[1], parabola);
      }
    }
  };
  if (!winners.empty()) parallel_for(static_cast<int>(volume.size(0)), num_threads, std::ref(rows));
}

template <typename T>
void uniqueness(TensorView<const float, 2> disparity, TensorView<const T, 2> cost, TensorView<const T, 2> second,
                int percent, TensorView<float, 2> kept, TensorView<float, 2> margin, int num_threads) {
  using Wide = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;
  const char* op = "uniqueness";
  check_range(op, "percent", percent, 0, 100);
  check_map(op, disparity, cost, "cost");
  check_map(op, disparity, second, "second");
  check_map(op, disparity, kept, "the result");
  check_map(op, disparity, margin, "margin");
  const auto rows = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      for (std::ptrdiff_t x = 0; x < disparity.size(1); ++x) {
        const T least = *cost.at(y, x), other = *second.at(y, x);
        float &to = *kept.at(y, x) = *disparity.at(y, x), &lead = *margin.at(y, x) = 0;
        if (std::isnan(to) || !is_cost(other)) continue;
        if (100 * static_cast<Wide>(least) < (100 - percent) * static_cast<Wide>(other)) {
          lead = static_cast<float>(static_cast<Wide>(other) - static_cast<Wide>(least)) / static_cast<float>(other);
        } else {
          to = none;
        }
      }
    }
  };
  if (!disparity.empty()) parallel_for(static_cast<int>(disparity.size(0)), num_threads, std::ref(rows));
}

void left_right_check(TensorView<const float, 2> left, TensorView<const float, 2> right, double tolerance,
                      TensorView<std::uint8_t, 2> codes, int num_threads) {
  enum Code : std::uint8_t { agrees, mismatched, occluded, unknown };
  check(tolerance >= 0, "left_right_check: tolerance is ", tolerance, "; allowed is 0 px or more");
  check_map("left_right_check", left, right, "right");
  check_map("left_right_check", left, codes, "the result");
  if (left.empty()) return;
  const std::ptrdiff_t width = left.size(1);
  // The column that x plus or minus its disparity falls on; -1 outside, and where there is none.
  const auto column = [width](double x) {
    const double rounded = std::floor(x + 0.5);
    return rounded >= 0 && rounded < static_cast<double>(width) ? static_cast<std::ptrdiff_t>(rounded) : -1;
  };
  const auto rows = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      const float *l = left.at(y), *r = right.at(y);
      std::uint8_t* code = codes.at(y);
      std::fill_n(code, width, occluded);
      for (std::ptrdiff_t x = 0; x < width; ++x) {
        const std::ptrdiff_t seen = column(static_cast<double>(x) + std::floor(r[x] + 0.5));
        if (seen >= 0) code[seen] = mismatched;
      }
      for (std::ptrdiff_t x = 0; x < width; ++x) {
        if (std::isnan(l[x])) {
          if (code[x] == mismatched) code[x] = unknown;
          continue;
        }
        const std::ptrdiff_t match = column(static_cast<double>(x) - std::floor(l[x] + 0.5));
        if (match < 0) continue;
        const double back = std::floor(r[match] + 0.5);
        const std::ptrdiff_t rival = column(static_cast<double>(match) + back);
        const bool taken = rival >= 0 && std::floor(l[rival] + 0.5) == back;
        if (!taken || std::fabs(static_cast<double>(l[x]) - r[match]) <= tolerance) code[x] = agrees;
      }
    }
  };
  parallel_for(static_cast<int>(left.size(0)), num_threads, std::ref(rows));
}

#define GEOMVISION_WINNERS(T)                                                                                  \
  template void winner_takes_all<T>(TensorView<const T, 3>, int, TensorView<float, 2>, TensorView<T, 2>,       \
                                    TensorView<T, 2>, int);                                                    \
  template void right_winners<T>(TensorView<const T, 3>, int, TensorView<float, 2>, int);                      \
  template void subpixel<T>(TensorView<const T, 3>, TensorView<const float, 2>, int, const std::string&,       \
                            TensorView<float, 2>, int);                                                        \
  template void uniqueness<T>(TensorView<const float, 2>, TensorView<const T, 2>, TensorView<const T, 2>, int, \
                              TensorView<float, 2>, TensorView<float, 2>, int)
GEOMVISION_WINNERS(std::uint8_t);
GEOMVISION_WINNERS(std::uint16_t);
GEOMVISION_WINNERS(std::int32_t);
GEOMVISION_WINNERS(float);
#undef GEOMVISION_WINNERS

}  // namespace geomvision::ops
