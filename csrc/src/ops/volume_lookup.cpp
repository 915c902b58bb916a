#include "geomvision/ops/volume_lookup.hpp"

#include <algorithm>

#include "each_worker.hpp"
#include "geomvision/check.hpp"
#include "ops/correlation_windows.hpp"
#include "ops/streamed.hpp"

namespace geomvision::ops {

template <typename T>
struct VolumeLookup<T>::Scratch {
  std::vector<WindowWorker<T>> workers;

  static WindowPlan<T> plan(int radius, int level, const TensorView<const T, 5>& volume,
                            const TensorView<const T, 4>& coordinates, const TensorView<const T, 4>& out) {
    const bool along_rows = coordinates.size(1) == 1;
    check(along_rows ? volume.size(3) == 1 : coordinates.size(1) == 2, "VolumeLookup: coordinates are ",
          coordinates.shape(), " for a volume of ", volume.shape(),
          "; they must have 2 channels, or 1 where the volume is one row high");
    WindowPlan<T> made(radius, along_rows, WindowLevels({0, volume.size(3), volume.size(4)}), 0);
    made.first_level = level;
    for (int axis : {0, 2, 3}) {
      const std::ptrdiff_t size = volume.size(axis == 0 ? 0 : axis - 1);
      check(coordinates.size(axis) == size && out.size(axis) == size && out.size(1) == made.planes(),
            "VolumeLookup: volume is ", volume.shape(), ", coordinates are ", coordinates.shape(), ", the output is ",
            out.shape(), "; batch, height and width must be equal, and the output's channels ", made.planes());
    }
    check(volume.is_packed(), "VolumeLookup: the volume's elements must lie side by side");
    return made;
  }

  // work(tile, b, y, x) for each tile, which looks at the coordinates.
  template <typename Work>
  void each_tile(const WindowPlan<T>& plan, const TensorView<const T, 4>& coordinates, int num_threads,
                 const Work& work) {
    const int height = static_cast<int>(coordinates.size(2));
    const std::ptrdiff_t width = coordinates.size(3), most = plan.tile_pixels;
    geomvision::each_worker(
        static_cast<int>(coordinates.size(0)) * height, num_threads, workers, [&](int row, WindowWorker<T>& worker) {
          const std::ptrdiff_t b = row / height, y = row % height;
          for (std::ptrdiff_t x = 0; x < width; x += most) {
            WindowTile<T> tile(plan, worker, b, y, x, static_cast<int>(std::min(most, width - x)));
            tile.look_at(coordinates.at(b, 0, y, x), plan.along_rows ? nullptr : coordinates.at(b, 1, y, x));
            work(tile, b, y, x);
          }
          finish_streams();
        });
  }
};

template <typename T>
VolumeLookup<T>::VolumeLookup(int radius, int level)
    : radius_(radius), level_(level), scratch_(std::make_unique<Scratch>()) {
  check_range("VolumeLookup", "radius", radius, 0, 100);
  check_range("VolumeLookup", "level", level, 0, 15);
}

template <typename T>
VolumeLookup<T>::VolumeLookup(VolumeLookup&&) noexcept = default;
template <typename T>
VolumeLookup<T>& VolumeLookup<T>::operator=(VolumeLookup&&) noexcept = default;
template <typename T>
VolumeLookup<T>::~VolumeLookup() = default;

template <typename T>
void VolumeLookup<T>::operator()(TensorView<const T, 5> volume, TensorView<const T, 4> coordinates,
                                 TensorView<T, 4> out, int num_threads) {
  const WindowPlan<T> plan = Scratch::plan(radius_, level_, volume, coordinates, out);
  scratch_->each_tile(plan, coordinates, num_threads,
                      [&](WindowTile<T>& tile, std::ptrdiff_t b, std::ptrdiff_t y, std::ptrdiff_t x) {
                        tile.look_into(volume.at(b, y, x), volume.size(3) * volume.size(4));
                        tile.forward(nullptr, out);
                      });
}

template <typename T>
void VolumeLookup<T>::backward(TensorView<const T, 4> d_out, TensorView<const T, 4> coordinates,
                               TensorView<T, 5> d_volume, int num_threads) {
  const WindowPlan<T> plan = Scratch::plan(radius_, level_, d_volume, coordinates, d_out);
  scratch_->each_tile(plan, coordinates, num_threads,
                      [&](WindowTile<T>& tile, std::ptrdiff_t b, std::ptrdiff_t y, std::ptrdiff_t x) {
                        tile.backward_volume(d_out, d_volume.at(b, y, x), d_volume.size(3) * d_volume.size(4));
                      });
}

template <typename T>
void VolumeLookup<T>::backward_coordinates(TensorView<const T, 4> d_out, TensorView<const T, 5> volume,
                                           TensorView<const T, 4> coordinates, TensorView<T, 4> d_coordinates,
                                           int num_threads) {
  const WindowPlan<T> plan = Scratch::plan(radius_, level_, volume, coordinates, d_out);
  check(d_coordinates.sizes() == coordinates.sizes(), "VolumeLookup: coordinates are ", coordinates.shape(),
        ", d_coordinates are ", d_coordinates.shape(), "; they must be equal");
  scratch_->each_tile(plan, coordinates, num_threads,
                      [&](WindowTile<T>& tile, std::ptrdiff_t b, std::ptrdiff_t y, std::ptrdiff_t x) {
                        tile.look_into(volume.at(b, y, x), volume.size(3) * volume.size(4));
                        tile.backward_coordinates(d_out, nullptr, d_coordinates.at(b, 0, y, x),
                                                  plan.along_rows ? nullptr : d_coordinates.at(b, 1, y, x));
                      });
}

template class VolumeLookup<float>;
template class VolumeLookup<double>;

}  // namespace geomvision::ops
