#include "kernels/local_correlation.hpp"

#include "kernels/float_lanes.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

#if defined(__AVX512F__)  // 32 registers
constexpr int most_displacements = 9, most_channels = 8;
#elif defined(__AVX2__)  // 16 registers
constexpr int most_displacements = 4, most_channels = 4;
#else
constexpr int most_displacements = 3, most_channels = 3;
#endif
constexpr int tile_step = tile_rows * tile_columns;

// Every product is in a register block of Rows x Count sums: a load serves Rows or Count of them.
template <int Rows, int Count>
void correlate(const float* tile, const float* other, std::ptrdiff_t step, const std::ptrdiff_t* offsets, int channels,
               const CorrelationOutput& out, Soon soon) {
  const float* shifted[Count];
  for (int i = 0; i < Count; ++i) shifted[i] = other + offsets[i];
  for (int part = 0; part < tile_columns; part += lane_count) {
    const auto each_output = [&](const auto& visit) {
      for (int m = 0; m < Rows; ++m) {
        for (int i = 0; i < Count; ++i) visit(out.to + m * out.row_step + i * out.plane_step + part, m, i);
      }
    };
    if (!out.streamed) each_output([](float* to, int, int) { __builtin_prefetch(to, 1); });
    Lanes sums[Rows][Count];
    for (int m = 0; m < Rows; ++m) {
      for (int i = 0; i < Count; ++i) sums[m][i] = spread(0.0f);
    }
    const float *from = tile + part, *next = soon.from + part;
    std::ptrdiff_t at = part;
    for (int c = 0; c < channels; ++c, from += tile_step, at += step, next += soon.step) {
      Lanes mine[Rows];
      for (int m = 0; m < Rows; ++m) mine[m] = load_once(from + m * tile_columns);
      __builtin_prefetch(next, 0, 2);
#pragma GCC unroll 9
      for (int i = 0; i < Count; ++i) {
        const Lanes theirs = load_once(shifted[i] + at);
        for (int m = 0; m < Rows; ++m) sums[m][i] = fma(mine[m], theirs, sums[m][i]);
      }
    }
    if (out.streamed) {
      each_output([&](float* to, int m, int i) { stream(to, sums[m][i]); });
    } else {
      each_output([&](float* to, int m, int i) { store(to, sums[m][i]); });
    }
  }
}

template <int Rows, int Count = most_displacements>
void correlate_rows(const float* tile, const float* other, std::ptrdiff_t step, const std::ptrdiff_t* offsets,
                    int count, int channels, const CorrelationOutput& out, Soon soon) {
  if (count == Count) {
    correlate<Rows, Count>(tile, other, step, offsets, channels, out, soon);
  } else if constexpr (Count > 1) {
    correlate_rows<Rows, Count - 1>(tile, other, step, offsets, count, channels, out, soon);
  }
}

template <int First, int Last, int Channels>
__attribute__((always_inline)) inline void accumulate(const GradientRow& row, std::ptrdiff_t channel,
                                                      std::ptrdiff_t step, const std::ptrdiff_t* offsets, int count,
                                                      int part, Lanes (&sums)[Channels][tile_rows]) {
  const float* gradient = row.gradient + part;
  const float* other = row.other + channel * step + part;
  for (int i = 0; i < count; ++i, gradient += tile_step) {
    Lanes weights[tile_rows];
    for (int m = First; m < Last; ++m) weights[m] = load_once(gradient + m * tile_columns);
    const float* from = other + offsets[i];
    for (int c = 0; c < Channels; ++c) {
      const Lanes theirs = load_once(from + c * step);
      for (int m = First; m < Last; ++m) sums[c][m] = fma(weights[m], theirs, sums[c][m]);
    }
  }
}

template <int Channels>
void differentiate(const GradientRow* rows, int row_count, std::ptrdiff_t channel, std::ptrdiff_t step,
                   const std::ptrdiff_t* offsets, int count, const CorrelationOutput& out, Soon soon, int lines) {
  for (int part = 0; part < tile_columns; part += lane_count) {
    Lanes sums[Channels][tile_rows];
    for (int c = 0; c < Channels; ++c) {
      for (int m = 0; m < tile_rows; ++m) sums[c][m] = spread(0.0f);
    }
    for (const GradientRow* row = rows; row != rows + row_count; ++row) {
      for (int k = 0; k < lines; ++k, soon.from += soon.step) __builtin_prefetch(soon.from, 0, 2);
      const int touched = row->first * 4 + row->last;
      if (touched == 3) {
        accumulate<0, 3>(*row, channel, step, offsets, count, part, sums);
      } else if (touched == 2) {
        accumulate<0, 2>(*row, channel, step, offsets, count, part, sums);
      } else if (touched == 1) {
        accumulate<0, 1>(*row, channel, step, offsets, count, part, sums);
      } else if (touched == 6) {
        accumulate<1, 2>(*row, channel, step, offsets, count, part, sums);
      } else if (touched == 7) {
        accumulate<1, 3>(*row, channel, step, offsets, count, part, sums);
      } else {
        accumulate<2, 3>(*row, channel, step, offsets, count, part, sums);
      }
    }
    for (int c = 0; c < Channels; ++c) {
      for (int m = 0; m < tile_rows; ++m) {
        float* to = out.to + c * out.plane_step + m * out.row_step + part;
        out.streamed ? stream(to, sums[c][m]) : store(to, sums[c][m]);
      }
    }
  }
}

// Rows a page or more apart are not foreseen by the processor.
inline void fetch_ahead(const float* from, std::ptrdiff_t from_step, int width, int rows_left) {
  constexpr int ahead = 6, line = 16;
  if (rows_left <= ahead) return;
  const float* next = from + ahead * from_step;
  for (int x = 0; x < width; x += line) __builtin_prefetch(next + x);
}

}  // namespace

void correlate_tile(const float* tile, int first, int last, const float* other, std::ptrdiff_t step,
                    const std::ptrdiff_t* offsets, int count, int channels, CorrelationOutput out, Soon soon) {
  tile += first * tile_columns;
  out.to += first * out.row_step;
  const int rows = last - first;
  for (int i = 0, groups = (count + most_displacements - 1) / most_displacements; groups > 0; --groups) {
    const int some = (count - i + groups - 1) / groups;  // groups of nearly equal size
    if (rows == 3) {
      correlate_rows<3>(tile, other, step, offsets + i, some, channels, out, soon);
    } else if (rows == 2) {
      correlate_rows<2>(tile, other, step, offsets + i, some, channels, out, soon);
    } else {
      correlate_rows<1>(tile, other, step, offsets + i, some, channels, out, soon);
    }
    i += some;
    out.to += some * out.plane_step;
    soon = {tile, 0};
  }
}

void correlate_tile_backward(const GradientRow* rows, int row_count, std::ptrdiff_t step, const std::ptrdiff_t* offsets,
                             int count, int channels, CorrelationOutput out, const Soon* soon, int soon_count) {
  const int share = row_count > 0 ? (channels + row_count - 1) / row_count : 0;
  int c = 0;
  for (; c + most_channels <= channels; c += most_channels, out.to += most_channels * out.plane_step) {
    const bool any = soon_count-- > 0;
    differentiate<most_channels>(rows, row_count, c, step, offsets, count, out, any ? *soon++ : Soon{},
                                 any ? share : 0);
  }
  for (; c < channels; ++c, out.to += out.plane_step) {
    differentiate<1>(rows, row_count, c, step, offsets, count, out, Soon{}, 0);
  }
}

void copy_padded(const float* from, std::ptrdiff_t from_step, int width, int height, float* to, std::ptrdiff_t to_step,
                 int before, int total) {
  for (int y = 0; y < height; ++y, from += from_step, to += to_step) {
    fetch_ahead(from, from_step, width, height - y);
    for (int x = 0; x < before; ++x) to[x] = 0.0f;
    float* here = to + before;
    int x = 0;
    for (; x + lane_count <= width; x += lane_count) store(here + x, load(from + x));
    for (; x < width; ++x) here[x] = from[x];
    for (x = before + width; x < total; ++x) to[x] = 0.0f;
  }
}

void copy_blocks(const float* from, std::ptrdiff_t from_step, int width, int height, float scale, float* to,
                 std::ptrdiff_t to_step, std::ptrdiff_t block_step) {
  const Lanes factor = spread(scale);
  for (int y = 0; y < height; ++y, from += from_step, to += to_step) {
    fetch_ahead(from, from_step, width, height - y);
    float* block = to;
    int x = 0;
    for (; x + tile_columns <= width; x += tile_columns, block += block_step) {
      for (int part = 0; part < tile_columns; part += lane_count) {
        store(block + part, multiply(load(from + x + part), factor));
      }
    }
    if (x == width) continue;
    for (int k = 0; k < tile_columns; ++k) block[k] = x + k < width ? from[x + k] * scale : 0.0f;
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
