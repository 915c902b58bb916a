#include <algorithm>

#include "flow/dense_steps.cuh"
#include "flow/shrink.hpp"
#include "flow/window_weights.hpp"
#include "geomvision/cuda/lucas_kanade.hpp"

namespace geomvision::cuda {
namespace {

constexpr const char* owner = "LucasKanade";
constexpr int sums = 7;       // over windows: gxx, gxy, gyy, gxq, gyq, u, v
constexpr int segment = 128;  // pixels of a row that a block multiplies
constexpr int columns = 32;   // of a tile that a block solves
constexpr int rows = 8;       // of threads there
constexpr int tile_rows = 4 * rows;
constexpr int largest_radius = 127;

struct Weights {
  float at[largest_radius + 1];
};

// A level after a warp: both frames, the second one warped, and the flow so far.
struct Level {
  const float *frame0, *warped, *flow;
  Size size;

  __device__ std::ptrdiff_t index(int x, int y) const {
    return static_cast<std::ptrdiff_t>(min(max(y, 0), size.height - 1)) * size.width + min(max(x, 0), size.width - 1);
  }

  __device__ float mean(int x, int y) const {
    const std::ptrdiff_t at = index(x, y);
    return 0.5f * (frame0[at] + warped[at]);
  }
};

// What pixel (x, y) of the image adds to the sums: see kernels/flow_windows.cpp.
__device__ void multiply(const Level& level, int x, int y, float inverse, float* out) {
  const Size size = level.size;
  const std::ptrdiff_t at = level.index(x, y);
  const float u = level.flow[at], v = level.flow[size.pixels() + at];
  const float gx = derivative(level.mean(x - 2, y), level.mean(x - 1, y), level.mean(x + 1, y), level.mean(x + 2, y));
  const float gy = derivative(level.mean(x, y - 2), level.mean(x, y - 1), level.mean(x, y + 1), level.mean(x, y + 2));
  const float t = level.warped[at] - level.frame0[at];
  const float scaled = t * inverse;
  const float px = static_cast<float>(x) + u, py = static_cast<float>(y) + v;
  const bool inside =
      px >= 0.0f && px <= static_cast<float>(size.width - 1) && py >= 0.0f && py <= static_cast<float>(size.height - 1);
  const float weight = inside ? 1.0f / (1.0f + scaled * scaled) : 0.0f;
  const float q = gx * u + gy * v - t;
  const float wx = weight * gx, wy = weight * gy;
  out[0] = wx * gx;
  out[1] = wx * gy;
  out[2] = wy * gy;
  out[3] = wx * q;
  out[4] = wy * q;
  out[5] = u;
  out[6] = v;
}

// A block has a stretch of a row: the products of its pixels and of those beside it, then sums along it. The border
// repeats.
__global__ void __launch_bounds__(segment)
    sum_along(Level level, float inverse, Weights weights, int radius, float* along, int tiles) {
  float* products = shared<float>();
  const int pitch = segment + 2 * radius, thread = static_cast<int>(threadIdx.x), width = level.size.width;
  const auto left = static_cast<int>(blockIdx.x % static_cast<unsigned>(tiles)) * segment;
  const auto y = static_cast<int>(blockIdx.x / static_cast<unsigned>(tiles));
  for (int i = thread; i < pitch; i += segment) {
    float found[sums];
    multiply(level, min(max(left + i - radius, 0), width - 1), y, inverse, found);
    for (int k = 0; k < sums; ++k) products[k * pitch + i] = found[k];
  }
  __syncthreads();
  if (left + thread >= width) return;
  for (int k = 0; k < sums; ++k) {
    const float* here = products + k * pitch + radius + thread;
    float total = weights.at[0] * here[0];
    for (int d = 1; d <= radius; ++d) total += weights.at[d] * (here[-d] + here[d]);
    along[k * level.size.pixels() + static_cast<std::ptrdiff_t>(y) * width + left + thread] = total;
  }
}

__device__ float within(float value, float limit) {
  const float above = value > -limit ? value : -limit;
  return above < limit ? above : limit;
}

__device__ void solve(const float* total, float prior, Size size, float& u, float& v) {
  const float a = total[0] + prior;
  const float b = total[1];
  const float c = total[2] + prior;
  const float p = total[3] + prior * total[5];
  const float q = total[4] + prior * total[6];
  const float determinant = a * c - b * b;
  const bool regular = determinant > 0.0f;
  const float inverse = 1.0f / (regular ? determinant : 1.0f);
  u = regular ? within((c * p - b * q) * inverse, static_cast<float>(size.width)) : total[5];
  v = regular ? within((a * q - b * p) * inverse, static_cast<float>(size.height)) : total[6];
}

__device__ float rate(const float* total, float min_eigenvalue) {
  const float half = 0.5f * (total[0] - total[2]);
  const float radius = std::sqrt(half * half + total[1] * total[1]);
  const float smaller = 0.5f * (total[0] + total[2]) - radius;
  const float eigenvalue = smaller > 0.0f ? smaller : 0.0f;
  return eigenvalue / (eigenvalue + min_eigenvalue);
}

// A block has a tile: sums down the columns of one plane after the other, which come into shared memory with the rows
// around the tile; then the 2 x 2 system of each pixel.
__global__ void __launch_bounds__(columns* rows)
    sum_down(const float* along, Size size, Weights weights, int radius, float prior, float* flow,
             Cells<float, 2> confidence, int tiles) {
  constexpr int own = tile_rows / rows;
  float* held = shared<float>();
  const auto lane = static_cast<int>(threadIdx.x), row = static_cast<int>(threadIdx.y);
  const auto x = static_cast<int>(blockIdx.x % static_cast<unsigned>(tiles)) * columns + lane;
  const auto top = static_cast<int>(blockIdx.x / static_cast<unsigned>(tiles)) * tile_rows;
  float total[own][sums];
#ifdef __CUDACC__
#pragma unroll
#endif
  for (int k = 0; k < sums; ++k) {
    const float* plane = along + k * size.pixels() + min(x, size.width - 1);
    __syncthreads();
    for (int j = row; j < tile_rows + 2 * radius; j += rows) {
      const int y = min(max(top + j - radius, 0), size.height - 1);
      held[j * columns + lane] = plane[static_cast<std::ptrdiff_t>(y) * size.width];
    }
    __syncthreads();
    for (int i = 0; i < own; ++i) {
      const float* here = held + (row + i * rows + radius) * columns + lane;
      float sum = weights.at[0] * here[0];
      for (int d = 1; d <= radius; ++d) sum += weights.at[d] * (here[-d * columns] + here[d * columns]);
      total[i][k] = sum;
    }
  }
  for (int i = 0; i < own; ++i) {
    const int y = top + row + i * rows;
    if (x >= size.width || y >= size.height) continue;
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(y) * size.width + x;
    solve(total[i], prior, size, flow[at], flow[size.pixels() + at]);
    if (confidence.data != nullptr) *confidence.at(y, x) = rate(total[i], prior);
  }
}

// Both frames of all levels, and room for what a warp makes.
struct Pyramid {
  std::vector<Size> sizes;
  std::vector<std::ptrdiff_t> starts;  // of frame 0 of each level; frame 1 comes after it

  Pyramid(Size size, int levels) {
    std::ptrdiff_t begin = 0;
    for (; static_cast<int>(sizes.size()) < levels; size = size.half()) {
      sizes.push_back(size);
      starts.push_back(begin);
      begin += 2 * size.pixels();
      if (std::min(size.width, size.height) < 2 * geomvision::flow::coarsest) break;
    }
    starts.push_back(begin);
  }
};

// One direction: from which frame, and the memory for it.
struct Descent {
  const geomvision::flow::LucasKanadeOptions& options;
  const std::vector<float>& window;
  const Pyramid& pyramid;
  const float* frames;
  Stream stream;
  float *flow, *spare, *warped, *along;  // two, two, one and seven planes

  // The flow in `flow`.
  void run(bool backward, const Cells<float, 2>& confidence) {
    Weights weights{};
    std::copy(window.begin(), window.end(), weights.at);
    for (std::size_t level = pyramid.sizes.size(); level-- > 0;) {
      const Size size = pyramid.sizes[level];
      if (level + 1 == pyramid.sizes.size()) {
        clear(DeviceView<float, 1>(flow, {2 * size.pixels()}), stream);
      } else {
        enlarge(flow, pyramid.sizes[level + 1], spare, size, stream);
        std::swap(flow, spare);
      }
      const float* first = frames + pyramid.starts[level];
      const float* second = first + size.pixels();
      if (backward) std::swap(first, second);
      const int warps = level == 0 ? std::min(options.warps, options.finest_warps) : options.warps;
      for (int i = 0; i < warps; ++i) {
        const bool last = level == 0 && i == warps - 1;
        refine(first, second, size, weights, last ? confidence : Cells<float, 2>(DeviceView<float, 2>()));
      }
    }
  }

  void refine(const float* first, const float* second, Size size, const Weights& weights,
              const Cells<float, 2>& confidence) {
    const int radius = options.window / 2;
    const auto inverse = static_cast<float>(options.robust > 0 ? std::min(1.0 / options.robust, 1e6) : 0.0);
    warp_frame(second, flow, size, warped, stream);
    const auto segments = static_cast<int>(blocks(size.width, segment));
    const auto room = sizeof(float) * static_cast<std::size_t>(sums * (segment + 2 * radius));
    launch(sum_along, blocks(std::ptrdiff_t{segments} * size.height, 1), segment, room, stream,
           Level{first, warped, flow, size}, inverse, weights, radius, along, segments);
    const auto tiles = static_cast<int>(blocks(size.width, columns));
    const auto strips = static_cast<std::ptrdiff_t>(blocks(size.height, tile_rows));
    const auto held = sizeof(float) * static_cast<std::size_t>(columns * (tile_rows + 2 * radius));
    launch(sum_down, blocks(tiles * strips, 1), dim3(columns, rows), held, stream, along, size, weights, radius,
           static_cast<float>(options.min_eigenvalue), spare, confidence, tiles);
    filter_flow(spare, size, options.median / 2, flow, stream);
  }
};

template <typename A, typename B>
void check_output(const char* name, const A& output, const B& frame) {
  check(output.size(0) == frame.size(0) && output.size(1) == frame.size(1), owner, ": ", name, " is ", output.shape(),
        "; the frames are ", frame.shape());
}

}  // namespace

LucasKanade::LucasKanade(const geomvision::flow::LucasKanadeOptions& options) : options_(options) {
  const geomvision::flow::LucasKanade checked(options);
  weights_ = geomvision::flow::window_weights(options.window, options.weighting);
}

template <typename T>
void LucasKanade::estimate(DeviceView<const T, 2> frame0, DeviceView<const T, 2> frame1, Field flow,
                           DeviceView<float, 2> confidence, DeviceView<std::uint8_t, 2> occluded, Stream stream) const {
  check(frame0.sizes() == frame1.sizes(), owner, ": frame0 is ", frame0.shape(), ", frame1 is ", frame1.shape(),
        "; they must be equal");
  check(!frame0.empty(), owner, ": the frames are empty");
  check(frame0.size(0) * frame0.size(1) < std::ptrdiff_t{1} << 31, owner, ": frames are ", frame0.shape(),
        "; allowed are below 2^31 pixels");
  check_output("flow", flow, frame0);
  if (!confidence.empty()) check_output("confidence", confidence, frame0);
  if (!occluded.empty()) check_output("occluded", occluded, frame0);
  check(options_.check_occlusion || occluded.empty(), owner, ": occluded is asked for; set check_occlusion");

  const Size size{static_cast<int>(frame0.size(1)), static_cast<int>(frame0.size(0))};
  const Pyramid pyramid(size, options_.levels);
  const auto pixels = static_cast<std::size_t>(size.pixels());
  const bool limited = options_.min_confidence > 0, checked = !occluded.empty();
  const StreamMemory<float> frames(static_cast<std::size_t>(pyramid.starts.back()), stream);
  const StreamMemory<float> work((sums + 5) * pixels, stream), back(checked ? 4 * pixels : 0, stream);
  const StreamMemory<float> sure(limited && confidence.empty() ? pixels : 0, stream);
  if (limited && confidence.empty()) confidence = {sure.data(), frame0.sizes()};
  to_grey_levels(frame0, frames.data(), stream);
  to_grey_levels(frame1, frames.data() + size.pixels(), stream);
  for (std::size_t level = 1; level < pyramid.sizes.size(); ++level) {
    shrink(frames.data() + pyramid.starts[level - 1], pyramid.sizes[level - 1], 2,
           frames.data() + pyramid.starts[level], stream);
  }
  float* planes = work.data();
  Descent forward{
      options_,           weights_, pyramid, frames.data(), stream, planes, planes + 2 * pixels, planes + 4 * pixels,
      planes + 5 * pixels};
  forward.run(false, Cells<float, 2>(confidence));
  if (checked) {
    Descent backward = forward;
    backward.flow = back.data();
    backward.spare = back.data() + 2 * pixels;
    backward.run(true, Cells<float, 2>(DeviceView<float, 2>()));
    find_occluded(forward.flow, backward.flow, size, Cells<std::uint8_t, 2>(occluded), stream);
  }
  store_flow(forward.flow, size,
             Cells<const float, 2>(limited ? DeviceView<const float, 2>(confidence) : DeviceView<const float, 2>()),
             static_cast<float>(options_.min_confidence), Cells<geomvision::flow::Vec2f, 2>(flow), stream);
}

#define GEOMVISION_LUCAS_KANADE(Frame)                                                                  \
  void LucasKanade::operator()(Frame frame0, Frame frame1, Field flow, DeviceView<float, 2> confidence, \
                               DeviceView<std::uint8_t, 2> occluded, Stream stream) const {             \
    estimate(frame0, frame1, flow, confidence, occluded, stream);                                       \
  }
GEOMVISION_LUCAS_KANADE(Bytes)
GEOMVISION_LUCAS_KANADE(Words)
GEOMVISION_LUCAS_KANADE(Floats)
#undef GEOMVISION_LUCAS_KANADE

}  // namespace geomvision::cuda
