#include "ops/local_correlation_tiles.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace geomvision::ops {

using kernels::tile_columns;
using kernels::tile_rows;

namespace {
constexpr int tile_step = tile_rows * tile_columns;

int ceil_div(std::ptrdiff_t a, std::ptrdiff_t b) { return static_cast<int>((a + b - 1) / b); }
}  // namespace

CorrelationPlan::CorrelationPlan(const LocalCorrelationOptions& options, const TensorView<const float, 4>& image,
                                 bool dense)
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
      phase_width(strip + 2 * reach_x * dilation / stride + (stride > 1)),
      packed_width(std::ptrdiff_t{phase_width} * stride),
      ring_size(2 * reach_y + 1 + (tile_rows - 1) * row_shift),
      strips(ceil_div(columns, strip)) {
  // Two bands for small images, so that four threads have equal work; rows at a band's rim are packed twice.
  band_rows = std::max(tile_rows, std::min(96, ceil_div(rows, 2)));
  bands = ceil_div(rows, band_rows);
  for (int i = 0; i < count; ++i) {
    const int shift = i * dilation;
    offsets.push_back(std::ptrdiff_t{shift % stride} * phase_width + shift / stride);
  }
}

CorrelationStrip::CorrelationStrip(const CorrelationPlan& plan, CorrelationWorker& worker, int index)
    : plan_(plan), worker_(worker) {
  const int band = index % plan.bands, strip = index / plan.bands % plan.strips;
  batch_ = index / (plan.bands * plan.strips);
  first_column_ = strip * CorrelationPlan::strip;
  first_row_ = band * plan.band_rows;
  last_row_ = std::min(plan.rows, first_row_ + plan.band_rows);
}

template <typename Visit>
void CorrelationStrip::each_tile(const Visit& visit) {
  for (int phase = 0; phase < plan_.row_step && first_row_ + phase < last_row_; ++phase) {
    first_of_class_ = first_row_ + phase;
    worker_.in_ring.assign(static_cast<std::size_t>(plan_.ring_size), -1);
    for (int row = first_of_class_; row < last_row_; row += tile_rows * plan_.row_step) {
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
      std::ptrdiff_t{tile_row - first_of_class_} / plan_.row_step * plan_.row_shift + j + plan_.reach_y;
  const std::ptrdiff_t slot = number % plan_.ring_size, size = plan_.channels * plan_.packed_width;
  float* row = worker_.ring.reserve(static_cast<std::size_t>(size * plan_.ring_size)) + slot * size;
  if (worker_.in_ring[static_cast<std::size_t>(slot)] == number) return row;
  worker_.in_ring[static_cast<std::size_t>(slot)] = number;
  const std::ptrdiff_t left = std::ptrdiff_t{first_column_} * plan_.stride - std::ptrdiff_t{plan_.reach_x} * plan_.dilation;
  if (plan_.stride == 1) {
    const std::ptrdiff_t begin = std::max<std::ptrdiff_t>(0, left);
    const std::ptrdiff_t end = std::max(begin, std::min(plan_.width, left + plan_.packed_width));
    GEOMVISION_KERNEL(copy_padded)
    (other.at(batch_, 0, y, begin), other.stride(1), static_cast<int>(end - begin), static_cast<int>(plan_.channels),
     1.0f, row, plan_.packed_width, static_cast<int>(begin - left), static_cast<int>(plan_.packed_width));
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

void CorrelationStrip::pack_tile(const TensorView<const float, 4>& left, const Tile& tile, int column, int columns) {
  float* to = worker_.tile.reserve(static_cast<std::size_t>(plan_.channels * tile_step));
  const float scale = 1.0f / static_cast<float>(plan_.channels);
  for (int m = 0; m < tile.rows; ++m) {
    const std::ptrdiff_t y = (tile.row + std::ptrdiff_t{m} * plan_.row_step) * plan_.stride;
    if (plan_.stride == 1) {
      GEOMVISION_KERNEL(copy_padded)
      (left.at(batch_, 0, y, column), left.stride(1), columns, static_cast<int>(plan_.channels), scale,
       to + m * tile_columns, tile_step, 0, tile_columns);
      continue;
    }
    for (std::ptrdiff_t c = 0; c < plan_.channels; ++c) {
      const float* from = left.at(batch_, c, y);
      float* row = to + c * tile_step + m * tile_columns;
      for (int x = 0; x < tile_columns; ++x) {
        row[x] = x < columns ? from[std::ptrdiff_t{column + x} * plan_.stride] * scale : 0.0f;
      }
    }
  }
}

void CorrelationStrip::forward(const TensorView<const float, 4>& left, const TensorView<const float, 4>& right,
                               const TensorView<float, 4>& out) {
  const auto kernel = GEOMVISION_KERNEL(correlate_tile);
  const std::ptrdiff_t plane = out.stride(1);
  each_tile([&](const Tile& tile) {
    for (int column = first_column_; column < std::min(plan_.columns, first_column_ + plan_.strip);
         column += tile_columns) {
      const int columns = std::min(tile_columns, plan_.columns - column);
      pack_tile(left, tile, column, columns);
      const float* packed = worker_.tile.reserve(0);
      for (int j = -plan_.reach_y, first, last; j <= plan_.reach_y + (tile_rows - 1) * plan_.row_shift; ++j) {
        if (!touched(tile, j, first, last)) continue;
        const float* other = other_row(right, tile.row * plan_.stride + j * plan_.dilation, tile.row, j);
        // Planes count down as rows go down: a shared row lies at a smaller displacement for a lower row.
        const std::ptrdiff_t first_plane = std::ptrdiff_t{j + plan_.radius} * plan_.side + plan_.radius - plan_.reach_x;
        float* to = out.data() + batch_ * out.stride(0) + first_plane * plane + tile.row * out.stride(2) + column;
        const std::ptrdiff_t down = plan_.row_step * out.stride(2) - std::ptrdiff_t{plan_.row_shift} * plan_.side * plane;
        if (other != nullptr && columns == tile_columns) {
          kernel(packed, first, last, other + column - first_column_, plan_.packed_width, plan_.offsets.data(),
                 plan_.count, static_cast<int>(plan_.channels), to, down, plane);
          continue;
        }
        float* part = worker_.part.reserve(static_cast<std::size_t>(plan_.count) * tile_step);
        if (other != nullptr) {
          kernel(packed, first, last, other + column - first_column_, plan_.packed_width, plan_.offsets.data(),
                 plan_.count, static_cast<int>(plan_.channels), part, tile_columns, tile_step);
        } else {
          std::fill_n(part, plan_.count * tile_step, 0.0f);
        }
        for (int m = first; m < last; ++m) {
          for (int i = 0; i < plan_.count; ++i) {
            std::copy_n(part + i * tile_step + m * tile_columns, columns, to + m * down + i * plane);
          }
        }
      }
    }
  });
}

// The derivatives of one row's outputs at displacement (., j), where they meet a tile's row y: [displacement][column].
void CorrelationStrip::pack_gradient(const TensorView<const float, 4>& d_out, bool mirrored, int stride, int y, int j,
                                     int column, float* to) const {
  const int columns = static_cast<int>(std::min<std::ptrdiff_t>(tile_columns, plan_.width - column));
  const float scale = 1.0f / static_cast<float>(plan_.channels);
  const int sign = mirrored ? -1 : 1;
  const std::ptrdiff_t source = mirrored ? y + std::ptrdiff_t{j} * plan_.dilation : y;
  const auto plane = [&](int i) { return (sign * j + plan_.radius) * plan_.side + sign * i + plan_.radius; };
  const int reach = plan_.reach_x;
  const std::ptrdiff_t shift = mirrored ? plan_.dilation : 0;
  const bool inside = column - reach * shift >= 0 && column + columns + reach * shift <= plan_.width;
  if (stride == 1 && inside) {
    GEOMVISION_KERNEL(copy_padded)
    (d_out.at(batch_, plane(-reach), source, column - reach * shift), sign * d_out.stride(1) + shift, columns,
     plan_.count, scale, to, tile_step, 0, tile_columns);
    return;
  }
  for (int i = -reach; i <= reach; ++i, to += tile_step) {
    const float* from = source % stride == 0 ? d_out.at(batch_, plane(i), source / stride) : nullptr;
    for (int x = 0; x < tile_columns; ++x) {
      const std::ptrdiff_t at = column + x + i * shift;
      const bool there = from != nullptr && x < columns && at >= 0 && at < plan_.width && at % stride == 0;
      to[x] = there ? from[at / stride] * scale : 0.0f;
    }
  }
}

void CorrelationStrip::gradient_rows(const TensorView<const float, 4>& d_out, const TensorView<const float, 4>& other,
                                     bool mirrored, int stride, const Tile& tile, int column) {
  worker_.rows.clear();
  const std::ptrdiff_t size = std::ptrdiff_t{plan_.count} * tile_step;
  float* gradient = worker_.gradient.reserve(static_cast<std::size_t>(size * plan_.ring_size));
  for (int j = -plan_.reach_y, first, last; j <= plan_.reach_y + tile_rows - 1; ++j) {
    if (!touched(tile, j, first, last)) continue;
    const float* row = other_row(other, tile.row + j * plan_.dilation, tile.row, j);
    if (row == nullptr) continue;
    for (int m = first; m < last; ++m) {
      pack_gradient(d_out, mirrored, stride, tile.row + m * plan_.dilation, j - m, column, gradient + m * tile_columns);
    }
    worker_.rows.push_back({row + column - first_column_, gradient, first, last});
    gradient += size;
  }
}

void CorrelationStrip::derivative(const TensorView<const float, 4>& d_out, const TensorView<const float, 4>& other,
                                  bool mirrored, int stride, const TensorView<float, 4>& out) {
  const auto kernel = GEOMVISION_KERNEL(correlate_tile_backward);
  const int channels = static_cast<int>(plan_.channels);
  each_tile([&](const Tile& tile) {
    for (int column = first_column_; column < std::min(plan_.columns, first_column_ + plan_.strip);
         column += tile_columns) {
      const int columns = std::min(tile_columns, plan_.columns - column);
      gradient_rows(d_out, other, mirrored, stride, tile, column);
      const int rows = static_cast<int>(worker_.rows.size());
      float* to = out.at(batch_, 0, tile.row, column);
      if (columns == tile_columns && tile.rows == tile_rows) {
        kernel(worker_.rows.data(), rows, plan_.packed_width, plan_.offsets.data(), plan_.count, channels, to,
               plan_.row_step * out.stride(2), out.stride(1));
        continue;
      }
      float* part = worker_.part.reserve(static_cast<std::size_t>(channels) * tile_step);
      kernel(worker_.rows.data(), rows, plan_.packed_width, plan_.offsets.data(), plan_.count, channels, part,
             tile_columns, tile_step);
      for (std::ptrdiff_t c = 0; c < channels; ++c) {
        for (int m = 0; m < tile.rows; ++m) {
          std::copy_n(part + c * tile_step + m * tile_columns, columns,
                      to + c * out.stride(1) + m * plan_.row_step * out.stride(2));
        }
      }
    }
  });
}

}  // namespace geomvision::ops
