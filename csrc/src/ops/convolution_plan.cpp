#include "ops/convolution_plan.hpp"

namespace geomvision::ops {
namespace {

constexpr std::ptrdiff_t kColumns = 192;      // a multiple of the pixels that each kernel takes at a time
constexpr std::ptrdiff_t kRows = 32;          // at most
constexpr std::ptrdiff_t kBytes = 512 << 10;  // of packed pixels, if one row is not more: they stay in the second cache
constexpr std::ptrdiff_t kBeyond = 32;        // pixels that kernels may read beyond those they need

}  // namespace

ConvolutionPlan::ConvolutionPlan(Size side, const ConvolutionOptions& options, Size height, Size width,
                                 Size column_bytes, Size threads, std::vector<Size>& taps)
    : stride_(options.stride), border_(side / 2 * options.dilation), columns_(std::min(kColumns, width)) {
  const Size reach = (side - 1) * options.dilation;
  phase_size_ = pieces(columns_ + reach / stride_, 16) * 16 + kBeyond;
  const Size fitting = (kBytes / std::max<Size>(column_bytes * row_size(), 1) - reach - 1) / stride_ + 1;
  const Size shared = pieces(height * pieces(width, columns_), 3 * threads);  // so that all threads find work
  rows_ = std::max<Size>(std::min({fitting, shared, kRows}), 1);
  packed_rows_ = (rows_ - 1) * stride_ + reach + 1;
  taps.clear();
  for (Size ky = 0; ky < side; ++ky) {
    for (Size kx = 0; kx < side; ++kx) {
      const Size column = kx * options.dilation;
      taps.push_back(ky * options.dilation * row_size() + column % stride_ * phase_size_ + column / stride_);
    }
  }
}

}  // namespace geomvision::ops
