#include <limits>
#include <type_traits>

#include "cuda/launch.cuh"
#include "geomvision/cuda/winners.hpp"
#include "ops/check_sizes.hpp"
#include "ops/diagonals.cuh"

namespace geomvision::cuda {

using ops::check_map;
using ops::check_volume;

namespace {

constexpr int block = 256, warps = block / 32;
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

// Costs as integers in the same order, and the largest of them, which stands for "no candidate". A key is such a cost
// with its place below it: the smallest key is the first of the smallest costs.
template <typename T>
struct Form {
  using Key = std::conditional_t<sizeof(T) <= 2, std::uint32_t, std::int64_t>;
  static constexpr int bits = sizeof(T) <= 2 ? 16 : 32;
  static constexpr std::int32_t none =
      std::is_floating_point_v<T> ? 0x7fffffff : static_cast<std::int32_t>(std::numeric_limits<T>::max());
  static constexpr Key nothing = static_cast<Key>(none) << bits;

  __device__ static std::int32_t ordered(T cost) {
    if constexpr (std::is_floating_point_v<T>) {
      // A float's bits count up from 0 as it grows, and down as it falls below. Infinity and NaN are none.
      const auto signed_bits = static_cast<std::int32_t>(__float_as_uint(cost + 0.0f));
      return cost <= 3.402823466e38f ? signed_bits ^ ((signed_bits >> 31) & 0x7fffffff) : none;
    } else {
      return static_cast<std::int32_t>(cost);
    }
  }
  __device__ static T restored(std::int32_t order) {
    if constexpr (std::is_floating_point_v<T>) {
      if (order == none) return std::numeric_limits<T>::infinity();
      return __uint_as_float(static_cast<unsigned>(order ^ ((order >> 31) & 0x7fffffff)));
    } else {
      return static_cast<T>(order);
    }
  }
  __device__ static Key key(std::int32_t order, int k) {
    return static_cast<Key>(order) * (Key(1) << bits) + static_cast<Key>(k);
  }
  __device__ static std::int32_t order(Key key) { return static_cast<std::int32_t>(key >> bits); }
  __device__ static int place(Key key) { return static_cast<int>(key & ((Key(1) << bits) - 1)); }
};

// Which pixel of a map the thread has, if any.
__device__ bool pixel_of(const int (&sizes)[2], int& y, int& x) {
  const auto pixel = static_cast<std::int64_t>(blockIdx.x) * block + threadIdx.x;
  y = static_cast<int>(pixel / sizes[1]);
  x = static_cast<int>(pixel - static_cast<std::int64_t>(y) * sizes[1]);
  return y < sizes[0];
}

template <typename T>
__device__ bool is_cost(T cost) {
  return cost < ops::no_candidate<T>;
}

// A warp has a pixel. Each lane knows its two smallest costs: where the smallest is beside the winner, the lane's
// second stands for it, as a lane's candidates lie further apart than that.
template <typename T>
__global__ void __launch_bounds__(block)
    choose(Cells<const T, 3> volume, int first, Cells<float, 2> disparity, Cells<T, 2> cost, Cells<T, 2> second) {
  using F = Form<T>;
  using Key = typename F::Key;
  const int width = volume.sizes[1], count = volume.sizes[2], lane = static_cast<int>(threadIdx.x) % warpSize;
  const auto pixel = static_cast<std::int64_t>(blockIdx.x) * warps + threadIdx.x / warpSize;
  const auto y = static_cast<int>(pixel / width), x = static_cast<int>(pixel - static_cast<std::int64_t>(y) * width);
  if (y >= volume.sizes[0]) return;
  const T* costs = volume.at(y, x);
  Key least = F::nothing;
  std::int32_t other = F::none;
  for (int k = lane; k < count; k += warpSize) {
    const std::int32_t here = F::ordered(costs[k]);
    const Key key = F::key(here, k);
    const bool better = key < least;
    other = min(other, better ? F::order(least) : here);
    least = better ? key : least;
  }
  Key best = least;
  for (int by = warpSize / 2; by > 0; by /= 2) best = min(best, __shfl_xor_sync(0xffffffffu, best, by));
  const int winner = F::place(best), from = F::place(least) - winner;
  std::int32_t rival = from >= -1 && from <= 1 ? other : F::order(least);
  for (int by = warpSize / 2; by > 0; by /= 2) rival = min(rival, __shfl_xor_sync(0xffffffffu, rival, by));
  if (lane != 0) return;
  *disparity.at(y, x) = F::order(best) == F::none ? nan : static_cast<float>(first + winner);
  *cost.at(y, x) = F::restored(F::order(best));
  *second.at(y, x) = F::restored(rival);
}

template <typename T>
__global__ void __launch_bounds__(block) choose_right(Cells<const T, 3> volume, int first, Cells<float, 2> disparity) {
  using F = Form<T>;
  using Key = typename F::Key;
  const diagonals::Tile tile(volume.sizes[1], first, volume.sizes[2]);
  const Key best = diagonals::fold(
      tile, F::nothing, [&](int x, int k) { return F::ordered(*volume.at(tile.y, x, k)); },
      [](Key all, std::int32_t order, int k) { return min(all, F::key(order, k)); },
      [](Key a, Key b) { return min(a, b); });
  if (!tile.has_pixel()) return;
  *disparity.at(tile.y, tile.column()) = F::order(best) == F::none ? nan : static_cast<float>(first + F::place(best));
}

enum class Fit { none, parabola, equiangular };

template <typename T>
__global__ void __launch_bounds__(block)
    refine(Cells<const T, 3> volume, Cells<const float, 2> winners, int first, Fit fit, Cells<float, 2> refined) {
  using Wide = std::conditional_t<std::is_floating_point_v<T>, T, std::int64_t>;
  int y = 0, x = 0;
  if (!pixel_of(winners.sizes, y, x)) return;
  float winner = *winners.at(y, x);
  const float place = winner - static_cast<float>(first);
  if (fit != Fit::none && place > 0 && place < static_cast<float>(volume.sizes[2]) - 1 && place == floorf(place)) {
    const T* cost = volume.at(y, x, static_cast<int>(place));
    if (is_cost(cost[-1]) && is_cost(cost[1]) && cost[0] <= cost[-1] && cost[0] <= cost[1]) {
      const Wide before = cost[-1], at = cost[0], after = cost[1];
      const Wide bend = fit == Fit::parabola ? before - 2 * at + after : max(before, after) - at;
      if (bend != 0) winner += static_cast<float>(before - after) / static_cast<float>(2 * bend);
    }
  }
  *refined.at(y, x) = winner;
}

template <typename T>
__global__ void __launch_bounds__(block)
    keep_unique(Cells<const float, 2> disparity, Cells<const T, 2> cost, Cells<const T, 2> second, int percent,
                Cells<float, 2> kept, Cells<float, 2> margin) {
  using Wide = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;
  int y = 0, x = 0;
  if (!pixel_of(disparity.sizes, y, x)) return;
  float to = *disparity.at(y, x), lead = 0;
  const Wide least = *cost.at(y, x), other = *second.at(y, x);
  if (to == to && is_cost(*second.at(y, x))) {
    if (100 * least < (100 - percent) * other) {
      lead = static_cast<float>(other - least) / static_cast<float>(*second.at(y, x));
    } else {
      to = nan;
    }
  }
  *kept.at(y, x) = to;
  *margin.at(y, x) = lead;
}

// A block has a row: first who points where, then who agrees.
__global__ void __launch_bounds__(block)
    agree(Cells<const float, 2> left, Cells<const float, 2> right, double tolerance, Cells<std::uint8_t, 2> codes) {
  enum Code : std::uint8_t { agrees, mismatched, occluded, unknown };
  const int y = static_cast<int>(blockIdx.x), width = left.sizes[1], thread = static_cast<int>(threadIdx.x);
  const float *l = left.at(y), *r = right.at(y);
  std::uint8_t* code = codes.at(y);
  const auto column = [width](double x) {  // -1 outside, and where there is none
    const double rounded = floor(x + 0.5);
    return rounded >= 0 && rounded < static_cast<double>(width) ? static_cast<int>(rounded) : -1;
  };
  for (int x = thread; x < width; x += block) code[x] = occluded;
  __syncthreads();
  for (int x = thread; x < width; x += block) {
    const int seen = column(static_cast<double>(x) + floor(static_cast<double>(r[x]) + 0.5));
    if (seen >= 0) code[seen] = mismatched;
  }
  __syncthreads();
  for (int x = thread; x < width; x += block) {
    if (l[x] != l[x]) {
      if (code[x] == mismatched) code[x] = unknown;
      continue;
    }
    const int match = column(static_cast<double>(x) - floor(static_cast<double>(l[x]) + 0.5));
    if (match < 0) continue;
    const double back = floor(static_cast<double>(r[match]) + 0.5);
    const int rival = column(static_cast<double>(match) + back);
    const bool taken = rival >= 0 && floor(static_cast<double>(l[rival]) + 0.5) == back;
    const double apart = fabs(static_cast<double>(l[x]) - static_cast<double>(r[match]));
    if (!taken || apart <= tolerance) code[x] = agrees;
  }
}

template <typename T, int Rank>
std::ptrdiff_t pixels(const DeviceView<T, Rank>& of) {
  return of.size(0) * of.size(1);
}

}  // namespace

template <typename T>
void winner_takes_all(DeviceView<const T, 3> volume, int first, DeviceView<float, 2> disparity, DeviceView<T, 2> cost,
                      DeviceView<T, 2> second, Stream stream) {
  const char* op = "winner_takes_all";
  check_volume(op, volume, first);
  check_map(op, volume, disparity, "disparity");
  check_map(op, volume, cost, "cost");
  check_map(op, volume, second, "second");
  check(volume.size(2) > 0 || disparity.empty(), op, ": the volume is ", volume.shape(),
        "; the last axis needs a candidate");
  launch(choose<T>, blocks(pixels(volume), warps), block, 0, stream, Cells<const T, 3>(volume), first,
         Cells<float, 2>(disparity), Cells<T, 2>(cost), Cells<T, 2>(second));
}

template <typename T>
void right_winners(DeviceView<const T, 3> volume, int first, DeviceView<float, 2> disparity, Stream stream) {
  const char* op = "right_winners";
  check_volume(op, volume, first);
  check_map(op, volume, disparity, "disparity");
  check(volume.size(2) > 0 || disparity.empty(), op, ": the volume is ", volume.shape(),
        "; the last axis needs a candidate");
  launch(choose_right<T>, diagonals::grid(volume.size(0), volume.size(1)), diagonals::block, 0, stream,
         Cells<const T, 3>(volume), first, Cells<float, 2>(disparity));
}

template <typename T>
void subpixel(DeviceView<const T, 3> volume, DeviceView<const float, 2> winners, int first, const std::string& fit,
              DeviceView<float, 2> refined, Stream stream) {
  const char* op = "subpixel";
  check_volume(op, volume, first);
  check_map(op, volume, winners, "winners");
  check_map(op, volume, refined, "refined");
  check(fit == "parabola" || fit == "equiangular" || fit == "none", op, ": fit is '", fit,
        "'; allowed are 'parabola', 'equiangular', 'none'");
  const Fit how = fit == "parabola" ? Fit::parabola : (fit == "none" ? Fit::none : Fit::equiangular);
  launch(refine<T>, blocks(pixels(winners), block), block, 0, stream, Cells<const T, 3>(volume),
         Cells<const float, 2>(winners), first, how, Cells<float, 2>(refined));
}

template <typename T>
void uniqueness(DeviceView<const float, 2> disparity, DeviceView<const T, 2> cost, DeviceView<const T, 2> second,
                int percent, DeviceView<float, 2> kept, DeviceView<float, 2> margin, Stream stream) {
  const char* op = "uniqueness";
  check_range(op, "percent", percent, 0, 100);
  check_map(op, disparity, cost, "cost");
  check_map(op, disparity, second, "second");
  check_map(op, disparity, kept, "the result");
  check_map(op, disparity, margin, "margin");
  launch(keep_unique<T>, blocks(pixels(disparity), block), block, 0, stream, Cells<const float, 2>(disparity),
         Cells<const T, 2>(cost), Cells<const T, 2>(second), percent, Cells<float, 2>(kept), Cells<float, 2>(margin));
}

void left_right_check(DeviceView<const float, 2> left, DeviceView<const float, 2> right, double tolerance,
                      DeviceView<std::uint8_t, 2> codes, Stream stream) {
  const char* op = "left_right_check";
  check(tolerance >= 0, op, ": tolerance is ", tolerance, "; allowed is 0 px or more");
  check_map(op, left, right, "right");
  check_map(op, left, codes, "the result");
  if (left.empty()) return;
  launch(agree, blocks(left.size(0), 1), block, 0, stream, Cells<const float, 2>(left), Cells<const float, 2>(right),
         tolerance, Cells<std::uint8_t, 2>(codes));
}

#define GEOMVISION_WINNERS(T)                                                                               \
  template void winner_takes_all(DeviceView<const T, 3>, int, DeviceView<float, 2>, DeviceView<T, 2>,       \
                                 DeviceView<T, 2>, Stream);                                                 \
  template void right_winners(DeviceView<const T, 3>, int, DeviceView<float, 2>, Stream);                   \
  template void subpixel(DeviceView<const T, 3>, DeviceView<const float, 2>, int, const std::string&,       \
                         DeviceView<float, 2>, Stream);                                                     \
  template void uniqueness(DeviceView<const float, 2>, DeviceView<const T, 2>, DeviceView<const T, 2>, int, \
                           DeviceView<float, 2>, DeviceView<float, 2>, Stream)
GEOMVISION_WINNERS(std::uint8_t);
GEOMVISION_WINNERS(std::uint16_t);
GEOMVISION_WINNERS(std::int32_t);
GEOMVISION_WINNERS(float);
#undef GEOMVISION_WINNERS

}  // namespace geomvision::cuda
