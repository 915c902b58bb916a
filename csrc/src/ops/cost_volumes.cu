#include "cuda/launch.cuh"
#include "geomvision/cuda/cost_volumes.hpp"
#include "ops/cost_volumes.cuh"

namespace geomvision::cuda {
namespace {

constexpr int lanes = 32;
constexpr int tile = 4 * lanes;  // pixels of a block; a thread has four beside one another
constexpr int candidates = 8;    // of a thread
constexpr int most_rows = 8;     // of threads, which have other candidates
constexpr int chunk = 8;         // channels in shared memory at a time
constexpr int depth = 16;        // candidates of a gradient in shared memory at a time
constexpr int most_quads = 4;    // of channels in a block that derives; a thread has four

// Four values that are moved as one.
template <typename T>
struct alignas(16) Four {
  T value[4];
};

// Where a block is: batch, group, row, and which of the parts of a row.
struct Site {
  int b, group, y, part;

  template <typename T>
  __device__ Site(const Cells<T, 5>& volume, int parts) {
    unsigned i = blockIdx.x;
    part = static_cast<int>(i % static_cast<unsigned>(parts));
    i /= static_cast<unsigned>(parts);
    y = static_cast<int>(i % static_cast<unsigned>(volume.sizes[3]));
    i /= static_cast<unsigned>(volume.sizes[3]);
    group = static_cast<int>(i % static_cast<unsigned>(volume.sizes[1]));
    b = static_cast<int>(i / static_cast<unsigned>(volume.sizes[1]));
  }
};

// Elements [from, from + count) of rows of `width` pixels into rows of shared memory, zeros beyond them.
template <typename T, typename Source>
__device__ void fetch(int rows, int count, int pitch, int width, int from, Four<T>* to, const Source& source) {
  auto* held = reinterpret_cast<T*>(to);
  for (auto k = static_cast<int>(threadIdx.y); k < rows; k += static_cast<int>(blockDim.y)) {
    for (auto at = static_cast<int>(threadIdx.x); at < count; at += lanes) {
      const int x = from + at;
      held[k * pitch + at] = x >= 0 && x < width ? source(k, x) : T(0);
    }
  }
}

// Blocks have a tile of a row and candidates for each of their rows of threads. Features go through shared memory, some
// channels at a time; a thread compares four pixels with eight candidates, whose right pixels overlap.
template <typename T, bool difference>
__global__ void __launch_bounds__(lanes* most_rows)
    compare(Cells<const T, 4> left, Cells<const T, 4> right, Cells<T, 5> volume, T scale, int tiles, int parts,
            bool in_fours) {
  constexpr int most = lanes + most_rows * candidates / 4;
  __shared__ Four<T> lefts[chunk][lanes], rights[chunk][most];
  const Site site(volume, parts);
  const auto lane = static_cast<int>(threadIdx.x), rows = static_cast<int>(blockDim.y);
  const auto row = static_cast<int>(threadIdx.y);
  const int width = volume.sizes[4], first = site.part % tiles * tile;
  const int begin = site.part / tiles * rows * candidates, reach = rows * candidates;
  int channels = left.sizes[1] / volume.sizes[1];
  const T* from_left = left.at(site.b, site.group * channels, site.y);
  const T* from_right = right.at(site.b, site.group * channels, site.y);
  if (!difference && begin >= min(first + tile, width)) channels = 0;  // nothing is seen from here

  T sums[candidates][4] = {};
  for (int c = 0; c < channels; c += chunk) {
    const int count = min(chunk, channels - c);
    __syncthreads();
    fetch(count, tile, tile, width, first, lefts[0],
          [&](int k, int x) { return from_left[(c + k) * left.strides[1] + x]; });
    fetch(count, tile + reach, 4 * most, width, first - begin - reach, rights[0],
          [&](int k, int x) { return from_right[(c + k) * right.strides[1] + x]; });
    __syncthreads();
    for (int k = 0; k < count; ++k) {
      const Four<T> here = lefts[k][lane];
      const Four<T>* there = rights[k] + lane + candidates / 4 * (rows - 1 - row);
      T window[candidates + 4];
      for (int i = 0; i < candidates / 4 + 1; ++i) {
        const Four<T> four = there[i];
        for (int j = 0; j < 4; ++j) window[4 * i + j] = four.value[j];
      }
      for (int d = 0; d < candidates; ++d) {
        for (int i = 0; i < 4; ++i) {
          const T value = here.value[i], met = window[candidates + i - d], apart = value - met;
          sums[d][i] += difference ? (apart < 0 ? -apart : apart) : value * met;
        }
      }
    }
  }

  const int x = first + 4 * lane;
  for (int k = 0; k < candidates; ++k) {
    const int d = begin + row * candidates + k;
    if (d >= volume.sizes[2] || x >= width) break;
    Four<T> four;
    for (int i = 0; i < 4; ++i) four.value[i] = difference || x + i >= d ? sums[k][i] * scale : T(0);
    T* out = volume.at(site.b, site.group, d, site.y, x);
    if (in_fours) {
      *reinterpret_cast<Four<T>*>(out) = four;
    } else {
      for (int i = 0; i < 4 && x + i < width; ++i) out[i] = four.value[i];
    }
  }
}

constexpr int pitch = tile + depth;

template <typename T>
struct Row {
  Four<T> four[pitch / 4];
};

// A thread makes the gradient of four pixels in four channels, over all candidates in their order. The gradient of the
// volume goes through shared memory, `depth` candidates at a time, scaled, 0 where nothing depends on it.
template <typename T, bool difference, bool of_right>
__device__ void gather(const Cells<const T, 5>& d_volume, const Cells<const T, 4>& own, const Cells<const T, 4>& other,
                       const Cells<T, 4>& d_own, T scale, const Site& site, int first, int quad, Row<T>* gradient,
                       Row<T>* others) {
  const auto lane = static_cast<int>(threadIdx.x), row = static_cast<int>(threadIdx.y);
  const int width = d_volume.sizes[4], channels = own.sizes[1] / d_volume.sizes[1], x = first + 4 * lane;
  const int channel = site.group * channels, count = min(4 * static_cast<int>(blockDim.y), channels - 4 * quad);
  const T* from = other.at(site.b, channel + 4 * quad, site.y);
  T here[4][4] = {}, sums[4][4] = {};
  for (int k = 0; difference && k < 4 && 4 * row + k < count; ++k) {
    const T* pixels = own.at(site.b, channel + 4 * (quad + row) + k, site.y);
    for (int i = 0; i < 4 && x + i < width; ++i) here[k][i] = pixels[x + i];
  }
  for (int d = 0; d < d_volume.sizes[2]; d += depth) {
    const int seen = min(depth, d_volume.sizes[2] - d);
    if (of_right ? first + d >= width : !difference && d >= first + tile) break;
    __syncthreads();
    fetch(depth, pitch, pitch, width, of_right ? first + d : first, gradient[0].four, [&](int k, int p) {
      return k < seen && (difference || p >= d + k) ? *d_volume.at(site.b, site.group, d + k, site.y, p) * scale : T(0);
    });
    fetch(4 * static_cast<int>(blockDim.y), pitch, pitch, width, of_right ? first + d : first - d - depth,
          others[0].four, [&](int k, int p) { return k < count ? from[k * other.strides[1] + p] : T(0); });
    __syncthreads();
    for (int part = 0; part < depth / 4; ++part) {  // four candidates
      T slopes[4][4];
      for (int j = 0; j < 4; ++j) {
        const Four<T>* at = gradient[4 * part + j].four + lane + (of_right ? part : 0);
        for (int i = 0; i < 4; ++i)
          slopes[j][i] = of_right && i + j > 3 ? at[1].value[i + j - 4] : at[0].value[of_right ? i + j : i];
      }
      for (int k = 0; k < 4; ++k) {
        const Four<T>* at = others[4 * row + k].four + lane + (of_right ? part : depth / 4 - 1 - part);
        const Four<T> low = at[0], high = at[1];
        for (int j = 0; j < 4; ++j) {
          for (int i = 0; i < 4; ++i) {
            const int index = of_right ? i + j : 4 + i - j;
            const T met = index < 4 ? low.value[index % 4] : high.value[index % 4], slope = slopes[j][i];
            if (difference) {
              sums[k][i] += here[k][i] > met ? slope : (here[k][i] < met ? -slope : T(0));
            } else {
              sums[k][i] += slope * met;
            }
          }
        }
      }
    }
  }
  for (int k = 0; k < 4 && 4 * row + k < count; ++k) {
    T* out = d_own.at(site.b, channel + 4 * (quad + row) + k, site.y);
    for (int i = 0; i < 4 && x + i < width; ++i) out[x + i] = sums[k][i];
  }
}

// Blocks beside one another make both gradients of a tile, so that the volume's is read once from far.
template <typename T, bool difference>
__global__ void __launch_bounds__(lanes* most_quads)
    derive(Cells<const T, 5> d_volume, Cells<const T, 4> left, Cells<const T, 4> right, Cells<T, 4> d_left,
           Cells<T, 4> d_right, T scale, int tiles, int parts) {
  const Site site(d_volume, parts);
  __shared__ Row<T> gradient[depth], others[4 * most_quads];
  const int quad = site.part / 2 / tiles * static_cast<int>(blockDim.y), first = site.part / 2 % tiles * tile;
  if (site.part % 2 == 0) {
    gather<T, difference, false>(d_volume, left, right, d_left, scale, site, first, quad, gradient, others);
  } else {
    gather<T, difference, true>(d_volume, right, left, d_right, scale, site, first, quad, gradient, others);
  }
}

template <typename T>
void check_groups(const char* op, const DeviceView<const T, 4>& left, std::ptrdiff_t groups) {
  check(groups > 0 && left.size(1) > 0 && left.size(1) % groups == 0, op, ": ", left.size(1), " channels do not make ",
        groups, " equal groups");
}

/// A volume without groups as one of one group.
template <typename T>
DeviceView<T, 5> with_group(const DeviceView<T, 4>& volume) {
  return {volume.data(),
          {volume.size(0), 1, volume.size(1), volume.size(2), volume.size(3)},
          {volume.stride(0), 0, volume.stride(1), volume.stride(2), volume.stride(3)}};
}

// As few equal parts as there can be of at most `most`.
int even(std::ptrdiff_t count, int most) {
  const std::ptrdiff_t parts = (count + most - 1) / most;
  return static_cast<int>((count + parts - 1) / parts);
}

template <bool difference, typename T>
void start_compare(DeviceView<const T, 4> left, DeviceView<const T, 4> right, DeviceView<T, 5> volume, Stream stream) {
  if (volume.empty()) return;
  bool in_fours = reinterpret_cast<std::uintptr_t>(volume.data()) % sizeof(Four<T>) == 0 && volume.size(4) % 4 == 0;
  for (int axis = 0; axis < 4; ++axis) in_fours = in_fours && volume.stride(axis) % 4 == 0;
  const int rows = even(blocks(volume.size(2), candidates), most_rows);
  const auto tiles = static_cast<int>(blocks(volume.size(4), tile));
  const int parts = tiles * static_cast<int>(blocks(volume.size(2), rows * candidates));
  launch(compare<T, difference>, blocks(volume.size(0) * volume.size(1) * volume.size(3) * parts, 1),
         dim3(lanes, static_cast<unsigned>(rows)), 0, stream, Cells<const T, 4>(left), Cells<const T, 4>(right),
         Cells<T, 5>(volume), T(1) / static_cast<T>(left.size(1) / volume.size(1)), tiles, parts, in_fours);
}

template <bool difference, typename T>
void start_derive(DeviceView<const T, 5> d_volume, DeviceView<const T, 4> left, DeviceView<const T, 4> right,
                  DeviceView<T, 4> d_left, DeviceView<T, 4> d_right, Stream stream) {
  if (left.empty()) return;
  const std::ptrdiff_t channels = left.size(1) / d_volume.size(1);
  const int quads = even(blocks(channels, 4), most_quads);
  const auto tiles = static_cast<int>(blocks(left.size(3), tile));
  const int parts = 2 * tiles * static_cast<int>(blocks(channels, 4 * quads));
  launch(derive<T, difference>, blocks(left.size(0) * d_volume.size(1) * left.size(2) * parts, 1),
         dim3(lanes, static_cast<unsigned>(quads)), 0, stream, Cells<const T, 5>(d_volume), Cells<const T, 4>(left),
         Cells<const T, 4>(right), Cells<T, 4>(d_left), Cells<T, 4>(d_right), T(1) / static_cast<T>(channels), tiles,
         parts);
}

}  // namespace

template <typename T>
void group_wise_volume(DeviceView<const T, 4> left, DeviceView<const T, 4> right, DeviceView<T, 5> volume,
                       Stream stream) {
  const char* op = "group_wise_volume";
  check_features(op, left, right);
  check_groups(op, left, volume.size(1));
  check_volume(op, left, volume, volume.size(1));
  start_compare<false>(left, right, volume, stream);
}

template <typename T>
void group_wise_volume_backward(DeviceView<const T, 5> d_volume, DeviceView<const T, 4> left,
                                DeviceView<const T, 4> right, DeviceView<T, 4> d_left, DeviceView<T, 4> d_right,
                                Stream stream) {
  const char* op = "group_wise_volume_backward";
  check_features(op, left, right);
  check_groups(op, left, d_volume.size(1));
  check_volume(op, left, d_volume, d_volume.size(1));
  check_gradients(op, left, d_left, d_right);
  start_derive<false>(d_volume, left, right, d_left, d_right, stream);
}

template <typename T>
void difference_volume(DeviceView<const T, 4> left, DeviceView<const T, 4> right, DeviceView<T, 4> volume,
                       Stream stream) {
  const char* op = "difference_volume";
  check_features(op, left, right);
  check_volume(op, left, volume, 0);
  check(left.size(1) > 0, op, ": features are ", left.shape(), "; they need a channel");
  start_compare<true>(left, right, with_group(volume), stream);
}

template <typename T>
void difference_volume_backward(DeviceView<const T, 4> d_volume, DeviceView<const T, 4> left,
                                DeviceView<const T, 4> right, DeviceView<T, 4> d_left, DeviceView<T, 4> d_right,
                                Stream stream) {
  const char* op = "difference_volume_backward";
  check_features(op, left, right);
  check_volume(op, left, d_volume, 0);
  check_gradients(op, left, d_left, d_right);
  start_derive<true>(with_group(d_volume), left, right, d_left, d_right, stream);
}

#define GEOMVISION_COST_VOLUMES(T)                                                                                 \
  template void group_wise_volume(DeviceView<const T, 4>, DeviceView<const T, 4>, DeviceView<T, 5>, Stream);       \
  template void group_wise_volume_backward(DeviceView<const T, 5>, DeviceView<const T, 4>, DeviceView<const T, 4>, \
                                           DeviceView<T, 4>, DeviceView<T, 4>, Stream);                            \
  template void difference_volume(DeviceView<const T, 4>, DeviceView<const T, 4>, DeviceView<T, 4>, Stream);       \
  template void difference_volume_backward(DeviceView<const T, 4>, DeviceView<const T, 4>, DeviceView<const T, 4>, \
                                           DeviceView<T, 4>, DeviceView<T, 4>, Stream)
GEOMVISION_COST_VOLUMES(float);
GEOMVISION_COST_VOLUMES(double);
#undef GEOMVISION_COST_VOLUMES

}  // namespace geomvision::cuda
