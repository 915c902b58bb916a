#include "kernels/convolution.hpp"

#include "kernels/lanes.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

// Sums that fit the registers beside what they are made of: 32 of them, or 16.
#if defined(__AVX512BW__)
constexpr int kOutputs = 8;
#else
constexpr int kOutputs = 4;
#endif
constexpr int kVectors = 3;
static_assert(convolution_outputs % kOutputs == 0);

template <typename T>
[[gnu::always_inline]] inline Lanes<T> load_some(const T* from, int count) {
  if (count >= kLanes<T>) return load<Lanes<T>>(from);
  Lanes<T> lanes{};
  for (int i = 0; i < count; ++i) lanes[i] = from[i];
  return lanes;
}

// Outputs [first, first + kOutputs) of `vectors` vectors of pixels, from x on.
template <int vectors, typename T>
[[gnu::always_inline]] inline void convolve_block(const ConvolutionRow<T>& row, int x, int first) {
  using V = Lanes<T>;
  constexpr int lanes = kLanes<T>;
  V sums[kOutputs][vectors];
  for (int o = 0; o < kOutputs; ++o) {
    for (int v = 0; v < vectors; ++v) sums[o][v] = row.bias[first + o] - V{};
  }
  const std::ptrdiff_t block = std::ptrdiff_t{row.channels} * row.tap_count * convolution_outputs;
  const T* weight = row.weights + first / convolution_outputs * block + first % convolution_outputs;
  const T* channel = row.pixels + x;
  for (int c = 0; c < row.channels; ++c, channel += row.channel_step) {
    for (int t = 0; t < row.tap_count; ++t, weight += convolution_outputs) {
      const T* const at = channel + row.taps[t];
      V pixels[vectors];
      for (int v = 0; v < vectors; ++v) pixels[v] = load<V>(at + v * lanes);
#pragma GCC unroll 8
      for (int o = 0; o < kOutputs; ++o) {
        const V one = weight[o] - V{};
        for (int v = 0; v < vectors; ++v) sums[o][v] = fma(one, pixels[v], sums[o][v]);
      }
    }
  }
  const int outputs = row.outputs - first < kOutputs ? row.outputs - first : kOutputs;
  for (int o = 0; o < outputs; ++o) {
    T* const out = row.out + (first + o) * row.out_step + x;
    const T* const residual = row.residual == nullptr ? nullptr : row.residual + (first + o) * row.residual_step + x;
    for (int v = 0; v < vectors; ++v) {
      const int left = row.width - x - v * lanes;
      V sum = sums[o][v];
      if (residual != nullptr) sum = sum + load_some(residual + v * lanes, left);
      if (row.relu) sum = sum < 0 ? V{} : sum;
      if (left >= lanes) {
        store(out + v * lanes, sum);
      } else {
        for (int i = 0; i < left; ++i) out[v * lanes + i] = sum[i];
      }
    }
  }
}

template <int vectors, typename T>
void convolve_tile(const ConvolutionRow<T>& row, int x) {
  for (int first = 0; first < row.outputs; first += kOutputs) convolve_block<vectors>(row, x, first);
}

template <typename T>
void convolve_row(const ConvolutionRow<T>& row) {
  for (int x = 0; x < row.width; x += kVectors * kLanes<T>) {
    const int left = row.width - x;
    if (left > 2 * kLanes<T>) {
      convolve_tile<3>(row, x);
    } else if (left > kLanes<T>) {
      convolve_tile<2>(row, x);
    } else {
      convolve_tile<1>(row, x);
    }
  }
}

// The bits of the nearest bfloat16, in the high half of a word.
inline std::uint32_t rounded(float value) {
  std::uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  const std::uint32_t nearest = bits + 0x7fffU + ((bits >> 16) & 1U);
  return (value == value ? nearest : bits | 0x400000U) & 0xffff0000U;
}

}  // namespace

void convolve_row_f32(const ConvolutionRow<float>& row) { convolve_row(row); }
void convolve_row_f64(const ConvolutionRow<double>& row) { convolve_row(row); }

void round_to_bf16(const float* from, std::ptrdiff_t count, float* to) {
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    const std::uint32_t bits = rounded(from[i]);
    __builtin_memcpy(to + i, &bits, sizeof bits);
  }
}

void pair_bf16(const float* even, const float* odd, std::ptrdiff_t count, std::uint32_t* to) {
  for (std::ptrdiff_t i = 0; i < count; ++i) to[i] = rounded(even[i]) >> 16 | rounded(odd[i]);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
