#include "geomvision/ops/convolution.hpp"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "check_apart.hpp"
#include "each_worker.hpp"
#include "geomvision/check.hpp"
#include "kernels/convolution.hpp"
#include "ops/aligned.hpp"
#include "ops/convolution_pairs.hpp"
#include "ops/convolution_plan.hpp"

namespace geomvision::ops {
namespace {

using Size = std::ptrdiff_t;

auto kernel_for(float) { return GEOMVISION_KERNEL(convolve_row_f32); }
auto kernel_for(double) { return GEOMVISION_KERNEL(convolve_row_f64); }

Size pieces(Size count, Size size) { return (count + size - 1) / size; }

// How factors are multiplied: each for itself, or of bfloat16 pairs of channels, in lanes or in tiles.
enum class Products { single, pairs, tiles };

Products chosen(const ConvolutionOptions& options) {
  if (!options.bfloat16) return Products::single;
  return has_matrix_tiles() ? Products::tiles : (has_matrix_pairs() ? Products::pairs : Products::single);
}

// Pairs of channels, in chunks of one size that a tile holds; one chunk where there are no tiles.
struct Pairs {
  Size chunks, chunk_pairs;

  Pairs(Size channels, Products products)
      : chunks(products == Products::tiles ? std::max<Size>(pieces(pieces(channels, 2), tile_pairs), 1) : 1),
        chunk_pairs(std::max<Size>(pieces(pieces(channels, 2), chunks), 1)) {}
  Size count() const { return chunks * chunk_pairs; }
};

struct Worker {
  Aligned<double> packed;  // of any type
  Aligned<float> rows;
  auto buffers() { return std::tie(packed, rows); }

  template <typename T>
  T* room(Size count) {
    return reinterpret_cast<T*>(packed.reserve(static_cast<std::size_t>(count) * sizeof(T) / sizeof(double) + 1));
  }
};

// What a call is given, and where a piece of its result lies.
template <typename T>
struct Call {
  const ConvolutionOptions& options;
  const ConvolutionPlan& plan;
  TensorView<const T, 4> input, residual;
  TensorView<T, 4> result;
  const std::vector<Size>& taps;
  Size outputs;

  template <typename Row>
  void place(Row& row, Size b, Size y, Size x) const {
    row.taps = taps.data();
    row.tap_count = static_cast<int>(taps.size());
    row.out = result.at(b, 0, y, x);
    row.out_step = result.stride(1);
    row.residual = residual.data() == nullptr ? nullptr : residual.at(b, 0, y, x);
    row.residual_step = residual.stride(1);
    row.outputs = static_cast<int>(outputs);
    row.width = static_cast<int>(std::min(plan.columns(), result.size(3) - x));
    row.relu = options.relu;
  }

  // The rows of a piece that begins at (y, x), by `multiply`.
  template <typename Row, typename Pixel, typename Multiply>
  void each_row(Row& row, const Pixel* packed, Size b, Size y, Size x, const Multiply& multiply) const {
    const Size rows = std::min(plan.rows(), result.size(2) - y);
    for (Size i = 0; i < rows; ++i) {
      place(row, b, y + i, x);
      row.pixels = packed + i * plan.row_step();
      multiply(row);
    }
  }

  void pack(Size b, Size c, Size y, Size x, Size row, T* to) const {
    plan.pack(input.at(b, c), input.size(2), input.size(3), input.stride(2), y, x, row, to);
  }
};

template <typename T>
void check_call(const ConvolutionOptions& options, const TensorView<const T, 4>& input,
                const TensorView<const T, 4>& weight, const TensorView<const T, 1>& bias,
                const TensorView<const T, 4>& residual, const TensorView<T, 4>& result) {
  const Size side = weight.size(2), stride = options.stride;
  check(weight.size(1) == input.size(1) && weight.size(3) == side && side % 2 == 1 && side < 64 && weight.is_packed(),
        "Convolution: the weight is ", weight.shape(), " and the input ", input.shape(),
        "; the weight must be (outputs, inputs, side, side) without gaps, its side odd and below 64");
  check(bias.data() == nullptr || bias.size(0) == weight.size(0), "Convolution: the bias has ", bias.size(0),
        " values; there are ", weight.size(0), " outputs");
  const typename TensorView<T, 4>::Sizes expected{input.size(0), weight.size(0), pieces(input.size(2), stride),
                                                  pieces(input.size(3), stride)};
  check(result.sizes() == expected, "Convolution: the result is ", result.shape(), "; it must be ",
        TensorView<T, 4>(nullptr, {0, expected[1], expected[2], expected[3]}).shape(), " with ", expected[0], " for 0");
  check(residual.data() == nullptr || residual.sizes() == result.sizes(), "Convolution: the residual is ",
        residual.shape(), ", the result ", result.shape(), "; they must be equal");
  check_apart("Convolution", input, result);
  check_apart("Convolution", weight, result);
  const bool in_place = residual.data() == result.data() && residual.strides() == result.strides();
  if (residual.data() != nullptr && !in_place) check_apart("Convolution", residual, result);
}

}  // namespace

template <typename T>
struct Convolution<T>::Scratch {
  std::vector<Worker> workers;
  std::vector<Size> taps;
  Aligned<T> weights, bias;
  Aligned<std::uint32_t> tiles;

  void pack_bias(const TensorView<const T, 1>& given, Size outputs) {
    const Size room = pieces(outputs, tile_outputs) * tile_outputs;
    T* const to = bias.reserve(static_cast<std::size_t>(room));
    for (Size o = 0; o < room; ++o) to[o] = o < outputs && given.data() != nullptr ? *given.at(o) : T(0);
  }

  void pack_weights(const TensorView<const T, 4>& weight, bool rounds);
  void pack_pairs(const TensorView<const T, 4>& weight, const Pairs& pairs, Size block);
  void convolve(const Call<T>& call, Size b, Size y, Size x, Worker& worker);
  void convolve_pairs(const Call<T>& call, const Pairs& pairs, Size b, Size y, Size x, Worker& worker);
};

template <typename T>
void Convolution<T>::Scratch::pack_weights(const TensorView<const T, 4>& weight, [[maybe_unused]] bool rounds) {
  const Size outputs = weight.size(0), count = pieces(outputs, convolution_outputs);
  const Size depth = weight.size(1) * weight.size(2) * weight.size(3), size = count * depth * convolution_outputs;
  T* const packed = weights.reserve(static_cast<std::size_t>(size));
  for (Size block = 0; block < count; ++block) {
    for (Size k = 0; k < depth; ++k) {
      for (Size i = 0; i < convolution_outputs; ++i) {
        const Size o = block * convolution_outputs + i;
        packed[(block * depth + k) * convolution_outputs + i] = o < outputs ? weight.data()[o * depth + k] : T(0);
      }
    }
  }
  if constexpr (std::is_same_v<T, float>) {
    if (rounds) GEOMVISION_KERNEL(round_to_bf16)(packed, size, packed);
  }
}

// [output / block][chunk][tap][output % block][pair] for tiles, [output / block][pair][tap][output % block] for lanes.
template <typename T>
void Convolution<T>::Scratch::pack_pairs(const TensorView<const T, 4>& weight, const Pairs& pairs, Size block) {
  const Size outputs = weight.size(0), channels = weight.size(1), places = weight.size(2) * weight.size(3);
  const Size rows = pieces(outputs, block) * block, many = pairs.chunk_pairs;
  const bool tiled = block == tile_outputs;
  std::uint32_t* const packed = tiles.reserve(static_cast<std::size_t>(rows * places * pairs.count()));
  for (Size o = 0; o < rows; ++o) {
    for (Size pair = 0; pair < pairs.count(); ++pair) {
      for (Size t = 0; t < places; ++t) {
        float two[2];
        for (Size i = 0; i < 2; ++i) {
          const bool there = o < outputs && 2 * pair + i < channels;
          two[i] = there ? static_cast<float>(*weight.at(o, 2 * pair + i, 0, t)) : 0.0F;
        }
        const Size inner = tiled ? o % block * many + pair % many : o % block;
        const Size outer = tiled ? (o / block * pairs.chunks + pair / many) * places + t
                                 : (o / block * pairs.count() + pair) * places + t;
        GEOMVISION_KERNEL(pair_bf16)(two, two + 1, 1, packed + outer * block * (tiled ? many : 1) + inner);
      }
    }
  }
}

template <typename T>
void Convolution<T>::Scratch::convolve(const Call<T>& call, Size b, Size y, Size x, Worker& worker) {
  const ConvolutionPlan& plan = call.plan;
  const Size channels = call.input.size(1);
  T* const packed = worker.room<T>(channels * plan.channel_step());
  for (Size c = 0; c < channels; ++c) {
    T* const to = packed + c * plan.channel_step();
    for (Size row = 0; row < plan.packed_rows(); ++row) call.pack(b, c, y, x, row, to + row * plan.row_size());
    if constexpr (std::is_same_v<T, float>) {
      if (call.options.bfloat16) GEOMVISION_KERNEL(round_to_bf16)(to, plan.channel_step(), to);
    }
  }
  ConvolutionRow<T> row{};
  row.channel_step = plan.channel_step();
  row.channels = static_cast<int>(channels);
  row.weights = weights.reserve(0);
  row.bias = bias.reserve(0);
  call.each_row(row, packed, b, y, x, kernel_for(T()));
}

template <typename T>
void Convolution<T>::Scratch::convolve_pairs(const Call<T>& call, const Pairs& pairs, Size b, Size y, Size x,
                                             Worker& worker) {
  if constexpr (std::is_same_v<T, float>) {
    const ConvolutionPlan& plan = call.plan;
    const bool tiled = has_matrix_tiles();
    const auto paired = tiled ? GEOMVISION_KERNEL(pair_bf16) : &pair_rows;
    const Size channels = call.input.size(1), width = plan.row_size();
    auto* const packed = worker.room<std::uint32_t>(pairs.count() * plan.channel_step());
    float* const two = worker.rows.reserve(static_cast<std::size_t>(2 * width));
    for (Size pair = 0; pair < pairs.count(); ++pair) {
      for (Size row = 0; row < plan.packed_rows(); ++row) {
        for (Size i = 0; i < 2; ++i) {
          const Size c = 2 * pair + i;
          if (c < channels) {
            call.pack(b, c, y, x, row, two + i * width);
          } else {
            std::fill_n(two + i * width, width, 0.0F);
          }
        }
        paired(two, two + width, width, packed + pair * plan.channel_step() + row * width);
      }
    }
    ConvolutionPairs row{};
    row.pair_step = plan.channel_step();
    row.chunks = static_cast<int>(pairs.chunks);
    row.chunk_pairs = static_cast<int>(pairs.chunk_pairs);
    row.weights = tiles.reserve(0);
    row.bias = bias.reserve(0);
    if (!tiled) return call.each_row(row, packed, b, y, x, convolve_row_pairs);
    const TileShape shape(row.chunk_pairs);
    call.each_row(row, packed, b, y, x, convolve_row_tiles);
  }
}

template <typename T>
Convolution<T>::Convolution(const ConvolutionOptions& options)
    : options_(options), scratch_(std::make_unique<Scratch>()) {
  check_range("Convolution", "stride", options.stride, 1, 64);
  check_range("Convolution", "dilation", options.dilation, 1, 64);
  check(!options.bfloat16 || std::is_same_v<T, float>, "Convolution: doubles are not rounded to bfloat16");
}

template <typename T>
Convolution<T>::Convolution(Convolution&&) noexcept = default;
template <typename T>
Convolution<T>& Convolution<T>::operator=(Convolution&&) noexcept = default;
template <typename T>
Convolution<T>::~Convolution() = default;

template <typename T>
void Convolution<T>::operator()(TensorView<const T, 4> input, TensorView<const T, 4> weight,
                                TensorView<const T, 1> bias, TensorView<const T, 4> residual, TensorView<T, 4> result,
                                int num_threads) {
  check_call<T>(options_, input, weight, bias, residual, result);
  if (result.empty()) return;
  Scratch& scratch = *scratch_;
  const Products products = chosen(options_);
  const bool single = products == Products::single;
  const Pairs pairs(input.size(1), products);
  const Size bytes = (single ? input.size(1) : pairs.count()) * static_cast<Size>(sizeof(T));
  const ConvolutionPlan plan(weight.size(2), options_, result.size(2), result.size(3), bytes,
                             resolve_threads(num_threads), scratch.taps);
  const Call<T> call{options_, plan, input, residual, result, scratch.taps, weight.size(0)};
  if (scratch.workers.empty()) scratch.workers.resize(1);
  scratch.pack_bias(bias, call.outputs);
  single ? scratch.pack_weights(weight, options_.bfloat16)
         : scratch.pack_pairs(weight, pairs, products == Products::tiles ? tile_outputs : pair_outputs);
  const Size high = pieces(result.size(2), plan.rows()), wide = pieces(result.size(3), plan.columns());
  const auto piece = [&](int index, Worker& worker) {
    const Size b = index / (high * wide), y = index / wide % high * plan.rows(), x = index % wide * plan.columns();
    single ? scratch.convolve(call, b, y, x, worker) : scratch.convolve_pairs(call, pairs, b, y, x, worker);
  };
  each_worker(static_cast<int>(result.size(0) * high * wide), num_threads, scratch.workers, piece);
}

template class Convolution<float>;
template class Convolution<double>;

}  // namespace geomvision::ops
