#include "ops/local_correlation_tiles.hpp"

#include <algorithm>
#include <numeric>

#include "ops/streamed.hpp"

namespace geomvision::ops {

using kernels::tile_columns;
using kernels::tile_rows;

namespace {
constexpr int tile_step = tile_rows * tile_columns;
constexpr int strip_blocks = 5;  // wide enough to read memory in long runs, narrow enough for the caches

int ceil_div(std::ptrdiff_t a, std::ptrdiff_t b) { return static_cast<int>((a + b - 1) / b); }
}  // namespace

CorrelationPlan::CorrelationPlan(const LocalCorrelationOptions& options, const TensorView<const float, 4>& image,
                                 bool dense, int threads, std::vector<std::ptrdiff_t>& memory)
    : channels(image.size(1)),
      height(image.size(2)),
      width(image.size(3)),
      radius(options.radius),
      dilation(options.dilation),
      stride(dense ? 1 : options.stride),
      side(2 * options.radius + 1),
      reach_x(static_cast<int>(std::min<std::ptrdiff_t>(radius, (width - 1) / dilation))),
      reach_y(static_cast<int>(std::min<std::ptrdiff_t>(radius, (height - 1) / dilation))),
      count(2 * reach_x + 1),
      rows(ceil_div(height, stride)),
      columns(ceil_div(width, stride)),
      row_step(dilation / std::gcd(stride, dilation)),
      row_shift(stride / std::gcd(stride, dilation)),
      ring_size(2 * reach_y + 1 + (tile_rows - 1) * row_shift),
      offsets(memory),
      copy_padded(GEOMVISION_KERNEL(copy_padded)),
      copy_blocks(GEOMVISION_KERNEL(copy_blocks)) {
  blocks = ceil_div(columns, tile_columns);
  blocks = ceil_div(blocks, ceil_div(blocks, strip_blocks));  // strips of nearly equal width
  strip = blocks * tile_columns;
  strips = ceil_div(columns, strip);
  const std::ptrdiff_t halo = 2 * std::ptrdiff_t{reach_x} * dilation / stride;
  phase_width = strip + static_cast<int>(halo) + (stride > 1);
  packed_width = std::ptrdiff_t{phase_width} * stride;
  band_rows = rows_of_band(image.size(0) * strips, threads);
  bands = ceil_div(rows, band_rows);
  offsets.clear();
  for (int i = 0; i < count; ++i) {
    const int shift = i * dilation;
    offsets.push_back(std::ptrdiff_t{shift % stride} * phase_width + shift / stride);
  }
}

// Several threads share some tasks each, which evens out delays. Where a thread goes on from one to the next no row is
// packed twice; where it cannot, those at a band's rim are, and bands are higher.
int CorrelationPlan::rows_of_band(std::ptrdiff_t all_strips, int threads) const {
  if (threads == 1) return rows;
  const int tasks = (row_step == 1 ? 8 : 2) * threads, each = ceil_div(rows * all_strips, tasks);
  return ceil_div(each, tile_rows * row_step) * tile_rows * row_step;
}

CorrelationStrip::CorrelationStrip(const CorrelationPlan& plan, CorrelationWorker& worker, int index, bool goes_on)
    : plan_(plan), worker_(worker), keeps_ring_(goes_on && index % plan.bands > 0 && plan.row_step == 1) {
  const int band = index % plan.bands, strip = index / plan.bands % plan.strips;
  batch_ = index / (plan.bands * plan.strips);
  first_column_ = strip * plan.strip;
  columns_ = std::min(plan.strip, plan.columns - first_column_);
  first_row_ = band * plan.band_rows;
  last_row_ = std::min(plan.rows, first_row_ + plan.band_rows);
}

template <typename Visit>
void CorrelationStrip::each_tile(const Visit& visit) {
  for (int phase = 0; phase < plan_.row_step && first_row_ + phase < last_row_; ++phase) {
    if (!keeps_ring_) {
      worker_.ring_row = first_row_ + phase;
      worker_.in_ring.assign(static_cast<std::size_t>(plan_.ring_size), -1);
    }
    for (int row = first_row_ + phase; row < last_row_; row += tile_rows * plan_.row_step) {
      visit(Tile{row, std::min(tile_rows, ceil_div(last_row_ - row, plan_.row_step))});
    }
  }
}

// Which of the tile's rows see the other image's row that the first of them sees at displacement j.
bool CorrelationStrip::touched(const Tile& tile, int j, int& first, int& last) const {
  first = std::max(0, ceil_div(j - plan_.reach_y, plan_.row_shift));
  last = std::min(tile.rows, (j + plan_.reach_y) / plan_.row_shift + 1);
  return first < last;
}

// Row y of the other image, packed with the zeros around it; null when it lies outside.
const float* CorrelationStrip::other_row(const TensorView<const float, 4>& other, int y, int tile_row, int j) {
  if (y < 0 || y >= plan_.height) return nullptr;
  const std::ptrdiff_t number =
      std::ptrdiff_t{tile_row - worker_.ring_row} / plan_.row_step * plan_.row_shift + j + plan_.reach_y;
  const std::ptrdiff_t slot = number % plan_.ring_size, size = plan_.channels * plan_.packed_width;
  float* row = worker_.ring.reserve(static_cast<std::size_t>(size * plan_.ring_size)) + slot * size;
  if (worker_.in_ring[static_cast<std::size_t>(slot)] == number) return row;
  worker_.in_ring[static_cast<std::size_t>(slot)] = number;
  const std::ptrdiff_t left =
      std::ptrdiff_t{first_column_} * plan_.stride - std::ptrdiff_t{plan_.reach_x} * plan_.dilation;
  if (plan_.stride == 1) {
    const std::ptrdiff_t begin = std::max<std::ptrdiff_t>(0, left);
    const std::ptrdiff_t end = std::max(begin, std::min(plan_.width, left + plan_.packed_width));
    plan_.copy_padded(other.at(batch_, 0, y, begin), other.stride(1), static_cast<int>(end - begin),
                      static_cast<int>(plan_.channels), row, plan_.packed_width, static_cast<int>(begin - left),
                      static_cast<int>(plan_.packed_width));
    return row;
  }
  for (std::ptrdiff_t c = 0; c < plan_.channels; ++c) {
    const float* from = other.at(batch_, c, y);
    for (int phase = 0; phase < plan_.stride; ++phase) {
      for (int k = 0; k < plan_.phase_width; ++k) {
        const std::ptrdiff_t x = left + phase + std::ptrdiff_t{k} * plan_.stride;
        row[c * plan_.packed_width + phase * plan_.phase_width + k] = x >= 0 && x < plan_.width ? from[x] : 0.0f;
      }
    }
  }
  return row;
}

// The tiles of a strip one after another, scaled so that sums become means.
void CorrelationStrip::pack_tiles(const TensorView<const float, 4>& left, const Tile& tile) {
  const std::ptrdiff_t size = plan_.channels * tile_step;
  float* to = worker_.tile.reserve(static_cast<std::size_t>(size * plan_.blocks));
  const float scale = 1.0f / static_cast<float>(plan_.channels);
  for (int m = 0; m < tile.rows; ++m, to += tile_columns) {
    const std::ptrdiff_t y = (tile.row + std::ptrdiff_t{m} * plan_.row_step) * plan_.stride;
    if (plan_.stride == 1) {
      plan_.copy_blocks(left.at(batch_, 0, y, first_column_), left.stride(1), columns_,
                        static_cast<int>(plan_.channels), scale, to, tile_step, size);
      continue;
    }
    for (std::ptrdiff_t c = 0; c < plan_.channels; ++c) {
      const float* from = left.at(batch_, c, y);
      for (int x = 0; x < plan_.strip; ++x) {
        to[x / tile_columns * size + c * tile_step + x % tile_columns] =
            x < columns_ ? from[std::ptrdiff_t{first_column_ + x} * plan_.stride] * scale : 0.0f;
      }
    }
  }
}

// What the tile after this one will pack, in the order in which it does; of the left image only when it is given.
void CorrelationStrip::fetch_list(const TensorView<const float, 4>* left, const TensorView<const float, 4>& right,
                                  const Tile& tile) {
  worker_.soon.clear();
  const std::ptrdiff_t next = tile.row + std::ptrdiff_t{tile_rows} * plan_.row_step;
  if (plan_.stride != 1 || next >= (plan_.row_step == 1 ? plan_.rows : last_row_)) return;
  const auto add = [&](const TensorView<const float, 4>& image, std::ptrdiff_t y, std::ptrdiff_t begin,
                       std::ptrdiff_t end) {
    if (y >= plan_.height) return;
    begin = std::max<std::ptrdiff_t>(0, begin);
    end = std::min(plan_.width, end);
    for (std::ptrdiff_t x = begin; x < end; x += tile_columns) {
      worker_.soon.push_back({image.at(batch_, 0, y, x), image.stride(1)});
    }
  };
  for (int m = 0; m < tile_rows && left != nullptr; ++m)
    add(*left, next + m * plan_.row_step, first_column_, first_column_ + columns_);
  const std::ptrdiff_t halo = std::ptrdiff_t{plan_.reach_x} * plan_.dilation;
  for (int m = 0; m < tile_rows; ++m) {
    add(right, next + std::ptrdiff_t{plan_.reach_y + m} * plan_.dilation, first_column_ - halo,
        first_column_ + columns_ + halo);
  }
}

void CorrelationStrip::forward(const TensorView<const float, 4>& left, const TensorView<const float, 4>& right,
                               const TensorView<float, 4>& out) {
  const auto kernel = GEOMVISION_KERNEL(correlate_tile);
  const std::ptrdiff_t plane = out.stride(1);
  // A row of the other image that two rows of the tile share lies at a smaller displacement for the lower one.
  const std::ptrdiff_t down = plan_.row_step * out.stride(2) - std::ptrdiff_t{plan_.row_shift} * plan_.side * plane;
  const bool streamed = streams(out);
  float* part = worker_.part.reserve(static_cast<std::size_t>(plan_.count) * tile_step);
  each_tile([&](const Tile& tile) {
    pack_tiles(left, tile);
    fetch_list(&left, right, tile);
    std::size_t soon = 0;
    for (int j = -plan_.reach_y, first, last; j <= plan_.reach_y + (tile_rows - 1) * plan_.row_shift; ++j) {
      if (!touched(tile, j, first, last)) continue;
      const float* other = other_row(right, tile.row * plan_.stride + j * plan_.dilation, tile.row, j);
      const std::ptrdiff_t displacement = std::ptrdiff_t{j + plan_.radius} * plan_.side + plan_.radius - plan_.reach_x;
      const float* packed = worker_.tile.reserve(0);
      for (int x = 0; x < columns_; x += tile_columns, packed += plan_.channels * tile_step) {
        const int columns = std::min(tile_columns, columns_ - x);
        float* to = out.at(batch_, 0, tile.row, first_column_ + x) + displacement * plane;
        const bool whole = columns == tile_columns && other != nullptr;
        if (other != nullptr) {
          const kernels::Soon next = soon < worker_.soon.size() ? worker_.soon[soon++] : kernels::Soon{other, 0};
          const kernels::CorrelationOutput target{whole ? to : part, whole ? down : tile_columns,
                                                  whole ? plane : tile_step, whole && streamed};
          kernel(packed, first, last, other + x, plan_.packed_width, plan_.offsets.data(), plan_.count,
                 static_cast<int>(plan_.channels), target, next);
        } else {
          std::fill_n(part, plan_.count * tile_step, 0.0f);
        }
        for (int m = first; m < last && !whole; ++m) {
          for (int i = 0; i < plan_.count; ++i) {
            std::copy_n(part + i * tile_step + m * tile_columns, columns, to + m * down + i * plane);
          }
        }
      }
    }
  });
  if (streamed) finish_streams();
}

// The derivatives of the outputs at displacements (., j) where they meet row y, for every tile of the strip.
void CorrelationStrip::pack_gradient(const TensorView<const float, 4>& d_out, bool mirrored, int stride, int y, int j,
                                     float* to) {
  const std::ptrdiff_t block_step = std::ptrdiff_t{plan_.ring_size} * plan_.count * tile_step;
  const float scale = 1.0f / static_cast<float>(plan_.channels);
  const int sign = mirrored ? -1 : 1, reach = plan_.reach_x;
  const std::ptrdiff_t row = mirrored ? y + std::ptrdiff_t{j} * plan_.dilation : y;
  const std::ptrdiff_t shift = mirrored ? plan_.dilation : 0;
  const auto plane = [&](int i) { return (sign * j + plan_.radius) * plan_.side + sign * i + plan_.radius; };
  const bool inside = first_column_ - reach * shift >= 0 && first_column_ + columns_ + reach * shift <= plan_.width;
  if (stride == 1 && inside) {
    plan_.copy_blocks(d_out.at(batch_, plane(-reach), row, first_column_ - reach * shift),
                      sign * d_out.stride(1) + shift, columns_, plan_.count, scale, to, tile_step, block_step);
    return;
  }
  float* line = worker_.line.reserve(static_cast<std::size_t>(plan_.strip));
  for (int i = -reach; i <= reach; ++i, to += tile_step) {
    const float* from = row % stride == 0 ? d_out.at(batch_, plane(i), row / stride) : nullptr;
    const std::ptrdiff_t first = first_column_ + i * shift;
    const std::ptrdiff_t begin = std::clamp<std::ptrdiff_t>(-first, 0, columns_);
    const std::ptrdiff_t end =
        from == nullptr ? begin : std::clamp<std::ptrdiff_t>(plan_.width - first, begin, columns_);
    std::fill(line, line + columns_, 0.0f);
    if (stride == 1) {
      std::copy(from + first + begin, from + first + end, line + begin);
    } else {
      for (std::ptrdiff_t x = begin; x < end; ++x)
        line[x] = (first + x) % stride == 0 ? from[(first + x) / stride] : 0.0f;
    }
    plan_.copy_blocks(line, 0, columns_, 1, scale, to, tile_step, block_step);
  }
}

void CorrelationStrip::gradient_rows(const TensorView<const float, 4>& d_out, const TensorView<const float, 4>& other,
                                     bool mirrored, int stride, const Tile& tile) {
  worker_.rows.clear();
  const std::ptrdiff_t size = std::ptrdiff_t{plan_.count} * tile_step;
  float* gradient = worker_.gradient.reserve(static_cast<std::size_t>(size * plan_.ring_size * plan_.blocks));
  for (int j = -plan_.reach_y, first, last; j <= plan_.reach_y + tile_rows - 1; ++j) {
    if (!touched(tile, j, first, last)) continue;
    const float* row = other_row(other, tile.row + j * plan_.dilation, tile.row, j);
    if (row == nullptr) continue;
    for (int m = first; m < last; ++m) {
      pack_gradient(d_out, mirrored, stride, tile.row + m * plan_.dilation, j - m, gradient + m * tile_columns);
    }
    worker_.rows.push_back({row, gradient, first, last});
    gradient += size;
  }
}

void CorrelationStrip::derivative(const TensorView<const float, 4>& d_out, const TensorView<const float, 4>& other,
                                  bool mirrored, int stride, const TensorView<float, 4>& out) {
  const auto kernel = GEOMVISION_KERNEL(correlate_tile_backward);
  const int channels = static_cast<int>(plan_.channels);
  const std::ptrdiff_t block_step = std::ptrdiff_t{plan_.ring_size} * plan_.count * tile_step;
  const bool streamed = streams(out);
  float* part = worker_.part.reserve(static_cast<std::size_t>(channels) * tile_step);
  each_tile([&](const Tile& tile) {
    gradient_rows(d_out, other, mirrored, stride, tile);
    fetch_list(nullptr, other, tile);
    const kernels::Soon* soon = worker_.soon.data();
    int left = static_cast<int>(worker_.soon.size());
    for (int x = 0; x < columns_; x += tile_columns) {
      const int columns = std::min(tile_columns, columns_ - x);
      const std::ptrdiff_t down = plan_.row_step * out.stride(2);
      float* to = out.at(batch_, 0, tile.row, first_column_ + x);
      const bool whole = columns == tile_columns && tile.rows == tile_rows;
      const kernels::CorrelationOutput target{whole ? to : part, whole ? down : tile_columns,
                                              whole ? out.stride(1) : tile_step, whole && streamed};
      const int now = ceil_div(left, ceil_div(columns_ - x, tile_columns));
      kernel(worker_.rows.data(), static_cast<int>(worker_.rows.size()), plan_.packed_width, plan_.offsets.data(),
             plan_.count, channels, target, soon, now);
      soon += now;
      left -= now;
      for (kernels::GradientRow& row : worker_.rows) {
        row.other += tile_columns;
        row.gradient += block_step;
      }
      for (std::ptrdiff_t c = 0; c < channels && !whole; ++c) {
        for (int m = 0; m < tile.rows; ++m) {
          std::copy_n(part + c * tile_step + m * tile_columns, columns, to + c * out.stride(1) + m * down);
        }
      }
    }
  });
  if (streamed) finish_streams();
}

}  // namespace geomvision::ops
