#pragma once

#include <tuple>

#include "geomvision/tensor.hpp"
#include "ops/aligned.hpp"
#include "ops/window_kernels.hpp"

namespace geomvision::ops {

/// One level of packed features: `height` x `width` positions.
struct WindowLevel {
  std::ptrdiff_t first, height, width;
};

/// At most 16 of them, without memory of their own.
class WindowLevels {
 public:
  static constexpr int most = 16;
  WindowLevels() = default;
  explicit WindowLevels(const WindowLevel& level) { push_back(level); }
  void push_back(const WindowLevel& level) { levels_[count_++] = level; }
  std::size_t size() const { return count_; }
  const WindowLevel& operator[](std::size_t k) const { return levels_[k]; }
  const WindowLevel& back() const { return levels_[count_ - 1]; }

 private:
  WindowLevel levels_[most] = {};
  std::size_t count_ = 0;
};

/// What the pixels of a lookup have in common. A lookup along rows has levels one row high, and one row of samples.
template <typename T>
struct WindowPlan {
  WindowPlan(int radius, bool along_rows, const WindowLevels& levels, std::ptrdiff_t channels);

  static constexpr int most_pixels = 64;  // of a tile: neighbours in a row, whose windows overlap

  int tile_pixels;   // fewer where windows are large
  int radius, side;  // samples in x
  int side_y;        // samples in y
  int rows;          // of the window of positions: side_y + 1, or the only one
  int pitch;         // elements of a row of a window
  int window_size;   // elements of a window, with a row before and behind it and an element before it
  bool along_rows;
  WindowLevels levels;
  int first_level = 0;            // how often the first of them was halved
  std::ptrdiff_t channels, step;  // features, and elements from one packed position to the next
  T scale;                        // 1 / sqrt(channels)
  WindowKernels<T> kernels;

  int planes() const { return static_cast<int>(levels.size()) * side * side_y; }
};

/// What one thread works with.
template <typename T>
struct WindowWorker {
  Aligned<T> pixels, d_pixels, windows, samples, row, d_row;

  auto buffers() { return std::tie(pixels, d_pixels, windows, samples, row, d_row); }
};

/// A tile of pixels of one row, and its steps.
template <typename T>
class WindowTile {
 public:
  /// `count` pixels from (x, y) of image b.
  WindowTile(const WindowPlan<T>& plan, WindowWorker<T>& worker, std::ptrdiff_t b, std::ptrdiff_t y, std::ptrdiff_t x,
             int count);

  /// Take features [first, last) of the pixels; later steps see these only.
  void load_pixels(const TensorView<const T, 4>& features0, std::ptrdiff_t first, std::ptrdiff_t last);

  /// Where each pixel looks; ys is null along rows.
  void look_at(const T* xs, const T* ys);

  /// Take products from a volume, in which the first pixel's lie at `first`, instead of computing them.
  void look_into(const T* first, std::ptrdiff_t pixel_step);

  void forward(const T* packed, const TensorView<T, 4>& out);

  /// Sets the pixels' part of d_features0.
  void backward_pixels(const TensorView<const T, 4>& d_out, const T* packed, const TensorView<T, 4>& d_features0);

  /// Adds to the derivatives of the positions' features, the loaded ones of which lie `d_step` apart from d_packed on.
  void backward_positions(const TensorView<const T, 4>& d_out, T* d_packed, std::ptrdiff_t d_step);

  /// Sets the pixels' part of a volume's derivative.
  void backward_volume(const TensorView<const T, 4>& d_out, T* d_first, std::ptrdiff_t pixel_step);

  /// Sets the derivatives in what `look_at` got.
  void backward_coordinates(const TensorView<const T, 4>& d_out, const T* packed, T* d_xs, T* d_ys);

 private:
  struct Window {
    std::ptrdiff_t x, y;  // first position
    T fx, fy;
  };
  void open_windows(int level);
  void correlate(int level, const T* packed);
  void spread_samples(int level, const TensorView<const T, 4>& d_out);
  void load_samples(int level, const TensorView<const T, 4>& d_out);
  /// visit(pixel, offset in its window, positions, packed position) for each row of each window inside the level.
  template <typename Visit>
  void each_row(int level, const Visit& visit) const;

  T* window(int pixel) const { return windows_ + std::ptrdiff_t{pixel} * plan_.window_size; }
  T* sample(int pixel) const { return samples_ + std::ptrdiff_t{pixel} * plan_.window_size; }
  T* pixel(int k) const { return pixels_ + k * plan_.step; }

  const WindowPlan<T>& plan_;
  WindowWorker<T>& worker_;
  std::ptrdiff_t b_, y_, x_;
  int count_;
  std::ptrdiff_t first_channel_ = 0, last_channel_ = 0;
  T *windows_, *samples_, *pixels_;
  const T* xs_ = nullptr;
  const T* ys_ = nullptr;
  const T* volume_ = nullptr;
  std::ptrdiff_t volume_step_ = 0;
  Window at_[WindowPlan<T>::most_pixels];
};

}  // namespace geomvision::ops
