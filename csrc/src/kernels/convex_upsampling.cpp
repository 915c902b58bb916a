#include "kernels/convex_upsampling.hpp"

#include "kernels/exponential.hpp"
#include "kernels/lanes.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int kNeighbours = 9;
constexpr int kLaneCount = kLanes<float>;

[[gnu::always_inline]] inline Floats load_some(const float* from, int count) {
  if (count >= kLaneCount) return load<Floats>(from);
  Floats lanes{};
  for (int i = 0; i < count; ++i) lanes[i] = from[i];
  return lanes;
}

// Weights of the neighbours, times their sum, which is returned.
[[gnu::always_inline]] inline Floats weigh(const float* logits, std::ptrdiff_t step, int count, Floats* weights) {
  Floats most = load_some(logits, count);
  weights[0] = most;
  for (int n = 1; n < kNeighbours; ++n) {
    weights[n] = load_some(logits + n * step, count);
    most = weights[n] > most ? weights[n] : most;
  }
  Floats total{};
  for (int n = 0; n < kNeighbours; ++n) {
    const Floats power = (weights[n] - most) * kLog2e;
    weights[n] = power < -126.0f ? Floats{} : exp2(power);
    total = total + weights[n];
  }
  return total;
}

}  // namespace

void upsample_row_f32(const ConvexRow<float>& row) {
  const int fine = row.factor * row.factor;
  for (int x = 0; x < row.width; x += kLaneCount) {
    const int count = row.width - x < kLaneCount ? row.width - x : kLaneCount;
    for (int k = 0; k < fine; ++k) {
      Floats weights[kNeighbours];
      const Floats total = weigh(row.logits + k * row.plane + x, fine * row.plane, count, weights);
      float* const out = row.out + k / row.factor * row.out_step + x * row.factor + k % row.factor;
      for (int c = 0; c < row.channels; ++c) {
        const float* const values = row.values + c * 3 * row.step + x;
        Floats sum{};
        for (int n = 0; n < kNeighbours; ++n) {
          sum = fma(weights[n], load<Floats>(values + n / 3 * row.step + n % 3 * row.dilation), sum);
        }
        sum = sum / total;
        float* const to = out + c * row.out_plane;
        if (row.factor == 1 && count == kLaneCount) {
          store(to, sum);
        } else {
          for (int i = 0; i < count; ++i) to[i * row.factor] = sum[i];
        }
      }
    }
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
