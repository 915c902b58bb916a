#include "kernels/group_volume.hpp"

#include <cstdint>

#include "kernels/lanes.hpp"

// A tile of a row is packed into arrays with zeros beyond the image, so that the loops below meet no border; sums
// stay in registers. The order of summation depends on sizes only.

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int kTileX = 320;
constexpr int kTileD = 64;
constexpr int kTileC = 16;
constexpr int kBlock = 8;  // candidates (backward: channels) that share a load
#if defined(__AVX512BW__)
constexpr int kWide = 2;  // vectors side by side: 32 registers hold 2 x 8 sums, 16 hold 8
#else
constexpr int kWide = 1;
#endif

int least(int a, int b) { return a < b ? a : b; }
int most(int a, int b) { return a > b ? a : b; }

template <typename T>
struct Product {
  using V = Lanes<T>;
  static constexpr bool masked = true;
  [[gnu::always_inline]] static V forward(V left, V right, V sum) { return fma(left, right, sum); }
  [[gnu::always_inline]] static V to_left(V d, V, V right, V sum) { return fma(d, right, sum); }
  [[gnu::always_inline]] static V to_right(V d, V left, V, V sum) { return fma(d, left, sum); }
};

template <typename T>
struct Difference {
  using V = Lanes<T>;
  static constexpr bool masked = false;
  [[gnu::always_inline]] static V forward(V left, V right, V sum) {
    const V d = left - right;
    return sum + (d < V{} ? -d : d);
  }
  [[gnu::always_inline]] static V to_left(V d, V left, V right, V sum) {
    return sum + (left > right ? d : (left < right ? -d : V{}));
  }
  [[gnu::always_inline]] static V to_right(V d, V left, V right, V sum) { return to_left(d, right, left, sum); }
};

// Elements [from, from + count) of a row of `width`, times scale, zeros beyond it.
template <typename T>
void pack(const T* row, int width, int from, int count, T* out) {
  const int begin = least(most(-from, 0), count), end = most(least(width - from, count), begin);
  for (int i = 0; i < begin; ++i) out[i] = 0;
  for (int i = begin; i < end; ++i) out[i] = row[from + i];
  for (int i = end; i < count; ++i) out[i] = 0;
}

// The same tile of the next image row, on its way while this one is computed.
template <typename T>
void prefetch(const T* row, int width, int x) {
  const int end = least(x + kTileX, width);
  for (int i = x; i < end; i += 64 / static_cast<int>(sizeof(T))) __builtin_prefetch(row + width + i);
}

template <typename T>
struct Tile {
  static constexpr int pitch = kTileX + kTileD;
  int x, width, d, candidates, c, channels;
  T factor;                            // of sums: the scale once they are whole
  alignas(64) T left[kTileC][pitch];   // from x on
  alignas(64) T right[kTileC][pitch];  // from x - d - kTileD on
  alignas(64) T volume[kTileD][kTileX];

  void pack_channels(const GroupRow<T>& row) {
    for (int i = 0; i < channels; ++i) {
      pack(row.left + (c + i) * row.left_step, row.width, x, pitch, left[i]);
      pack(row.right + (c + i) * row.right_step, row.width, x - d - kTileD, pitch, right[i]);
      prefetch(row.left + (c + i) * row.left_step, row.width, x);
      prefetch(row.right + (c + i) * row.right_step, row.width, x);
    }
  }
};

template <typename Op, typename T, int wide, int block>
[[gnu::always_inline]] inline void dots(Tile<T>& tile, int x, int d) {
  using V = Lanes<T>;
  V sums[block][wide] = {};
  const T* left = tile.left[0] + x;
  const T* right = tile.right[0] + kTileD + x - d - (block - 1);
  for (int c = 0; c < tile.channels; ++c) {
    for (int w = 0; w < wide; ++w) {
      const V l = load<V>(left + w * kLanes<T>);
      for (int k = 0; k < block; ++k) {
        sums[k][w] = Op::forward(l, load<V>(right + w * kLanes<T> + (block - 1 - k)), sums[k][w]);
      }
    }
    left += tile.pitch;
    right += tile.pitch;
  }
  for (int k = 0; k < block; ++k) {
    for (int w = 0; w < wide; ++w) {
      T* out = tile.volume[d + k] + x + w * kLanes<T>;
      const V sum = tile.c == 0 ? sums[k][w] : sums[k][w] + load<V>(out);
      store(out, sum * tile.factor);
    }
  }
}

// A finished row of a tile goes past the caches where the volume is larger than they are.
template <typename T>
void copy(const T* from, int count, bool past_caches, T* to) {
  int i = 0;
#if defined(__AVX2__)
  const int head = static_cast<int>((64 - reinterpret_cast<std::uintptr_t>(to) % 64) % 64 / sizeof(T));
  for (; past_caches && i < least(head, count); ++i) to[i] = from[i];
  for (; past_caches && i + kLanes<T> <= count; i += kLanes<T>) {
#if defined(__AVX512BW__)
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to + i), load<__m512i>(from + i));
#else
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to + i), load<__m256i>(from + i));
#endif
  }
#else
  (void)past_caches;
#endif
  for (; i + kLanes<T> <= count; i += kLanes<T>) store(to + i, load<Lanes<T>>(from + i));
  for (; i < count; ++i) to[i] = from[i];
}

template <typename Op, typename T>
void finish(Tile<T>& tile, const GroupRow<T>& row, int first, int end, T* volume) {
  for (int k = first; k < end; ++k) {
    const int d = tile.d + k;
    for (int x = 0; Op::masked && x < least(d - tile.x, tile.width); ++x) tile.volume[k][x] = 0;
    copy(tile.volume[k], tile.width, row.past_caches, volume + d * row.volume_step + tile.x);
  }
}

template <typename Op, typename T>
void forward(const GroupRow<T>& row, T* volume) {
  Tile<T> tile;
  for (tile.x = 0; tile.x < row.width; tile.x += kTileX) {
    tile.width = least(kTileX, row.width - tile.x);
    for (tile.d = 0; tile.d < row.candidates; tile.d += kTileD) {
      tile.candidates = least(kTileD, row.candidates - tile.d);
      for (tile.c = 0; tile.c < row.channels; tile.c += kTileC) {
        tile.channels = least(kTileC, row.channels - tile.c);
        tile.pack_channels(row);
        const bool whole = tile.c + tile.channels == row.channels;
        tile.factor = whole ? row.scale : T(1);
        int d = 0;
        for (; d + kBlock <= tile.candidates; d += kBlock) {
          for (int x = 0; x < tile.width; x += kWide * kLanes<T>) dots<Op, T, kWide, kBlock>(tile, x, d);
          if (whole) finish<Op>(tile, row, d, d + kBlock, volume);
        }
        for (; d < tile.candidates; ++d) {
          for (int x = 0; x < tile.width; x += kLanes<T>) dots<Op, T, 1, 1>(tile, x, d);
          if (whole) finish<Op>(tile, row, d, d + 1, volume);
        }
      }
    }
  }
}

// The gradient of a tile, scaled, 0 where nothing depends on it: columns from x on, row by row.
template <typename Op, typename T>
void pack_gradient(const Tile<T>& tile, const GroupRow<T>& row, const T* d_volume, T (*gradient)[Tile<T>::pitch]) {
  for (int k = 0; k < tile.candidates; ++k) {
    const int d = tile.d + k;
    pack(d_volume + d * row.volume_step, row.width, tile.x, Tile<T>::pitch, gradient[k]);
    for (int i = 0; i < Tile<T>::pitch; ++i) gradient[k][i] *= row.scale;
    if (!Op::masked) continue;
    for (int i = 0; i < least(d - tile.x, Tile<T>::pitch); ++i) gradient[k][i] = 0;
  }
}

// Add to (or, for the first candidates, set) `block` channels of a gradient where the tile and the image reach.
template <typename T, int wide, int block>
[[gnu::always_inline]] inline void add_to(const Tile<T>& tile, const GroupRow<T>& row, Lanes<T> (&sums)[block][wide],
                                          int x, int c, int shift, T* out, std::ptrdiff_t step) {
  const bool first = tile.d == 0;
  for (int k = 0; k < block; ++k) {
    for (int w = 0; w < wide; ++w) {
      const int at = x + w * kLanes<T>, column = tile.x + at - shift;
      const int count = least(kLanes<T>, least(tile.width - at, row.width - column));
      T* to = out + (tile.c + c + k) * step + column;
      if (count == kLanes<T> && column >= 0) {
        if (!first) sums[k][w] += load<Lanes<T>>(to);
        store(to, sums[k][w]);
        continue;
      }
      for (int i = most(-column, 0); i < count; ++i) to[i] = (first ? 0 : to[i]) + sums[k][w][i];
    }
  }
}

// The derivative of `block` channels from c on in `wide` vectors from x on.
template <typename Op, typename T, int wide, int block>
[[gnu::always_inline]] inline void derive(const Tile<T>& tile, const GroupRow<T>& row,
                                          const T (*gradient)[Tile<T>::pitch], int x, int c, T* d_left, T* d_right,
                                          std::ptrdiff_t step) {
  using V = Lanes<T>;
  V sums[block][wide] = {};
  for (int d = 0; d < tile.candidates; ++d) {
    for (int w = 0; w < wide; ++w) {
      const int at = x + w * kLanes<T>;
      const V g = load<V>(gradient[d] + at);
      for (int k = 0; k < block; ++k) {
        sums[k][w] =
            Op::to_left(g, load<V>(tile.left[c + k] + at), load<V>(tile.right[c + k] + kTileD + at - d), sums[k][w]);
      }
    }
  }
  add_to(tile, row, sums, x, c, 0, d_left, step);
  for (int k = 0; k < block; ++k) {
    for (int w = 0; w < wide; ++w) sums[k][w] = V{};
  }
  for (int d = 0; d < tile.candidates; ++d) {
    for (int w = 0; w < wide; ++w) {
      const int at = x + w * kLanes<T>;
      const V g = load<V>(gradient[d] + at + d);
      for (int k = 0; k < block; ++k) {
        sums[k][w] =
            Op::to_right(g, load<V>(tile.left[c + k] + at + d), load<V>(tile.right[c + k] + kTileD + at), sums[k][w]);
      }
    }
  }
  add_to(tile, row, sums, x, c, tile.d, d_right, step);
}

template <typename Op, typename T>
void backward(const GroupRow<T>& row, const T* d_volume, T* d_left, T* d_right, std::ptrdiff_t step) {
  Tile<T> tile;
  alignas(64) T gradient[kTileD][Tile<T>::pitch];
  for (tile.d = 0; tile.d < row.candidates; tile.d += kTileD) {
    tile.candidates = least(kTileD, row.candidates - tile.d);
    for (tile.x = 0; tile.x < row.width; tile.x += kTileX) {
      tile.width = least(kTileX, row.width - tile.x);
      pack_gradient<Op>(tile, row, d_volume, gradient);
      for (tile.c = 0; tile.c < row.channels; tile.c += kTileC) {
        tile.channels = least(kTileC, row.channels - tile.c);
        tile.pack_channels(row);
        int c = 0;
        for (; c + kBlock <= tile.channels; c += kBlock) {
          for (int x = 0; x < tile.width; x += kWide * kLanes<T>) {
            derive<Op, T, kWide, kBlock>(tile, row, gradient, x, c, d_left, d_right, step);
          }
        }
        for (; c < tile.channels; ++c) {
          for (int x = 0; x < tile.width; x += kLanes<T>) {
            derive<Op, T, 1, 1>(tile, row, gradient, x, c, d_left, d_right, step);
          }
        }
      }
    }
  }
}

}  // namespace

void group_volume_f32(const GroupRow<float>& row, float* volume) {
  row.difference ? forward<Difference<float>>(row, volume) : forward<Product<float>>(row, volume);
}

void group_volume_f64(const GroupRow<double>& row, double* volume) {
  row.difference ? forward<Difference<double>>(row, volume) : forward<Product<double>>(row, volume);
}

void group_volume_backward_f32(const GroupRow<float>& row, const float* d_volume, float* d_left, float* d_right,
                               std::ptrdiff_t d_step) {
  row.difference ? backward<Difference<float>>(row, d_volume, d_left, d_right, d_step)
                 : backward<Product<float>>(row, d_volume, d_left, d_right, d_step);
}

void group_volume_backward_f64(const GroupRow<double>& row, const double* d_volume, double* d_left, double* d_right,
                               std::ptrdiff_t d_step) {
  row.difference ? backward<Difference<double>>(row, d_volume, d_left, d_right, d_step)
                 : backward<Product<double>>(row, d_volume, d_left, d_right, d_step);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
