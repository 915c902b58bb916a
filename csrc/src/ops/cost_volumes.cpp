#include "geomvision/ops/cost_volumes.hpp"

#include <algorithm>
#include <type_traits>

#include "geomvision/check.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/group_volume.hpp"

namespace geomvision::ops {
namespace {

template <typename T>
void check_features(const char* op, const TensorView<const T, 4>& left, const TensorView<const T, 4>& right) {
  check(left.sizes() == right.sizes(), op, ": left is ", left.shape(), ", right is ", right.shape(),
        "; they must be equal");
}

template <typename T, typename U, int Rank>
void check_volume(const char* op, const TensorView<const T, 4>& left, const TensorView<U, Rank>& volume, int channels) {
  bool fits =
      volume.size(0) == left.size(0) && volume.size(Rank - 2) == left.size(2) && volume.size(Rank - 1) == left.size(3);
  if (Rank == 5) fits = fits && volume.size(1) == channels;
  check(fits, op, ": features are ", left.shape(), ", the volume is ", volume.shape(),
        "; batch, height and width must be equal, and the channels of the volume ", channels);
}

template <typename T>
void check_gradients(const char* op, const TensorView<const T, 4>& left, const TensorView<T, 4>& d_left,
                     const TensorView<T, 4>& d_right) {
  check(d_left.sizes() == left.sizes() && d_right.sizes() == left.sizes() && d_left.strides() == d_right.strides(), op,
        "_backward: features are ", left.shape(), ", gradients are ", d_left.shape(), " and ", d_right.shape(),
        "; sizes must be equal, and strides of the gradients");
}

template <typename T>
void fill(const TensorView<T, 4>& values) {
  for (std::ptrdiff_t b = 0; b < values.size(0); ++b) {
    for (std::ptrdiff_t c = 0; c < values.size(1); ++c) {
      for (std::ptrdiff_t y = 0; y < values.size(2); ++y) std::fill_n(values.at(b, c, y), values.size(3), T(0));
    }
  }
}

constexpr std::ptrdiff_t kCached = 1 << 21;  // elements

// Rows of groups of channels: visit(b, group, y, row) on every thread.
template <typename T, typename Visit>
void for_rows(const TensorView<const T, 4>& left, const TensorView<const T, 4>& right, int groups, int candidates,
              std::ptrdiff_t volume_step, bool difference, int num_threads, const Visit& visit) {
  const int channels = static_cast<int>(left.size(1)) / groups, height = static_cast<int>(left.size(2));
  const GroupRow<T> shape{nullptr,
                          nullptr,
                          left.stride(1),
                          right.stride(1),
                          channels,
                          static_cast<int>(left.size(3)),
                          candidates,
                          volume_step,
                          T(1) / static_cast<T>(channels),
                          difference,
                          left.size(0) * groups * candidates * height * left.size(3) > kCached};
  parallel_for(static_cast<int>(left.size(0)) * groups * height, num_threads, [&](int begin, int end) {
    for (int i = begin; i < end; ++i) {
      const int y = i % height, group = i / height % groups, b = i / height / groups;
      GroupRow<T> row = shape;
      row.left = left.at(b, group * channels, y);
      row.right = right.at(b, group * channels, y);
      visit(b, group, y, row);
    }
  });
}

}  // namespace

template <typename T>
void group_wise_volume(TensorView<const T, 4> left, TensorView<const T, 4> right, TensorView<T, 5> volume,
                       int num_threads) {
  check_features("group_wise_volume", left, right);
  const int groups = static_cast<int>(volume.size(1)), candidates = static_cast<int>(volume.size(2));
  check(groups > 0 && left.size(1) > 0 && left.size(1) % groups == 0, "group_wise_volume: ", left.size(1),
        " channels do not make ", groups, " equal groups");
  check_volume("group_wise_volume", left, volume, groups);
  if (volume.empty()) return;
  for_rows(left, right, groups, candidates, volume.stride(2), false, num_threads,
           [&](int b, int group, int y, const GroupRow<T>& row) {
             if constexpr (std::is_same_v<T, float>) {
               GEOMVISION_KERNEL(group_volume_f32)(row, volume.at(b, group, 0, y));
             } else {
               GEOMVISION_KERNEL(group_volume_f64)(row, volume.at(b, group, 0, y));
             }
           });
}

namespace {

template <typename T>
void backward_row(const GroupRow<T>& row, const T* d_volume, T* d_left, T* d_right, std::ptrdiff_t step) {
  if constexpr (std::is_same_v<T, float>) {
    GEOMVISION_KERNEL(group_volume_backward_f32)(row, d_volume, d_left, d_right, step);
  } else {
    GEOMVISION_KERNEL(group_volume_backward_f64)(row, d_volume, d_left, d_right, step);
  }
}

}  // namespace

template <typename T>
void group_wise_volume_backward(TensorView<const T, 5> d_volume, TensorView<const T, 4> left,
                                TensorView<const T, 4> right, TensorView<T, 4> d_left, TensorView<T, 4> d_right,
                                int num_threads) {
  check_features("group_wise_volume_backward", left, right);
  const int groups = static_cast<int>(d_volume.size(1)), candidates = static_cast<int>(d_volume.size(2));
  check(groups > 0 && left.size(1) > 0 && left.size(1) % groups == 0, "group_wise_volume_backward: ", left.size(1),
        " channels do not make ", groups, " equal groups");
  check_volume("group_wise_volume_backward", left, d_volume, groups);
  check_gradients("group_wise_volume", left, d_left, d_right);
  if (d_volume.empty()) {
    fill(d_left);
    fill(d_right);
    return;
  }
  const std::ptrdiff_t channels = left.size(1) / groups;
  for_rows(left, right, groups, candidates, d_volume.stride(2), false, num_threads,
           [&](int b, int group, int y, const GroupRow<T>& row) {
             backward_row(row, d_volume.at(b, group, 0, y), d_left.at(b, group * channels, y),
                          d_right.at(b, group * channels, y), d_left.stride(1));
           });
}

template <typename T>
void difference_volume(TensorView<const T, 4> left, TensorView<const T, 4> right, TensorView<T, 4> volume,
                       int num_threads) {
  check_features("difference_volume", left, right);
  check_volume("difference_volume", left, volume, 0);
  check(left.size(1) > 0, "difference_volume: features are ", left.shape(), "; they need a channel");
  if (volume.empty()) return;
  for_rows(left, right, 1, static_cast<int>(volume.size(1)), volume.stride(1), true, num_threads,
           [&](int b, int, int y, const GroupRow<T>& row) {
             if constexpr (std::is_same_v<T, float>) {
               GEOMVISION_KERNEL(group_volume_f32)(row, volume.at(b, 0, y));
             } else {
               GEOMVISION_KERNEL(group_volume_f64)(row, volume.at(b, 0, y));
             }
           });
}

template <typename T>
void difference_volume_backward(TensorView<const T, 4> d_volume, TensorView<const T, 4> left,
                                TensorView<const T, 4> right, TensorView<T, 4> d_left, TensorView<T, 4> d_right,
                                int num_threads) {
  check_features("difference_volume_backward", left, right);
  check_volume("difference_volume_backward", left, d_volume, 0);
  check_gradients("difference_volume", left, d_left, d_right);
  if (d_volume.empty() || left.empty()) {
    fill(d_left);
    fill(d_right);
    return;
  }
  for_rows(left, right, 1, static_cast<int>(d_volume.size(1)), d_volume.stride(1), true, num_threads,
           [&](int b, int, int y, const GroupRow<T>& row) {
             backward_row(row, d_volume.at(b, 0, y), d_left.at(b, 0, y), d_right.at(b, 0, y), d_left.stride(1));
           });
}

template <typename T>
void concatenated_volume(TensorView<const T, 4> left, TensorView<const T, 4> right, TensorView<T, 5> volume,
                         int num_threads) {
  check_features("concatenated_volume", left, right);
  const int channels = static_cast<int>(left.size(1)), height = static_cast<int>(left.size(2));
  const int width = static_cast<int>(left.size(3)), candidates = static_cast<int>(volume.size(2));
  check_volume("concatenated_volume", left, volume, 2 * channels);
  parallel_for(static_cast<int>(left.size(0)) * 2 * channels * candidates, num_threads, [&](int begin, int end) {
    for (int i = begin; i < end; ++i) {
      const int d = i % candidates, channel = i / candidates % (2 * channels), b = i / candidates / (2 * channels);
      const int unseen = std::min(d, width);
      for (int y = 0; y < height; ++y) {
        T* out = volume.at(b, channel, d, y);
        const T* from = channel < channels ? left.at(b, channel, y) + unseen : right.at(b, channel - channels, y);
        std::fill_n(out, unseen, T(0));
        std::copy_n(from, width - unseen, out + unseen);
      }
    }
  });
}

template <typename T>
void concatenated_volume_backward(TensorView<const T, 5> d_volume, TensorView<T, 4> d_left, TensorView<T, 4> d_right,
                                  int num_threads) {
  const TensorView<const T, 4> left = d_left;
  check_gradients("concatenated_volume", left, d_left, d_right);
  const int channels = static_cast<int>(left.size(1)), height = static_cast<int>(left.size(2));
  const int width = static_cast<int>(left.size(3)), candidates = static_cast<int>(d_volume.size(2));
  check_volume("concatenated_volume_backward", left, d_volume, 2 * channels);
  parallel_for(static_cast<int>(left.size(0)) * 2 * channels * height, num_threads, [&](int begin, int end) {
    for (int i = begin; i < end; ++i) {
      const int y = i % height, channel = i / height % (2 * channels), b = i / height / (2 * channels);
      const bool of_left = channel < channels;
      T* out = of_left ? d_left.at(b, channel, y) : d_right.at(b, channel - channels, y);
      std::fill_n(out, width, T(0));
      for (int d = 0; d < std::min(candidates, width); ++d) {
        const T* from = d_volume.at(b, channel, d, y) + d;
        T* to = of_left ? out + d : out;
        for (int x = 0; x < width - d; ++x) to[x] += from[x];
      }
    }
  });
}

#define GEOMVISION_COST_VOLUMES(T)                                                                                 \
  template void group_wise_volume(TensorView<const T, 4>, TensorView<const T, 4>, TensorView<T, 5>, int);          \
  template void group_wise_volume_backward(TensorView<const T, 5>, TensorView<const T, 4>, TensorView<const T, 4>, \
                                           TensorView<T, 4>, TensorView<T, 4>, int);                               \
  template void difference_volume(TensorView<const T, 4>, TensorView<const T, 4>, TensorView<T, 4>, int);          \
  template void difference_volume_backward(TensorView<const T, 4>, TensorView<const T, 4>, TensorView<const T, 4>, \
                                           TensorView<T, 4>, TensorView<T, 4>, int);                               \
  template void concatenated_volume(TensorView<const T, 4>, TensorView<const T, 4>, TensorView<T, 5>, int);        \
  template void concatenated_volume_backward(TensorView<const T, 5>, TensorView<T, 4>, TensorView<T, 4>, int)
GEOMVISION_COST_VOLUMES(float);
GEOMVISION_COST_VOLUMES(double);

}  // namespace geomvision::ops
