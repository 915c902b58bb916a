#include "geomvision/ops/correlation_lookup.hpp"

#include <algorithm>
#include <functional>

#include "each_worker.hpp"
#include "geomvision/check.hpp"
#include "ops/correlation_windows.hpp"
#include "ops/streamed.hpp"

namespace geomvision::ops {
namespace {

WindowLevels levels_of(std::ptrdiff_t height, std::ptrdiff_t width, int levels) {
  WindowLevels all;
  std::ptrdiff_t first = 0;
  for (int level = 0; level < levels; ++level) {
    all.push_back({first, height >> level, width >> level});
    first += all.back().height * all.back().width;
  }
  check(all.back().height > 0 && all.back().width > 0, "CorrelationLookup: ", levels, " levels of ", height, "x", width,
        " positions; the last must have one: take fewer");
  return all;
}

template <typename T, typename Visit>
void each_tile(std::ptrdiff_t width, const Visit& visit) {
  constexpr int most = WindowPlan<T>::most_pixels / 4;
  for (std::ptrdiff_t x = 0; x < width; x += most)
    visit(x, static_cast<int>(std::min<std::ptrdiff_t>(most, width - x)));
}

}  // namespace

template <typename T>
struct CorrelationLookup<T>::Scratch {
  std::vector<WindowWorker<T>> workers;

  static WindowPlan<T> plan(const CorrelationLookupOptions& options, const TensorView<const T, 4>& features0,
                            const TensorView<const T, 3>& packed, std::ptrdiff_t height1, std::ptrdiff_t width1,
                            const TensorView<const T, 4>& coordinates, const TensorView<const T, 4>& out) {
    WindowPlan<T> made(options.radius, false, levels_of(height1, width1, options.levels), features0.size(1));
    const WindowLevel& last = made.levels.back();
    check(packed.size(0) == features0.size(0) && packed.size(1) == last.first + last.height * last.width &&
              packed.size(2) == made.step && packed.is_packed(),
          "CorrelationLookup: packed is ", packed.shape(),
          "; it must be without gaps what `pack` makes of features of ", features0.size(0), "x", features0.size(1), "x",
          height1, "x", width1);
    const auto is_like = [&](const TensorView<const T, 4>& other, std::ptrdiff_t channels) {
      return other.size(0) == features0.size(0) && other.size(1) == channels && other.size(2) == features0.size(2) &&
             other.size(3) == features0.size(3);
    };
    check(is_like(coordinates, 2) && is_like(out, made.planes()), "CorrelationLookup: features0 is ", features0.shape(),
          ", coordinates are ", coordinates.shape(), ", the output is ", out.shape(),
          "; they must be of one size, with 2 and ", made.planes(), " channels");
    return made;
  }
};

template <typename T>
CorrelationLookup<T>::CorrelationLookup(const CorrelationLookupOptions& options)
    : options_(options), scratch_(std::make_unique<Scratch>()) {
  check_range("CorrelationLookup", "radius", options.radius, 0, 100);
  check_range("CorrelationLookup", "levels", options.levels, 1, 16);
}

template <typename T>
CorrelationLookup<T>::CorrelationLookup(CorrelationLookup&&) noexcept = default;
template <typename T>
CorrelationLookup<T>& CorrelationLookup<T>::operator=(CorrelationLookup&&) noexcept = default;
template <typename T>
CorrelationLookup<T>::~CorrelationLookup() = default;

template <typename T>
std::ptrdiff_t CorrelationLookup<T>::positions(std::ptrdiff_t height, std::ptrdiff_t width) const {
  const WindowLevel last = levels_of(height, width, options_.levels).back();
  return last.first + last.height * last.width;
}

template <typename T>
void CorrelationLookup<T>::pack(TensorView<const T, 4> features1, TensorView<T, 3> packed, int num_threads) {
  const std::ptrdiff_t batch = features1.size(0), channels = features1.size(1), step = padded_channels(channels);
  const auto levels = levels_of(features1.size(2), features1.size(3), options_.levels);
  check(packed.size(0) == batch && packed.size(1) == positions(features1.size(2), features1.size(3)) &&
            packed.size(2) == step && packed.is_packed(),
        "CorrelationLookup: features1 is ", features1.shape(), ", packed is ", packed.shape(), "; it must be ", batch,
        "x", positions(features1.size(2), features1.size(3)), "x", step, " without gaps");
  const WindowKernels<T> kernels;
  for (std::size_t l = 0; l < levels.size(); ++l) {
    const WindowLevel& level = levels[l];
    const WindowLevel& finer = levels[l == 0 ? 0 : l - 1];
    const auto pack_rows = [&](int begin, int end) {
      for (std::ptrdiff_t row = begin; row < end; ++row) {
        const std::ptrdiff_t b = row / level.height, y = row % level.height;
        T* to = packed.at(b, level.first + y * level.width);
        if (l == 0) {
          std::fill_n(to, step == channels ? 0 : level.width * step, T(0));
          kernels.transpose(features1.at(b, 0, y), features1.stride(1), static_cast<int>(channels),
                            static_cast<int>(level.width), T(1), to, step, false);
          continue;
        }
        const T* top = packed.at(b, finer.first + 2 * y * finer.width);
        const T* bottom = top + finer.width * step;
        for (std::ptrdiff_t x = 0; x < level.width; ++x) {
          const std::ptrdiff_t left = 2 * x * step, right = left + step;
          for (std::ptrdiff_t c = 0; c < step; ++c) {
            to[x * step + c] = T(0.25) * ((top[left + c] + top[right + c]) + (bottom[left + c] + bottom[right + c]));
          }
        }
      }
    };
    parallel_for(static_cast<int>(batch * level.height), num_threads, std::ref(pack_rows));
  }
}

template <typename T>
void CorrelationLookup<T>::pack_backward(TensorView<const T, 3> d_packed, TensorView<T, 4> d_features1,
                                         int num_threads) {
  const std::ptrdiff_t batch = d_features1.size(0), channels = d_features1.size(1), step = padded_channels(channels);
  const std::ptrdiff_t height = d_features1.size(2), width = d_features1.size(3);
  const auto levels = levels_of(height, width, options_.levels);
  check(d_packed.size(0) == batch && d_packed.size(1) == positions(height, width) && d_packed.size(2) == step &&
            d_packed.is_packed(),
        "CorrelationLookup: d_features1 is ", d_features1.shape(), ", d_packed is ", d_packed.shape(), "; it must be ",
        batch, "x", positions(height, width), "x", step, " without gaps");
  const WindowKernels<T> kernels;
  each_worker(static_cast<int>(batch * height), num_threads, scratch_->workers, [&](int row, WindowWorker<T>& worker) {
    const std::ptrdiff_t b = row / height, y = row % height;
    T* sums = worker.pixels.reserve(WindowPlan<T>::most_pixels * static_cast<std::size_t>(step));
    each_tile<T>(width, [&](std::ptrdiff_t x, int count) {
      std::copy_n(d_packed.at(b, y * width + x), count * step, sums);
      T share = 1;
      for (std::size_t l = 1; l < levels.size(); ++l) {
        share *= T(0.25);
        for (int k = 0; k < count; ++k) {
          const std::ptrdiff_t ly = y >> l, lx = (x + k) >> l;
          if (ly >= levels[l].height || lx >= levels[l].width) continue;
          const T* from = d_packed.at(b, levels[l].first + ly * levels[l].width + lx);
          for (std::ptrdiff_t c = 0; c < step; ++c) sums[k * step + c] += share * from[c];
        }
      }
      kernels.transpose(sums, step, count, static_cast<int>(channels), T(1), d_features1.at(b, 0, y, x),
                        d_features1.stride(1), false);
    });
  });
}

template <typename T>
void CorrelationLookup<T>::operator()(TensorView<const T, 4> features0, TensorView<const T, 3> packed,
                                      std::ptrdiff_t height1, std::ptrdiff_t width1, TensorView<const T, 4> coordinates,
                                      TensorView<T, 4> out, int num_threads) {
  const WindowPlan<T> plan = Scratch::plan(options_, features0, packed, height1, width1, coordinates, out);
  const std::ptrdiff_t height = features0.size(2);
  each_worker(static_cast<int>(features0.size(0) * height), num_threads, scratch_->workers,
              [&](int row, WindowWorker<T>& worker) {
                const std::ptrdiff_t b = row / height, y = row % height;
                each_tile<T>(features0.size(3), [&](std::ptrdiff_t x, int count) {
                  WindowTile<T> tile(plan, worker, b, y, x, count);
                  tile.load_pixels(features0, 0, plan.step);
                  tile.look_at(coordinates.at(b, 0, y, x), coordinates.at(b, 1, y, x));
                  tile.forward(packed.at(b), out);
                });
                finish_streams();
              });
}

template <typename T>
void CorrelationLookup<T>::backward(TensorView<const T, 4> d_out, TensorView<const T, 4> features0,
                                    TensorView<const T, 3> packed, std::ptrdiff_t height1, std::ptrdiff_t width1,
                                    TensorView<const T, 4> coordinates, TensorView<T, 4> d_features0,
                                    TensorView<T, 3> d_packed, int num_threads) {
  const WindowPlan<T> plan = Scratch::plan(options_, features0, packed, height1, width1, coordinates, d_out);
  check(d_features0.sizes() == features0.sizes() && d_packed.sizes() == packed.sizes() && d_packed.is_packed(),
        "CorrelationLookup: d_features0 is ", d_features0.shape(), ", d_packed is ", d_packed.shape(),
        "; they must be ", features0.shape(), " and ", packed.shape());
  if (features0.size(0) == 0 || plan.step == 0) return;
  const int height = static_cast<int>(features0.size(2));
  each_worker(static_cast<int>(features0.size(0)) * height, num_threads, scratch_->workers,
              [&](int row, WindowWorker<T>& worker) {
                const std::ptrdiff_t b = row / height, y = row % height;
                each_tile<T>(features0.size(3), [&](std::ptrdiff_t x, int count) {
                  WindowTile<T> tile(plan, worker, b, y, x, count);
                  tile.load_pixels(features0, 0, plan.step);
                  tile.look_at(coordinates.at(b, 0, y, x), coordinates.at(b, 1, y, x));
                  tile.backward_pixels(d_out, packed.at(b), d_features0);
                });
              });
  // Pixels share positions, so threads share channels out among them: each walks all pixels in the same order. Its
  // channels lie side by side meanwhile: strides of whole positions would use a part of the caches only.
  const int batch = static_cast<int>(features0.size(0));
  const std::ptrdiff_t parts = std::max(1, resolve_threads(num_threads) / batch);
  const std::ptrdiff_t share = std::max<std::ptrdiff_t>(16, (plan.step / parts + 15) / 16 * 16);
  const int shares = static_cast<int>((plan.step + share - 1) / share);
  const std::ptrdiff_t positions = d_packed.size(1);
  each_worker(batch * shares, num_threads, scratch_->workers, [&](int index, WindowWorker<T>& worker) {
    const std::ptrdiff_t b = index / shares, first = index % shares * share;
    const std::ptrdiff_t last = std::min(plan.step, first + share), own = last - first;
    T* sums = shares == 1 ? d_packed.at(b) : worker.d_row.reserve(static_cast<std::size_t>(positions * own));
    std::fill_n(sums, positions * own, T(0));
    for (std::ptrdiff_t y = 0; y < height; ++y) {
      each_tile<T>(features0.size(3), [&](std::ptrdiff_t x, int count) {
        WindowTile<T> tile(plan, worker, b, y, x, count);
        tile.load_pixels(features0, first, last);
        tile.look_at(coordinates.at(b, 0, y, x), coordinates.at(b, 1, y, x));
        tile.backward_positions(d_out, sums, own);
      });
    }
    for (std::ptrdiff_t k = 0; k < positions && shares > 1; ++k) {
      std::copy_n(sums + k * own, own, d_packed.at(b, k, first));
    }
  });
}

template <typename T>
void CorrelationLookup<T>::backward_coordinates(TensorView<const T, 4> d_out, TensorView<const T, 4> features0,
                                                TensorView<const T, 3> packed, std::ptrdiff_t height1,
                                                std::ptrdiff_t width1, TensorView<const T, 4> coordinates,
                                                TensorView<T, 4> d_coordinates, int num_threads) {
  const WindowPlan<T> plan = Scratch::plan(options_, features0, packed, height1, width1, coordinates, d_out);
  check(d_coordinates.sizes() == coordinates.sizes(), "CorrelationLookup: coordinates are ", coordinates.shape(),
        ", d_coordinates are ", d_coordinates.shape(), "; they must be equal");
  const std::ptrdiff_t height = features0.size(2);
  each_worker(static_cast<int>(features0.size(0) * height), num_threads, scratch_->workers,
              [&](int row, WindowWorker<T>& worker) {
                const std::ptrdiff_t b = row / height, y = row % height;
                each_tile<T>(features0.size(3), [&](std::ptrdiff_t x, int count) {
                  WindowTile<T> tile(plan, worker, b, y, x, count);
                  tile.load_pixels(features0, 0, plan.step);
                  tile.look_at(coordinates.at(b, 0, y, x), coordinates.at(b, 1, y, x));
                  tile.backward_coordinates(d_out, packed.at(b), d_coordinates.at(b, 0, y, x),
                                            d_coordinates.at(b, 1, y, x));
                });
              });
}

template class CorrelationLookup<float>;
template class CorrelationLookup<double>;

}  // namespace geomvision::ops
