#include "depth/sweep_costs.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>

#include "each_worker.hpp"
#include "geomvision/parallel.hpp"
#include "kernels/plane_sweep.hpp"

namespace geomvision::depth {
namespace {

// Tiles hold their own rays and costs in the second cache; of a census window around them, the radii.
constexpr int tile_width = kernels::sweep_row, tile_height = 48, group = 32;
constexpr int radius_x = kernels::sweep_radius_x, radius_y = kernels::sweep_radius_y;
constexpr int pitch = tile_width + 2 * radius_x, lines = tile_height + 2 * radius_y, pixels = tile_width * tile_height;
constexpr int halo = pitch * lines, row_bytes = kernels::sweep_word_bytes * tile_width;

// Each pixel with its neighbours to the right and below; the border repeats.
void take_corners(ImageView<const std::uint8_t> image, std::vector<std::uint32_t>& corners, int num_threads) {
  const int width = image.width(), height = image.height();
  corners.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  const auto rows = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      const std::uint8_t *here = image.row(y), *below = image.row(std::min(y + 1, height - 1));
      std::uint32_t* to = corners.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
      for (int x = 0; x < width; ++x) {
        const int next = std::min(x + 1, width - 1);
        to[x] = static_cast<std::uint32_t>(here[x]) | static_cast<std::uint32_t>(here[next]) << 8 |
                static_cast<std::uint32_t>(below[x]) << 16 | static_cast<std::uint32_t>(below[next]) << 24;
      }
    }
  };
  parallel_for(height, num_threads, std::ref(rows), 16);
}

// The rows of a census window, at their first pixel.
struct Window {
  const std::uint16_t* rows[2 * radius_y + 1];

  Window(const std::uint16_t* grey, int row) {
    for (int i = 0; i < 2 * radius_y + 1; ++i) rows[i] = grey + (row + i) * pitch + radius_x;
  }
};

}  // namespace

void SweepCosts::operator()(ImageView<const std::uint8_t> reference, TensorView<const float, 3> rays,
                            const std::vector<SweepSource>& sources, const SweepPlanes& planes,
                            TensorView<std::uint8_t, 3> volume, int num_threads) {
  corners_.resize(2 * sources.size());
  for (std::size_t s = 0; s < sources.size(); ++s) {
    take_corners(sources[s].image, corners_[s], num_threads);
    take_corners(sources[s].known, corners_[sources.size() + s], num_threads);
  }
  const int across = (reference.width() + tile_width - 1) / tile_width;
  const int down = (reference.height() + tile_height - 1) / tile_height;
  each_worker(across * down, num_threads, workers_, [&](int index, Worker& worker) {
    const int x = index % across * tile_width, y = index / across * tile_height;
    const Tile tile{x, y, std::min(tile_width, reference.width() - x), std::min(tile_height, reference.height() - y)};
    begin(reference, rays, static_cast<int>(sources.size()), tile, worker);
    sweep(sources, planes, volume, tile, worker);
  });
}

// The reference's rays and words, and room for what its sources show.
void SweepCosts::begin(ImageView<const std::uint8_t> reference, TensorView<const float, 3> rays, int sources,
                       const Tile& tile, Worker& worker) {
  float* r = worker.rays.reserve(3 * halo);
  std::uint16_t* grey = worker.grey.reserve(halo);
  for (int j = 0; j < tile.height + 2 * radius_y; ++j) {
    const int y = std::clamp(tile.y + j - radius_y, 0, reference.height() - 1);
    for (int i = 0; i < tile.width + 2 * radius_x; ++i) {
      const int x = std::clamp(tile.x + i - radius_x, 0, reference.width() - 1), at = j * pitch + i;
      grey[at] = reference(x, y);
      for (int axis = 0; axis < 3; ++axis) r[axis * halo + at] = *rays.at(axis, y, x);
    }
  }
  std::uint8_t* words = worker.words.reserve(tile_height * row_bytes);
  std::fill_n(words, tile_height * row_bytes, std::uint8_t{0});
  std::fill_n(worker.here.reserve(row_bytes), row_bytes, std::uint8_t{0});
  std::fill_n(worker.inside.reserve(halo), halo, std::uint8_t{0});
  const std::size_t all = static_cast<std::size_t>(sources) * pixels;
  std::fill_n(worker.bits.reserve(all), all, std::uint8_t{255});
  for (int j = 0; j < tile.height; ++j) {
    GEOMVISION_KERNEL(sweep_words)(Window(grey, j).rows, tile.width, words + j * row_bytes);
  }
}

// Differing bits of the tile and source s by the plane of inverse depth q.
void SweepCosts::compare(const std::vector<SweepSource>& sources, std::size_t s, float q, const Tile& tile,
                         Worker& worker) const {
  const SweepSource& source = sources[s];
  const float b[3] = {q * source.b[0], q * source.b[1], q * source.b[2]};
  const std::vector<std::uint32_t>& known = corners_[sources.size() + s];
  const float* r = worker.rays.reserve(3 * halo);
  std::uint16_t* grey = worker.grey.reserve(halo);
  std::uint8_t *inside = worker.inside.reserve(halo), *words = worker.words.reserve(tile_height * row_bytes);
  std::uint8_t *here = worker.here.reserve(row_bytes), *bits = worker.bits.reserve(pixels) + s * pixels;
  for (int j = 0; j < tile.height + 2 * radius_y; ++j) {
    const float* at = r + j * pitch;
    GEOMVISION_KERNEL(sweep_look_up)
    ({corners_[s].data(), known.empty() ? nullptr : known.data(), source.image.width(), source.image.height(), at,
      at + halo, at + 2 * halo, source.M.data(), b, tile.width + 2 * radius_x},
     grey + j * pitch, inside + j * pitch);
  }
  for (int j = 0; j < tile.height; ++j) {
    GEOMVISION_KERNEL(sweep_differences)
    (Window(grey, j).rows, words + j * row_bytes, here, inside + (j + radius_y) * pitch + radius_x, tile.width,
     bits + j * tile_width);
  }
}

void SweepCosts::sweep(const std::vector<SweepSource>& sources, const SweepPlanes& planes,
                       const TensorView<std::uint8_t, 3>& volume, const Tile& tile, Worker& worker) const {
  std::uint8_t* best = worker.best.reserve(group * pixels);
  for (int k = 0; k < planes.count; ++k) {
    const auto q = static_cast<float>(planes.first + k * planes.step);
    for (std::size_t s = 0; s < sources.size(); ++s) compare(sources, s, q, tile, worker);
    const int slot = k % group;
    GEOMVISION_KERNEL(sweep_best_half)
    (worker.bits.reserve(pixels), pixels, static_cast<int>(sources.size()), tile.height * tile_width, unseen,
     worker.total.reserve(pixels), worker.seen.reserve(pixels), best + slot * pixels);
    if (slot + 1 < group && k + 1 < planes.count) continue;
    for (int j = 0; j < tile.height; ++j) {
      for (int i = 0; i < tile.width; ++i) {
        std::uint8_t* to = volume.at(tile.y + j, tile.x + i, k - slot);
        for (int p = 0; p <= slot; ++p) to[p] = best[p * pixels + j * tile_width + i];
      }
    }
  }
}

}  // namespace geomvision::depth
