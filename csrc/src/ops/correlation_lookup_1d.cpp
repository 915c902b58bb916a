#include <algorithm>

#include "each_worker.hpp"
#include "geomvision/check.hpp"
#include "geomvision/ops/correlation_lookup.hpp"
#include "ops/correlation_bands.hpp"
#include "ops/correlation_windows.hpp"
#include "ops/streamed.hpp"

namespace geomvision::ops {

template <typename T>
struct CorrelationLookup1D<T>::Scratch {
  std::vector<WindowWorker<T>> workers;
  std::vector<BandWorker<T>> band_workers;

  static void check_sizes(const CorrelationLookupOptions& options, const TensorView<const T, 4>& features0,
                          const TensorView<const T, 4>& features1, const TensorView<const T, 3>& x,
                          const TensorView<const T, 4>& out) {
    check(features1.size(3) >> (options.levels - 1) > 0, "CorrelationLookup1D: ", options.levels, " levels of rows of ",
          features1.size(3), " positions; the last must have one: take fewer");
    check(features1.size(3) <= 1 << 30, "CorrelationLookup1D: rows of ", features1.size(3),
          " positions; at most 2^30 can be taken");
    check(features1.size(0) == features0.size(0) && features1.size(1) == features0.size(1) &&
              features1.size(2) == features0.size(2),
          "CorrelationLookup1D: features0 is ", features0.shape(), ", features1 is ", features1.shape(),
          "; only their widths may differ");
    check(x.size(0) == features0.size(0) && x.size(1) == features0.size(2) && x.size(2) == features0.size(3),
          "CorrelationLookup1D: features0 is ", features0.shape(), ", x is ", x.shape(),
          "; it must be batch x height x width");
    const std::ptrdiff_t planes = std::ptrdiff_t{options.levels} * (2 * options.radius + 1);
    check(out.size(0) == x.size(0) && out.size(1) == planes && out.size(2) == x.size(1) && out.size(3) == x.size(2),
          "CorrelationLookup1D: x is ", x.shape(), ", the output is ", out.shape(), "; it must have ", planes,
          " channels and the size of x");
  }

  static WindowPlan<T> plan(const CorrelationLookupOptions& options, const TensorView<const T, 4>& features0,
                            const TensorView<const T, 4>& features1, const TensorView<const T, 3>& x,
                            const TensorView<const T, 4>& out) {
    check_sizes(options, features0, features1, x, out);
    WindowLevels levels;
    std::ptrdiff_t first = 0;
    for (int level = 0; level < options.levels; ++level) {
      levels.push_back({first, 1, features1.size(3) >> level});
      first += levels.back().width;
    }
    return WindowPlan<T>(options.radius, true, levels, features0.size(1));
  }

  // foresee(b, y, the row's bands) for each row, work(b, y, x, count, the row's bands, worker) for each of its tiles.
  template <typename Foresee, typename Work>
  void each_band_tile(const BandPlan<T>& plan, const TensorView<const T, 4>& features0,
                      const TensorView<const T, 4>& features1, int num_threads, const Foresee& foresee,
                      const Work& work) {
    const int height = static_cast<int>(features0.size(2));
    each_worker(static_cast<int>(features0.size(0)) * height, num_threads, band_workers,
                [&](int index, BandWorker<T>& worker) {
                  const std::ptrdiff_t b = index / height, y = index % height, width = features0.size(3);
                  BandRow<T> row(plan, worker, features0, features1, b, y);
                  foresee(b, y, row);
                  for (std::ptrdiff_t x = 0; x < width; x += plan.most_pixels) {
                    work(b, y, x, static_cast<int>(std::min<std::ptrdiff_t>(plan.most_pixels, width - x)), row, worker);
                  }
                  finish_streams();
                });
  }

  static std::ptrdiff_t row_size(const WindowPlan<T>& plan) {
    return (plan.levels.back().first + plan.levels.back().width) * plan.step;
  }

  // The features of row y, channels last, and their averages.
  static T* pack_row(const WindowPlan<T>& plan, WindowWorker<T>& worker, const TensorView<const T, 4>& features1,
                     std::ptrdiff_t b, std::ptrdiff_t y) {
    T* row = worker.row.reserve(static_cast<std::size_t>(row_size(plan)));
    const std::ptrdiff_t step = plan.step, width = features1.size(3);
    if (step != plan.channels) std::fill_n(row, width * step, T(0));
    plan.kernels.transpose(features1.at(b, 0, y), features1.stride(1), static_cast<int>(plan.channels),
                           static_cast<int>(width), T(1), row, step, false);
    for (std::size_t l = 1; l < plan.levels.size(); ++l) {
      const T* from = row + plan.levels[l - 1].first * step;
      T* to = row + plan.levels[l].first * step;
      for (std::ptrdiff_t x = 0; x < plan.levels[l].width; ++x, from += 2 * step, to += step) {
        for (std::ptrdiff_t c = 0; c < step; ++c) to[c] = T(0.5) * (from[c] + from[step + c]);
      }
    }
    return row;
  }

  // The derivative in the row's features from those in all its levels, which it uses up.
  static void unpack_row(const WindowPlan<T>& plan, T* d_row, const TensorView<T, 4>& d_features1, std::ptrdiff_t b,
                         std::ptrdiff_t y) {
    const std::ptrdiff_t step = plan.step;
    for (std::size_t l = plan.levels.size() - 1; l > 0; --l) {
      const T* from = d_row + plan.levels[l].first * step;
      T* to = d_row + plan.levels[l - 1].first * step;
      for (std::ptrdiff_t x = 0; x < plan.levels[l].width; ++x, from += step, to += 2 * step) {
        for (std::ptrdiff_t c = 0; c < step; ++c) {
          to[c] += T(0.5) * from[c];
          to[step + c] += T(0.5) * from[c];
        }
      }
    }
    plan.kernels.transpose(d_row, step, static_cast<int>(d_features1.size(3)), static_cast<int>(plan.channels), T(1),
                           d_features1.at(b, 0, y), d_features1.stride(1), false);
  }

  // work(tile, x, the row's packed features) for each tile of a row, whose pixels are loaded and look at x.
  template <typename Work>
  static void each_tile(const WindowPlan<T>& plan, WindowWorker<T>& worker, const TensorView<const T, 4>& features0,
                        const TensorView<const T, 3>& x, std::ptrdiff_t b, std::ptrdiff_t y, const Work& work) {
    const std::ptrdiff_t most = plan.tile_pixels;
    for (std::ptrdiff_t at = 0; at < x.size(2); at += most) {
      WindowTile<T> tile(plan, worker, b, y, at, static_cast<int>(std::min(most, x.size(2) - at)));
      tile.load_pixels(features0, 0, plan.step);
      tile.look_at(x.at(b, y, at), nullptr);
      work(tile, at);
    }
  }
};

template <typename T>
CorrelationLookup1D<T>::CorrelationLookup1D(const CorrelationLookupOptions& options)
    : options_(options), scratch_(std::make_unique<Scratch>()) {
  check_range("CorrelationLookup1D", "radius", options.radius, 0, 100);
  check_range("CorrelationLookup1D", "levels", options.levels, 1, 16);
}

template <typename T>
CorrelationLookup1D<T>::CorrelationLookup1D(CorrelationLookup1D&&) noexcept = default;
template <typename T>
CorrelationLookup1D<T>& CorrelationLookup1D<T>::operator=(CorrelationLookup1D&&) noexcept = default;
template <typename T>
CorrelationLookup1D<T>::~CorrelationLookup1D() = default;

template <typename T>
void CorrelationLookup1D<T>::operator()(TensorView<const T, 4> features0, TensorView<const T, 4> features1,
                                        TensorView<const T, 3> x, TensorView<T, 4> out, int num_threads) {
  Scratch::check_sizes(options_, features0, features1, x, out);
  const BandPlan<T> plan(options_, features0.size(1), features1.size(3), false);
  scratch_->each_band_tile(
      plan, features0, features1, num_threads,
      [](std::ptrdiff_t, std::ptrdiff_t, BandRow<T>& row) { row.foresee(nullptr, nullptr); },
      [&](std::ptrdiff_t b, std::ptrdiff_t y, std::ptrdiff_t at, int count, BandRow<T>& row, BandWorker<T>& worker) {
        T* kept = worker.kept.reserve(static_cast<std::size_t>(plan.columns) * plan.most_pixels);
        worker.firsts.assign(static_cast<std::size_t>(plan.bands) * plan.most_pixels, nothing_kept);
        row.look_up(at, count, x.at(b, y, at), kept, worker.firsts.data(), out);
      });
}

template <typename T>
void CorrelationLookup1D<T>::operator()(TensorView<const T, 4> features0, TensorView<const T, 4> features1,
                                        TensorView<const T, 3> x, TensorView<T, 4> kept,
                                        TensorView<std::int32_t, 4> firsts, TensorView<T, 4> out, int num_threads) {
  Scratch::check_sizes(options_, features0, features1, x, out);
  const auto is_like = [&](const auto& other, std::ptrdiff_t each) {
    return other.size(0) == x.size(0) && other.size(1) == x.size(1) && other.size(2) == x.size(2) &&
           other.size(3) == each && other.is_packed();
  };
  check(is_like(kept, kept_products()) && is_like(firsts, kept_bands()), "CorrelationLookup1D: x is ", x.shape(),
        ", kept is ", kept.shape(), ", firsts are ", firsts.shape(), "; they must have its size and ", kept_products(),
        " and ", kept_bands(), " elements for each pixel, side by side");
  const BandPlan<T> plan(options_, features0.size(1), features1.size(3), true);
  scratch_->each_band_tile(
      plan, features0, features1, num_threads,
      [&](std::ptrdiff_t b, std::ptrdiff_t y, BandRow<T>& row) { row.foresee(x.at(b, y, 0), firsts.at(b, y, 0)); },
      [&](std::ptrdiff_t b, std::ptrdiff_t y, std::ptrdiff_t at, int count, BandRow<T>& row, BandWorker<T>&) {
        row.look_up(at, count, x.at(b, y, at), kept.at(b, y, at), firsts.at(b, y, at), out);
      });
}

template <typename T>
std::ptrdiff_t CorrelationLookup1D<T>::kept_products() const {
  return BandPlan<T>(options_, 0, 0, true).columns;
}

template <typename T>
std::ptrdiff_t CorrelationLookup1D<T>::kept_bands() const {
  return BandPlan<T>(options_, 0, 0, true).bands;
}

template <typename T>
void CorrelationLookup1D<T>::backward(TensorView<const T, 4> d_out, TensorView<const T, 4> features0,
                                      TensorView<const T, 4> features1, TensorView<const T, 3> x,
                                      TensorView<T, 4> d_features0, TensorView<T, 4> d_features1, int num_threads) {
  const WindowPlan<T> plan = Scratch::plan(options_, features0, features1, x, d_out);
  check(d_features0.sizes() == features0.sizes() && d_features1.sizes() == features1.sizes(),
        "CorrelationLookup1D: d_features0 is ", d_features0.shape(), ", d_features1 is ", d_features1.shape(),
        "; they must be ", features0.shape(), " and ", features1.shape());
  const int height = static_cast<int>(x.size(1));
  each_worker(static_cast<int>(x.size(0)) * height, num_threads, scratch_->workers,
              [&](int row, WindowWorker<T>& worker) {
                const std::ptrdiff_t b = row / height, y = row % height, size = Scratch::row_size(plan);
                const T* packed = Scratch::pack_row(plan, worker, features1, b, y);
                T* d_row = worker.d_row.reserve(static_cast<std::size_t>(size));
                std::fill_n(d_row, size, T(0));
                Scratch::each_tile(plan, worker, features0, x, b, y, [&](WindowTile<T>& tile, std::ptrdiff_t) {
                  tile.backward_pixels(d_out, packed, d_features0);
                  tile.backward_positions(d_out, d_row, plan.step);
                });
                Scratch::unpack_row(plan, d_row, d_features1, b, y);
              });
}

template <typename T>
void CorrelationLookup1D<T>::backward_coordinates(TensorView<const T, 4> d_out, TensorView<const T, 4> features0,
                                                  TensorView<const T, 4> features1, TensorView<const T, 3> x,
                                                  TensorView<T, 3> d_x, int num_threads) {
  const WindowPlan<T> plan = Scratch::plan(options_, features0, features1, x, d_out);
  check(d_x.sizes() == x.sizes(), "CorrelationLookup1D: x is ", x.shape(), ", d_x is ", d_x.shape(),
        "; they must be equal");
  const int height = static_cast<int>(x.size(1));
  each_worker(static_cast<int>(x.size(0)) * height, num_threads, scratch_->workers,
              [&](int row, WindowWorker<T>& worker) {
                const std::ptrdiff_t b = row / height, y = row % height;
                const T* packed = Scratch::pack_row(plan, worker, features1, b, y);
                Scratch::each_tile(plan, worker, features0, x, b, y, [&](WindowTile<T>& tile, std::ptrdiff_t at) {
                  tile.backward_coordinates(d_out, packed, d_x.at(b, y, at), nullptr);
                });
              });
}

template class CorrelationLookup1D<float>;
template class CorrelationLookup1D<double>;

}  // namespace geomvision::ops
