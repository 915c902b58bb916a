#include "ops/correlation_windows.hpp"

#include <algorithm>
#include <cmath>

#include "ops/streamed.hpp"

namespace geomvision::ops {

template <typename T>
WindowPlan<T>::WindowPlan(int radius_, bool along_rows_, const WindowLevels& levels_, std::ptrdiff_t channels_)
    : tile_pixels(along_rows_ ? most_pixels : most_pixels / 4),
      radius(radius_),
      side(2 * radius_ + 1),
      side_y(along_rows_ ? 1 : side),
      rows(along_rows_ ? 1 : side + 1),
      pitch((side + 2 + 15) / 16 * 16),
      window_size((rows + 2) * pitch + 16),
      along_rows(along_rows_),
      levels(levels_),
      channels(channels_),
      step((channels_ + 15) / 16 * 16),
      scale(T(1) / std::sqrt(static_cast<T>(std::max<std::ptrdiff_t>(1, channels_)))) {}

template <typename T>
WindowTile<T>::WindowTile(const WindowPlan<T>& plan, WindowWorker<T>& worker, std::ptrdiff_t b, std::ptrdiff_t y,
                          std::ptrdiff_t x, int count)
    : plan_(plan), worker_(worker), b_(b), y_(y), x_(x), count_(count) {
  const auto pixels = static_cast<std::size_t>(plan.tile_pixels);
  windows_ = worker.windows.reserve(pixels * static_cast<std::size_t>(plan.window_size));
  samples_ = worker.samples.reserve(pixels * static_cast<std::size_t>(plan.window_size));
  pixels_ = worker.pixels.reserve(pixels * static_cast<std::size_t>(plan.step));
}

template <typename T>
void WindowTile<T>::load_pixels(const TensorView<const T, 4>& features0, std::ptrdiff_t first, std::ptrdiff_t last) {
  first_channel_ = first;
  last_channel_ = last;
  const std::ptrdiff_t real = std::min(last, plan_.channels);
  plan_.kernels.transpose(features0.at(b_, first, y_, x_), features0.stride(1), static_cast<int>(real - first), count_,
                          plan_.scale, pixel(0), plan_.step, false);
  for (int k = 0; k < count_; ++k) std::fill(pixel(k) + (real - first), pixel(k) + (last - first), T(0));
}

template <typename T>
void WindowTile<T>::look_at(const T* xs, const T* ys) {
  xs_ = xs;
  ys_ = ys;
}

template <typename T>
void WindowTile<T>::look_into(const T* first, std::ptrdiff_t pixel_step) {
  volume_ = first;
  volume_step_ = pixel_step;
}

// The integer corner of each pixel's window, and how far beyond it the samples lie.
template <typename T>
void WindowTile<T>::open_windows(int level) {
  const auto split = [&](T coordinate, std::ptrdiff_t& first, T& fraction) {
    const T scaled = std::ldexp(coordinate, -level - plan_.first_level);
    const bool far = !(std::abs(scaled) < T(1e9));  // NaN too: it sees nothing
    const T whole = far ? T(0) : std::floor(scaled);
    first = far ? std::ptrdiff_t{1} << 40 : static_cast<std::ptrdiff_t>(whole) - plan_.radius;
    fraction = far ? T(0) : scaled - whole;
  };
  for (int k = 0; k < count_; ++k) {
    split(xs_[k], at_[k].x, at_[k].fx);
    at_[k].y = 0;
    at_[k].fy = T(0);
    if (!plan_.along_rows) split(ys_[k], at_[k].y, at_[k].fy);
  }
}

template <typename T>
template <typename Visit>
void WindowTile<T>::each_row(int level, const Visit& visit) const {
  const WindowLevel& size = plan_.levels[static_cast<std::size_t>(level)];
  // A row of the windows of a few neighbours at a time: they overlap, and stay in the first-level cache.
  constexpr int neighbours = 8;
  for (int first = 0; first < count_; first += neighbours) {
    for (int j = 0; j < plan_.rows; ++j) {
      for (int k = first; k < std::min(count_, first + neighbours); ++k) {
        const std::ptrdiff_t y = at_[k].y + j, begin = std::max<std::ptrdiff_t>(0, at_[k].x);
        const std::ptrdiff_t end = std::min<std::ptrdiff_t>(size.width, at_[k].x + plan_.side + 1);
        if (y < 0 || y >= size.height || begin >= end) continue;
        visit(k, j * plan_.pitch + (begin - at_[k].x), static_cast<int>(end - begin),
              size.first + y * size.width + begin);
      }
    }
  }
}

template <typename T>
void WindowTile<T>::correlate(int level, const T* packed) {
  const WindowLevel& size = plan_.levels[static_cast<std::size_t>(level)];
  open_windows(level);
  for (int k = 0; k < count_; ++k) {
    const bool inside =
        at_[k].x >= 0 && at_[k].x + plan_.side < size.width && at_[k].y >= 0 && at_[k].y + plan_.rows <= size.height;
    if (!inside) std::fill_n(window(k), plan_.window_size, T(0));
  }
  each_row(level, [&](int k, std::ptrdiff_t offset, int positions, std::ptrdiff_t first) {
    if (volume_ != nullptr) {
      std::copy_n(volume_ + k * volume_step_ + first, positions, window(k) + offset);
      return;
    }
    plan_.kernels.correlate(pixel(k), packed + first * plan_.step, plan_.step, positions, static_cast<int>(plan_.step),
                            window(k) + offset);
  });
}

template <typename T>
void WindowTile<T>::forward(const T* packed, const TensorView<T, 4>& out) {
  for (int level = 0; level < static_cast<int>(plan_.levels.size()); ++level) {
    correlate(level, packed);
    for (int k = 0; k < count_; ++k) {
      plan_.kernels.blend(window(k), plan_.side, plan_.rows, plan_.pitch, at_[k].fx, at_[k].fy, sample(k));
    }
    for (int j = 0; j < plan_.side_y; ++j) {
      plan_.kernels.transpose(sample(0) + j * plan_.pitch, plan_.window_size, count_, plan_.side, T(1),
                              out.at(b_, level * plan_.side * plan_.side_y + j, y_, x_), plan_.side_y * out.stride(1),
                              streams(out));
    }
  }
}

// The samples' derivatives, one row and one element into each buffer, zeros around them.
template <typename T>
void WindowTile<T>::load_samples(int level, const TensorView<const T, 4>& d_out) {
  std::fill_n(samples_, static_cast<std::ptrdiff_t>(count_) * plan_.window_size, T(0));
  for (int j = 0; j < plan_.side_y; ++j) {
    plan_.kernels.transpose(d_out.at(b_, level * plan_.side * plan_.side_y + j, y_, x_), plan_.side_y * d_out.stride(1),
                            plan_.side, count_, T(1), sample(0) + (j + 1) * plan_.pitch + 1, plan_.window_size, false);
  }
}

template <typename T>
void WindowTile<T>::spread_samples(int level, const TensorView<const T, 4>& d_out) {
  load_samples(level, d_out);
  for (int k = 0; k < count_; ++k) {
    plan_.kernels.spread(sample(k) + plan_.pitch + 1, plan_.side, plan_.rows, plan_.pitch, at_[k].fx, at_[k].fy,
                         window(k));
  }
}

template <typename T>
void WindowTile<T>::backward_volume(const TensorView<const T, 4>& d_out, T* d_first, std::ptrdiff_t pixel_step) {
  std::fill_n(d_first, count_ * pixel_step, T(0));
  open_windows(0);
  spread_samples(0, d_out);
  each_row(0, [&](int k, std::ptrdiff_t offset, int positions, std::ptrdiff_t first) {
    std::copy_n(window(k) + offset, positions, d_first + k * pixel_step + first);
  });
}

template <typename T>
void WindowTile<T>::backward_pixels(const TensorView<const T, 4>& d_out, const T* packed,
                                    const TensorView<T, 4>& d_features0) {
  const int channels = static_cast<int>(last_channel_ - first_channel_);
  T* d_pixels = worker_.d_pixels.reserve(static_cast<std::size_t>(plan_.tile_pixels * plan_.step));
  for (int k = 0; k < count_; ++k) std::fill_n(d_pixels + k * plan_.step, channels, T(0));
  for (int level = 0; level < static_cast<int>(plan_.levels.size()); ++level) {
    open_windows(level);
    spread_samples(level, d_out);
    each_row(level, [&](int k, std::ptrdiff_t offset, int positions, std::ptrdiff_t first) {
      plan_.kernels.gather(window(k) + offset, packed + first * plan_.step + first_channel_, plan_.step, positions,
                           channels, d_pixels + k * plan_.step);
    });
  }
  const std::ptrdiff_t real = std::min(last_channel_, plan_.channels) - first_channel_;
  plan_.kernels.transpose(d_pixels, plan_.step, count_, static_cast<int>(real), plan_.scale,
                          d_features0.at(b_, first_channel_, y_, x_), d_features0.stride(1), false);
}

template <typename T>
void WindowTile<T>::backward_positions(const TensorView<const T, 4>& d_out, T* d_packed, std::ptrdiff_t d_step) {
  const int channels = static_cast<int>(last_channel_ - first_channel_);
  for (int level = 0; level < static_cast<int>(plan_.levels.size()); ++level) {
    open_windows(level);
    spread_samples(level, d_out);
    each_row(level, [&](int k, std::ptrdiff_t offset, int positions, std::ptrdiff_t first) {
      plan_.kernels.scatter(window(k) + offset, pixel(k), positions, channels, d_packed + first * d_step, d_step);
    });
  }
}

template <typename T>
void WindowTile<T>::backward_coordinates(const TensorView<const T, 4>& d_out, const T* packed, T* d_xs, T* d_ys) {
  std::fill_n(d_xs, count_, T(0));
  if (d_ys != nullptr) std::fill_n(d_ys, count_, T(0));
  for (int level = 0; level < static_cast<int>(plan_.levels.size()); ++level) {
    correlate(level, packed);
    load_samples(level, d_out);
    for (int k = 0; k < count_; ++k) {
      T d_x = 0, d_y = 0;
      for (int j = 0; j < plan_.side_y; ++j) {
        const T* d_samples = sample(k) + (j + 1) * plan_.pitch + 1;
        const T* top = window(k) + j * plan_.pitch;
        const T* bottom = plan_.along_rows ? top : top + plan_.pitch;
        for (int i = 0; i < plan_.side; ++i) {
          const T top_x = top[i + 1] - top[i], bottom_x = bottom[i + 1] - bottom[i];
          const T left_y = bottom[i] - top[i], right_y = bottom[i + 1] - top[i + 1];
          d_x += d_samples[i] * (top_x + at_[k].fy * (bottom_x - top_x));
          d_y += d_samples[i] * (left_y + at_[k].fx * (right_y - left_y));
        }
      }
      d_xs[k] += std::ldexp(d_x, -level - plan_.first_level);
      if (d_ys != nullptr) d_ys[k] += std::ldexp(d_y, -level - plan_.first_level);
    }
  }
}

template struct WindowPlan<float>;
template struct WindowPlan<double>;
template class WindowTile<float>;
template class WindowTile<double>;

}  // namespace geomvision::ops
