#include "geomvision/ops/convex_upsampling.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "check_apart.hpp"
#include "each_worker.hpp"
#include "geomvision/check.hpp"
#include "kernels/convex_upsampling.hpp"
#include "ops/aligned.hpp"

namespace geomvision::ops {
namespace {

using Size = std::ptrdiff_t;

constexpr Size kBeyond = 16;  // values that kernels may read beyond those they need

template <typename T>
struct Worker {
  Aligned<T> values;
  auto buffers() { return std::tie(values); }
};

// Row y of a channel, or the border's, or zeros, with `dilation` more on both sides.
template <typename T>
void pad_row(const ConvexUpsamplingOptions& options, const TensorView<const T, 4>& coarse, Size b, Size c, Size y,
             T* to) {
  const Size height = coarse.size(2), width = coarse.size(3), more = options.dilation;
  if (!options.repeats && (y < 0 || y >= height)) {
    std::fill_n(to, width + 2 * more + kBeyond, T(0));
    return;
  }
  const T* const row = coarse.at(b, c, std::clamp<Size>(y, 0, height - 1));
  std::fill_n(to, more, options.repeats ? row[0] : T(0));
  std::copy_n(row, width, to + more);
  std::fill_n(to + more + width, more + kBeyond, options.repeats ? row[width - 1] : T(0));
}

// In double precision the sums are taken as they are written.
void upsample_row(const ConvexRow<double>& row) {
  const int fine = row.factor * row.factor;
  for (int k = 0; k < fine; ++k) {
    for (int x = 0; x < row.width; ++x) {
      const double* const logits = row.logits + k * row.plane + x;
      double weights[9], most = logits[0], total = 0;
      for (int n = 1; n < 9; ++n) most = std::max(most, logits[n * fine * row.plane]);
      for (int n = 0; n < 9; ++n) total += weights[n] = std::exp(logits[n * fine * row.plane] - most);
      for (int c = 0; c < row.channels; ++c) {
        double sum = 0;
        for (int n = 0; n < 9; ++n) {
          sum += weights[n] * row.values[(c * 3 + n / 3) * row.step + x + n % 3 * row.dilation];
        }
        row.out[c * row.out_plane + k / row.factor * row.out_step + x * row.factor + k % row.factor] = sum / total;
      }
    }
  }
}

void upsample_row(const ConvexRow<float>& row) { GEOMVISION_KERNEL(upsample_row_f32)(row); }

}  // namespace

template <typename T>
struct ConvexUpsampling<T>::Scratch {
  std::vector<Worker<T>> workers;
};

template <typename T>
ConvexUpsampling<T>::ConvexUpsampling(const ConvexUpsamplingOptions& options)
    : options_(options), scratch_(std::make_unique<Scratch>()) {
  check_range("ConvexUpsampling", "factor", options.factor, 1, 64);
  check_range("ConvexUpsampling", "dilation", options.dilation, 1, 64);
}

template <typename T>
ConvexUpsampling<T>::ConvexUpsampling(ConvexUpsampling&&) noexcept = default;
template <typename T>
ConvexUpsampling<T>& ConvexUpsampling<T>::operator=(ConvexUpsampling&&) noexcept = default;
template <typename T>
ConvexUpsampling<T>::~ConvexUpsampling() = default;

template <typename T>
void ConvexUpsampling<T>::operator()(TensorView<const T, 4> coarse, TensorView<const T, 4> logits,
                                     TensorView<T, 4> fine, int num_threads) {
  const Size factor = options_.factor, batch = coarse.size(0), channels = coarse.size(1), height = coarse.size(2),
             width = coarse.size(3);
  check(logits.size(0) == batch && logits.size(1) == 9 * factor * factor && logits.size(2) == height &&
            logits.size(3) == width,
        "ConvexUpsampling: the logits are ", logits.shape(), ", the coarse values ", coarse.shape(),
        "; the logits must have ", 9 * factor * factor, " channels and the same size");
  check(fine.size(0) == batch && fine.size(1) == channels && fine.size(2) == factor * height &&
            fine.size(3) == factor * width,
        "ConvexUpsampling: the result is ", fine.shape(), ", the coarse values ", coarse.shape(), "; it must be ",
        factor, " times as high and wide");
  check_apart("ConvexUpsampling", coarse, fine);
  check_apart("ConvexUpsampling", logits, fine);
  if (fine.empty()) return;
  const Size step = width + 2 * options_.dilation + kBeyond;
  const auto rows = [&](int index, Worker<T>& worker) {
    const Size b = index / height, y = index % height;
    T* const values = worker.values.reserve(static_cast<std::size_t>(3 * channels * step));
    for (Size i = 0; i < 3 * channels; ++i) {
      pad_row(options_, coarse, b, i / 3, y + (i % 3 - 1) * options_.dilation, values + i * step);
    }
    upsample_row({values, step, static_cast<int>(channels), options_.dilation, options_.factor, static_cast<int>(width),
                  logits.at(b, 0, y), logits.stride(1), fine.at(b, 0, y * factor), fine.stride(2), fine.stride(1)});
  };
  each_worker(static_cast<int>(batch * height), num_threads, scratch_->workers, rows);
}

template class ConvexUpsampling<float>;
template class ConvexUpsampling<double>;

}  // namespace geomvision::ops
