#include "kernels/soft_argmin.hpp"

#include "kernels/exponential.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int kLane = kLanes<float>;
constexpr int kBlock = 4;  // vectors side by side

template <int vectors>
struct Softmin {
  Floats least[vectors], total[vectors], mean[vectors];

  [[gnu::always_inline]] Floats share(Floats cost, int v) const { return exp2((least[v] - cost) * kLog2e); }

  [[gnu::always_inline]] Softmin(const float* costs, std::ptrdiff_t step, int candidates) {
    for (int v = 0; v < vectors; ++v) {
      least[v] = load<Floats>(costs + v * kLane);
      total[v] = mean[v] = Floats{};
    }
    for (int k = 1; k < candidates; ++k) {
      for (int v = 0; v < vectors; ++v) {
        const Floats cost = load<Floats>(costs + k * step + v * kLane);
        least[v] = cost < least[v] ? cost : least[v];
      }
    }
    for (int k = 0; k < candidates; ++k) {
      for (int v = 0; v < vectors; ++v) {
        const Floats weight = share(load<Floats>(costs + k * step + v * kLane), v);
        total[v] += weight;
        mean[v] = fma(weight, Floats{} + static_cast<float>(k), mean[v]);
      }
    }
    for (int v = 0; v < vectors; ++v) mean[v] /= total[v];
  }
};

template <int vectors>
void forward(const float* costs, std::ptrdiff_t step, int candidates, float first, float* disparity) {
  const Softmin<vectors> pixels(costs, step, candidates);
  for (int v = 0; v < vectors; ++v) store(disparity + v * kLane, pixels.mean[v] + first);
}

template <int vectors>
void backward(const float* costs, std::ptrdiff_t step, int candidates, const float* d_disparity, float* d_costs,
              std::ptrdiff_t d_step) {
  const Softmin<vectors> pixels(costs, step, candidates);
  Floats scale[vectors];
  for (int v = 0; v < vectors; ++v) scale[v] = load<Floats>(d_disparity + v * kLane) / pixels.total[v];
  for (int k = 0; k < candidates; ++k) {
    for (int v = 0; v < vectors; ++v) {
      const Floats share = pixels.share(load<Floats>(costs + k * step + v * kLane), v) * scale[v];
      store(d_costs + k * d_step + v * kLane, share * (pixels.mean[v] - static_cast<float>(k)));
    }
  }
}

// The last pixels of a row, one by one: each in the first lane of a vector of its own.
void column(const CostRow& row, int x, int k, float* lanes) {
  for (int i = 0; i < kLane; ++i) lanes[i] = x + i < row.width ? row.costs[k * row.step + x + i] : 0.0f;
}

struct Tail {
  Floats least, total{}, mean{};
  float lanes[kLane];

  Floats at(const CostRow& row, int x, int k) {
    column(row, x, k, lanes);
    return load<Floats>(lanes);
  }

  Tail(const CostRow& row, int x) : least(at(row, x, 0)) {
    for (int k = 1; k < row.candidates; ++k) {
      const Floats cost = at(row, x, k);
      least = cost < least ? cost : least;
    }
    for (int k = 0; k < row.candidates; ++k) {
      const Floats weight = exp2((least - at(row, x, k)) * kLog2e);
      total += weight;
      mean = fma(weight, Floats{} + static_cast<float>(k), mean);
    }
    mean /= total;
  }
};

}  // namespace

void soft_argmin_row(const CostRow& row, float first, float* disparity) {
  int x = 0;
  for (; x + kBlock * kLane <= row.width; x += kBlock * kLane) {
    forward<kBlock>(row.costs + x, row.step, row.candidates, first, disparity + x);
  }
  for (; x + kLane <= row.width; x += kLane) {
    forward<1>(row.costs + x, row.step, row.candidates, first, disparity + x);
  }
  if (x == row.width) return;
  const Tail pixels(row, x);
  for (int i = 0; x + i < row.width; ++i) disparity[x + i] = first + pixels.mean[i];
}

void soft_argmin_backward_row(const CostRow& row, const float* d_disparity, float* d_costs, std::ptrdiff_t d_step) {
  int x = 0;
  for (; x + kBlock * kLane <= row.width; x += kBlock * kLane) {
    backward<kBlock>(row.costs + x, row.step, row.candidates, d_disparity + x, d_costs + x, d_step);
  }
  for (; x + kLane <= row.width; x += kLane) {
    backward<1>(row.costs + x, row.step, row.candidates, d_disparity + x, d_costs + x, d_step);
  }
  if (x == row.width) return;
  Tail pixels(row, x);
  for (int k = 0; k < row.candidates; ++k) {
    const Floats share = exp2((pixels.least - pixels.at(row, x, k)) * kLog2e) / pixels.total;
    const Floats slope = share * (pixels.mean - static_cast<float>(k));
    for (int i = 0; x + i < row.width; ++i) d_costs[k * d_step + x + i] = slope[i] * d_disparity[x + i];
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
