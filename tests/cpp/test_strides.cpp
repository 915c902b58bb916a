// Ops that take arrays with gaps, turned round or with axes exchanged, give on them what they give on packed copies, to
// the last bit, and write nothing beside them.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "geomvision/ops/convex_upsampling.hpp"
#include "geomvision/ops/correlation_lookup.hpp"
#include "geomvision/ops/cost_volume_2d.hpp"
#include "geomvision/ops/cost_volumes.hpp"
#include "geomvision/ops/cross_aggregation.hpp"
#include "geomvision/ops/guided_filter.hpp"
#include "geomvision/ops/local_correlation.hpp"
#include "geomvision/ops/sgm_paths.hpp"
#include "geomvision/ops/soft_argmin.hpp"
#include "geomvision/ops/splat.hpp"
#include "geomvision/ops/warp.hpp"
#include "geomvision/ops/winners.hpp"

using namespace geomvision;

namespace {

constexpr int trials = 25;
std::mt19937 random_bits(5);
int between(int least, int most) { return least + static_cast<int>(random_bits() % (most - least + 1u)); }

template <typename T, int Rank>
class Array {
 public:
  using Sizes = typename TensorView<T, Rank>::Sizes;

  // Without gaps; or with them after any axis, outer axes in any order, and some of them backwards.
  Array(const Sizes& sizes, bool spread) : sizes_(sizes), strides_(TensorView<T, Rank>(&nowhere_, sizes).strides()) {
    std::array<int, Rank> order{};
    for (int i = 0; i < Rank; ++i) order[i] = i;
    for (int i = 0; spread && i + 2 < Rank; ++i) std::swap(order[i], order[between(i, Rank - 2)]);
    std::ptrdiff_t room = 1;
    for (int i = Rank - 1; i >= 0; --i) {
      if (spread) strides_[order[i]] = room;
      room = room * sizes[order[i]] + (spread ? between(0, 2) * between(0, 2) : 0);
    }
    for (int i = 0; spread && i + 1 < Rank; ++i) {
      if (between(0, 2) > 0) continue;
      first_at_ += (sizes[i] - 1) * strides_[i];
      strides_[i] = -strides_[i];
    }
    memory_.resize(static_cast<std::size_t>(room));
    std::memset(memory_.data(), mark, memory_.size() * sizeof(T));
  }

  TensorView<T, Rank> view() { return {memory_.data() + first_at_, sizes_, strides_}; }

  // visit(element) in the order of a packed array.
  template <typename Visit>
  void each(const Visit& visit) {
    std::ptrdiff_t count = 1;
    for (const std::ptrdiff_t size : sizes_) count *= size;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      std::ptrdiff_t at = first_at_, rest = i;
      for (int axis = Rank - 1; axis >= 0; --axis) at += rest % sizes_[axis] * strides_[axis], rest /= sizes_[axis];
      visit(memory_[static_cast<std::size_t>(at)]);
    }
  }

  std::vector<T> values() {
    std::vector<T> found;
    each([&](const T& value) { found.push_back(value); });
    return found;
  }

  bool untouched_beside() {
    Array copy(*this);
    copy.each([](T& value) { std::memset(&value, mark, sizeof(T)); });
    const auto* bytes = reinterpret_cast<const unsigned char*>(copy.memory_.data());
    for (std::size_t i = 0; i < copy.memory_.size() * sizeof(T); ++i) {
      if (bytes[i] != mark) return false;
    }
    return true;
  }

 private:
  static constexpr int mark = 0x5a;
  T nowhere_{};
  Sizes sizes_, strides_;
  std::ptrdiff_t first_at_ = 0;
  std::vector<T> memory_;
};

// The same random values twice: packed, and spread.
template <typename T, int Rank>
class Given {
 public:
  Given(const typename Array<T, Rank>::Sizes& sizes, double low, double high)
      : packed_(sizes, false), spread_(sizes, true) {
    std::vector<T> values;
    packed_.each([&](T& value) {
      value = static_cast<T>(low + (high - low) * (random_bits() % 100001) / 1e5);
      values.push_back(value);
    });
    std::size_t i = 0;
    spread_.each([&](T& value) { value = values[i++]; });
  }
  TensorView<const T, Rank> operator()(bool spread) { return spread ? spread_.view() : packed_.view(); }

 private:
  Array<T, Rank> packed_, spread_;
};

// op(spread, result) of both kinds of arrays.
template <typename T, int Rank, typename Op>
void expect_equal(const typename Array<T, Rank>::Sizes& sizes, const Op& op) {
  Array<T, Rank> expected(sizes, false), found(sizes, true);
  op(false, expected.view());
  op(true, found.view());
  const std::vector<T> a = expected.values(), b = found.values();
  CHECK(std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
  CHECK(found.untouched_beside());
}

}  // namespace

TEST_CASE_TEMPLATE("features and volumes of them may have gaps", T, float, double) {
  for (int trial = 0; trial < trials; ++trial) {
    const std::ptrdiff_t batch = between(1, 2), channels = 2 * between(1, 9), height = between(1, 6),
                         width = between(1, 40), d = between(1, 9);
    Given<T, 4> left({batch, channels, height, width}, -1, 1), right({batch, channels, height, width}, -1, 1);
    expect_equal<T, 5>({batch, 2, d, height, width},
                       [&](bool s, auto out) { ops::group_wise_volume<T>(left(s), right(s), out); });
    expect_equal<T, 4>({batch, d, height, width},
                       [&](bool s, auto out) { ops::difference_volume<T>(left(s), right(s), out); });
    expect_equal<T, 5>({batch, 2 * channels, d, height, width},
                       [&](bool s, auto out) { ops::concatenated_volume<T>(left(s), right(s), out); });
    ops::LocalCorrelation<T> correlation({1, 2, 1});
    expect_equal<T, 4>({batch, 9, (height + 1) / 2, (width + 1) / 2},
                       [&](bool s, auto out) { correlation(left(s), right(s), out); });
    Given<T, 4> slopes({batch, 9, (height + 1) / 2, (width + 1) / 2}, -1, 1);
    expect_equal<T, 4>({batch, channels, height, width}, [&](bool s, auto out) {
      Array<T, 4> other({batch, channels, height, width}, s);
      correlation.backward(slopes(s), left(s), right(s), other.view(), out);
    });
    expect_equal<T, 3>({batch, height, width}, [&](bool s, auto out) { ops::soft_argmin(left(s), out); });
    expect_equal<T, 3>({batch, 2 * height, 3 * width}, [&](bool s, auto out) {
      ops::upsampled_soft_argmin(left(s), out, static_cast<int>(4 * channels));
    });
    Given<T, 3> columns({batch, height, width}, -2, static_cast<double>(width));
    ops::CorrelationLookup1D<T> lookup({2, 1});
    expect_equal<T, 4>({batch, 5, height, width},
                       [&](bool s, auto out) { lookup(left(s), right(s), columns(s), out); });
    Given<T, 4> logits({batch, 36, height, width}, -2, 2);
    ops::ConvexUpsampling<T> upsample({2, 1, true});
    expect_equal<T, 4>({batch, channels, 2 * height, 2 * width},
                       [&](bool s, auto out) { upsample(left(s), logits(s), out); });
  }
}

TEST_CASE_TEMPLATE("what is warped and splatted may have gaps", T, float, double) {
  for (int trial = 0; trial < trials; ++trial) {
    const std::ptrdiff_t batch = between(1, 2), channels = between(1, 9), height = between(1, 6),
                         width = between(1, 40);
    Given<T, 4> image({batch, channels, height, width}, -1, 1), flow({batch, 2, height, width}, -4, 4);
    Given<T, 3> importance({batch, height, width}, -3, 3);
    const ops::WarpOptions options{between(0, 1) ? ops::Interpolation::bicubic : ops::Interpolation::bilinear};
    expect_equal<T, 4>({batch, channels, height, width},
                       [&](bool s, auto out) { ops::warp_features<T>(image(s), flow(s), out, options); });
    expect_equal<T, 4>({batch, channels, height, width},
                       [&](bool s, auto out) { ops::splat_sum<T>(image(s), flow(s), out); });
    ops::MeanSplat<T> splat;
    expect_equal<T, 4>({batch, channels, height, width},
                       [&](bool s, auto out) { splat.average(image(s), flow(s), out); });
    expect_equal<T, 4>({batch, channels, height, width},
                       [&](bool s, auto out) { splat.softmax(image(s), flow(s), importance(s), out); });
  }
}

TEST_CASE_TEMPLATE("classical volumes may have gaps", T, std::uint8_t, std::uint16_t, std::int32_t, float) {
  for (int trial = 0; trial < trials; ++trial) {
    const std::ptrdiff_t height = between(1, 6), width = between(1, 30), d = between(1, 20);
    Given<T, 3> volume({height, width, d}, 0, 60);
    Given<float, 2> winners({height, width}, 2, 2);
    expect_equal<float, 2>({height, width}, [&](bool s, auto out) {
      Array<T, 2> cost({height, width}, s), second({height, width}, s);
      ops::winner_takes_all<T>(volume(s), 0, out, cost.view(), second.view());
    });
    expect_equal<float, 2>({height, width}, [&](bool s, auto out) { ops::right_winners<T>(volume(s), -1, out); });
    expect_equal<float, 2>({height, width},
                           [&](bool s, auto out) { ops::subpixel<T>(volume(s), winners(s), 0, "parabola", out); });
    Array<std::uint8_t, 3> arms({height, width, 4}, false);
    Given<T, 3> image({height, width, 1}, 0, 60);
    ops::cross_arms<T>(image(false), {3, 2, 30, 20}, arms.view());
    expect_equal<float, 3>({height, width, d}, [&](bool s, auto out) {
      ops::CrossAggregation()(volume(s), TensorView<const std::uint8_t, 3>(arms.view()), false, out);
    });
    if constexpr (sizeof(T) == 1) {
      const ops::SGMPathsOptions options{std::array<int, 4>{4, 5, 8, 16}[trial % 4]};
      expect_equal<std::uint16_t, 3>({height, width, d},
                                     [&](bool s, auto out) { ops::sgm_paths(volume(s), out, options); });
    }
    if constexpr (sizeof(T) <= 2) {
      Given<T, 3> other({height, width, d}, 0, 60);
      expect_equal<float, 4>({height, width, d, 9},
                             [&](bool s, auto out) { ops::cost_volume_2d<T>(volume(s), other(s), 1, true, out); });
    }
  }
}

TEST_CASE_TEMPLATE("what is filtered by a guide may have gaps, one slice of it, too", T, float, double) {
  for (int trial = 0; trial < trials; ++trial) {
    const std::ptrdiff_t height = between(1, 6), width = between(1, 30), slices = trial % 2 == 0 ? 1 : between(2, 20);
    Given<T, 3> values({height, width, slices}, 0, 60), guide({height, width, trial % 3 == 0 ? 3 : 1}, 0, 255);
    ops::GuidedFilter<T> filter;
    expect_equal<T, 3>({height, width, slices},
                       [&](bool s, auto out) { filter(values(s), guide(false), 2, 10.0, out); });
  }
}
