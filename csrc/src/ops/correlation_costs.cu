#include <algorithm>
#include <limits>

#include "geomvision/cuda/matching_costs.hpp"
#include "ops/candidates.cuh"
#include "ops/image_types.hpp"

namespace geomvision::cuda {
namespace {

constexpr int block = 256, strip = 32, most_threads = 128;
constexpr double least_variance = 1e-12;  // of the mean square

__device__ int clamped(int at, int size) { return min(max(at, 0), size - 1); }

// Sums and sums of squares over the rows of a window.
template <typename T>
__global__ void __launch_bounds__(block)
    sum_columns(Cells<const T, 2> image, int radius, Cells<double, 2> sums, Cells<double, 2> squares) {
  int y = 0, x = 0;
  if (!pixel_of(image, y, x)) return;
  double sum = 0, square = 0;
  for (int dy = -radius; dy <= radius; ++dy) {
    const auto value = static_cast<double>(*image.at(clamped(y + dy, image.sizes[0]), x));
    sum += value;
    square = __dadd_rn(square, __dmul_rn(value, value));
  }
  *sums.at(y, x) = sum;
  *squares.at(y, x) = square;
}

// Window sums, and 1 / root of what is left of their squares; NaN where nothing is left.
__global__ void __launch_bounds__(block)
    find_moments(Cells<const double, 2> columns, Cells<const double, 2> column_squares, int radius, double area,
                 bool means, Cells<double, 2> sums, Cells<double, 2> scales) {
  int y = 0, x = 0;
  if (!pixel_of(columns, y, x)) return;
  double sum = 0, squares = 0;
  for (int dx = -radius; dx <= radius; ++dx) {
    const int at = clamped(x + dx, columns.sizes[1]);
    sum += *columns.at(y, at);
    squares += *column_squares.at(y, at);
  }
  if (!means) sum = 0;
  const double spread = __dadd_rn(__dmul_rn(area, squares), -__dmul_rn(sum, sum));
  const bool enough = spread > __dmul_rn(__dmul_rn(least_variance, area), squares);
  *sums.at(y, x) = sum;
  *scales.at(y, x) = enough ? 1.0 / sqrt(spread) : std::numeric_limits<double>::quiet_NaN();
}

struct Moments {
  Cells<const double, 2> sums, scales;
};

// A block has a strip of a row with a chunk of candidates, a thread one of these. First the products of each column's
// pixels, which the thread keeps in shared memory, then the windows of these columns.
template <typename Sum, typename T>
__global__ void __launch_bounds__(most_threads)
    correlate(Cells<const T, 2> left, Cells<const T, 2> right, Moments seen, Moments met, int first, int count,
              int radius, double area, int chunks, ops::Real<T>* volume) {
  const int threads = static_cast<int>(blockDim.x), t = static_cast<int>(threadIdx.x);
  const int height = left.sizes[0], width = left.sizes[1], strips = (width + strip - 1) / strip;
  const int chunk = static_cast<int>(blockIdx.x) % chunks, rest = static_cast<int>(blockIdx.x) / chunks;
  const int y = rest / strips, x0 = rest % strips * strip, k = chunk * threads + t;
  if (k >= count) return;
  Sum* products = shared<Sum>() + t;
  const int end = min(strip, width - x0);
  for (int i = 0; i < end + 2 * radius; ++i) {
    const int x = x0 - radius + i;
    const T* here = left.data + clamped(x, width);
    const T* there = right.data + clamped(x - first - k, width);
    Sum sum = 0;
    for (int dy = -radius; dy <= radius; ++dy) {
      const std::ptrdiff_t row = clamped(y + dy, height);
      sum += static_cast<Sum>(here[row * left.strides[0]]) * static_cast<Sum>(there[row * right.strides[0]]);
    }
    products[i * threads] = sum;
  }
  for (int x = x0; x < x0 + end; ++x) {
    const int to = x - first - k;
    double cost = std::numeric_limits<double>::quiet_NaN();
    if (to >= 0 && to < width) {
      Sum sum = 0;
      for (int i = x - x0; i <= x - x0 + 2 * radius; ++i) sum += products[i * threads];
      const double expected = __dmul_rn(*seen.sums.at(y, x), *met.sums.at(y, to));
      const double covariance = __dadd_rn(__dmul_rn(area, static_cast<double>(sum)), -expected);
      const double r = __dmul_rn(__dmul_rn(covariance, *seen.scales.at(y, x)), *met.scales.at(y, to));
      const double above = r < -1.0 ? -1.0 : r;  // NaN stays
      cost = 1.0 - (above > 1.0 ? 1.0 : above);
    }
    volume[(static_cast<std::int64_t>(y) * width + x) * count + k] = static_cast<ops::Real<T>>(cost);
  }
}

// The memory of an image's moments.
class OwnMoments {
 public:
  template <typename T>
  OwnMoments(DeviceView<const T, 2> image, int radius, bool means, Stream stream)
      : memory_(4 * static_cast<std::size_t>(image.size(0) * image.size(1)), stream), sizes_(image.sizes()) {
    const double side = 2.0 * radius + 1, area = means ? side * side : 1.0;
    const unsigned grid = blocks(sizes_[0] * sizes_[1], block);
    launch(sum_columns<T>, grid, block, 0, stream, Cells<const T, 2>(image), radius, map<double>(2), map<double>(3));
    launch(find_moments, grid, block, 0, stream, map<const double>(2), map<const double>(3), radius, area, means,
           map<double>(0), map<double>(1));
  }
  Moments moments() const { return {map<const double>(0), map<const double>(1)}; }

 private:
  template <typename U>
  Cells<U, 2> map(int index) const {
    return Cells<U, 2>(DeviceView<U, 2>(memory_.data() + index * sizes_[0] * sizes_[1], sizes_));
  }

  StreamMemory<double> memory_;
  DeviceView<double, 2>::Sizes sizes_;
};

template <typename Sum, typename T>
void correlate_with(DeviceView<const T, 2> left, DeviceView<const T, 2> right, int first, int window, bool means,
                    DeviceView<ops::Real<T>, 3> volume, Stream stream) {
  const int radius = window / 2, count = static_cast<int>(volume.size(2));
  const OwnMoments seen(left, radius, means, stream), met(right, radius, means, stream);
  const auto columns = static_cast<std::size_t>(strip + 2 * radius);
  constexpr std::size_t room = std::size_t{48} << 10;
  const auto fitting = static_cast<int>(room / (columns * sizeof(Sum) * 32));  // warps
  const int threads = 32 * std::clamp(std::min(fitting, (count + 31) / 32), 1, most_threads / 32);
  const int chunks = (count + threads - 1) / threads;
  const std::ptrdiff_t strips = (left.size(1) + strip - 1) / strip;
  launch(correlate<Sum, T>, blocks(left.size(0) * strips * chunks, 1), static_cast<unsigned>(threads),
         columns * sizeof(Sum) * static_cast<std::size_t>(threads), stream, Cells<const T, 2>(left),
         Cells<const T, 2>(right), seen.moments(), met.moments(), first, count, radius,
         means ? static_cast<double>(window) * window : 1.0, chunks, volume.data());
}

}  // namespace

template <typename T>
void correlation_costs(DeviceView<const T, 2> left, DeviceView<const T, 2> right, int first, int window, bool means,
                       DeviceView<ops::Real<T>, 3> volume, Stream stream) {
  const char* op = "correlation_costs";
  check(window >= 1 && window % 2 == 1 && window <= 255, op, ": window is ", window, "; allowed is odd, 1 to 255");
  check_pair(op, left, right, first, volume);
  if (volume.empty()) return;
  constexpr int exact = 181;  // sums of products of bytes are below 2^31
  if (sizeof(T) == 1 && window <= exact) {
    correlate_with<std::int32_t, T>(left, right, first, window, means, volume, stream);
  } else {
    correlate_with<double, T>(left, right, first, window, means, volume, stream);
  }
}

#define GEOMVISION_INSTANTIATE(T)                                                                 \
  template void correlation_costs(DeviceView<const T, 2>, DeviceView<const T, 2>, int, int, bool, \
                                  DeviceView<ops::Real<T>, 3>, Stream)
GEOMVISION_FOR_IMAGE_TYPES(GEOMVISION_INSTANTIATE);
#undef GEOMVISION_INSTANTIATE

}  // namespace geomvision::cuda
