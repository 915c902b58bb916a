#include "ops/correlation_bands.hpp"

#include <algorithm>
#include <cmath>

#include "ops/streamed.hpp"

namespace geomvision::ops {
namespace {

// Whether the products a pixel has of a band, from `first` on, are those it needs from `begin` on.
template <typename Band>
bool holds(const Band& band, std::int32_t first, std::ptrdiff_t begin) {
  return first != INT32_MIN && begin >= first && begin + band.needed <= first + band.size;
}

}  // namespace

template <typename T>
BandPlan<T>::BandPlan(const CorrelationLookupOptions& options, std::ptrdiff_t channels_, std::ptrdiff_t width1_,
                      bool keeps)
    : radius(options.radius),
      side(2 * options.radius + 1),
      planes(options.levels * side),
      channels(channels_),
      step((channels_ + 15) / 16 * 16),
      width1(width1_),
      pitch((planes + 15) / 16 * 16),
      scale(T(1) / std::sqrt(static_cast<T>(std::max<std::ptrdiff_t>(1, channels_)))) {
  std::ptrdiff_t first = 0;
  for (int level = 0; level < options.levels; level += 2) {
    Band& made = band[bands++];
    made.level = level;
    made.paired = level + 1 < options.levels;
    made.width = width1 >> level;
    made.packed = first * step;
    made.needed = (made.paired ? 2 : 1) * (side + 1);
    made.size = made.needed + (!keeps ? 0 : level == 0 ? 4 : 2);
    made.offset = columns;
    first += made.width;
    columns += made.size;
  }
  row_size = first * step;
  granule = std::max<std::ptrdiff_t>(16, std::ptrdiff_t{1} << band[bands - 1].level);
}

template <typename T>
BandRow<T>::BandRow(const BandPlan<T>& plan, BandWorker<T>& worker, const TensorView<const T, 4>& features0,
                    const TensorView<const T, 4>& features1, std::ptrdiff_t b, std::ptrdiff_t y)
    : plan_(plan), worker_(worker), features0_(features0), features1_(features1), b_(b), y_(y) {
  row_ = worker.row.reserve(static_cast<std::size_t>(plan.row_size));
  pixels_ = worker.pixels.reserve(static_cast<std::size_t>(plan.step) * plan.most_pixels);
  samples_ = worker.samples.reserve(static_cast<std::size_t>(plan.pitch) * plan.most_pixels);
  worker.packed.assign(static_cast<std::size_t>((plan.width1 + plan.granule - 1) / plan.granule), 0);
}

template <typename T>
void BandRow<T>::foresee(const T* xs, const std::int32_t* firsts) {
  const std::ptrdiff_t width = features0_.size(3);
  worker_.needed.assign(static_cast<std::size_t>((width + line - 1) / line), firsts == nullptr ? 1 : 0);
  const auto lacks = [&](std::ptrdiff_t x) {
    for (int n = 0; n < plan_.bands; ++n) {
      Window window;
      if (!sees(plan_.band[n], xs[x], window)) continue;
      if (!holds(plan_.band[n], firsts[x * plan_.bands + n], window.begin)) return true;
    }
    return false;
  };
  for (std::ptrdiff_t x = 0; x < width && firsts != nullptr; ++x) {
    if (!lacks(x)) continue;
    worker_.needed[static_cast<std::size_t>(x / line)] = 1;
    x |= line - 1;  // the rest of the line follows
  }
}

template <typename T>
bool BandRow<T>::needed(std::ptrdiff_t x) const {
  return x < features0_.size(3) && worker_.needed[static_cast<std::size_t>(x / line)] != 0;
}

template <typename T>
void BandRow<T>::look_up(std::ptrdiff_t x, int count, const T* xs, T* kept, std::int32_t* firsts,
                         const TensorView<T, 4>& out) {
  x_ = x;
  count_ = count;
  loaded_ = 0;
  soon_ = x + count;
  soon_end_ = std::min<std::ptrdiff_t>(soon_ + plan_.most_pixels, features0_.size(3));
  while (soon_ < soon_end_ && !needed(soon_)) soon_ += line;
  while (soon_ < soon_end_ && !needed(soon_end_ - 1)) soon_end_ = (soon_end_ - 1) / line * line;
  for (int n = 0; n < plan_.bands; ++n) {
    const Band& band = plan_.band[n];
    for (int k = 0; k < count; ++k) {
      if (n == 0 && soon_ < soon_end_) fetch(k);
      sample(band, k, xs[k], kept + std::ptrdiff_t{k} * plan_.columns + band.offset, firsts[k * plan_.bands + n]);
    }
  }
  plan_.kernels.transpose(samples_, plan_.pitch, count, plan_.planes, T(1), out.at(b_, 0, y_, x), out.stride(1),
                          streams(out));
}

// Where a pixel that looks at x looks in the band; false when it sees nothing, NaN for instance.
template <typename T>
bool BandRow<T>::sees(const Band& band, T x, Window& window) const {
  const T scaled = x * (T(1) / static_cast<T>(1 << band.level));
  const T most = static_cast<T>(band.width + 2 * plan_.side + 4);
  if (!(scaled >= -most && scaled < most + 1)) return false;
  auto at = static_cast<std::ptrdiff_t>(scaled);
  if (static_cast<T>(at) > scaled) --at;
  const std::ptrdiff_t above = (at - (at & 1)) / 2;
  window = {scaled, at, above, band.paired ? 2 * (above - plan_.radius) : at - plan_.radius};
  return true;
}

// The samples of pixel k at the band's level and the one above.
template <typename T>
void BandRow<T>::sample(const Band& band, int k, T x, T* products, std::int32_t& first) {
  T* samples = samples_ + k * plan_.pitch + band.level * plan_.side;
  Window window;
  if (!sees(band, x, window)) {
    std::fill_n(samples, (band.paired ? 2 : 1) * plan_.side, T(0));
    return;
  }
  const auto [scaled, at, above, begin] = window;
  // Room to move goes to both sides, the last two positions of windows that move by pairs to the nearer one. Reading
  // features takes longer than multiplying them: a pixel also moves when those beside it need theirs anyway.
  const std::ptrdiff_t room = band.size - band.needed;
  const bool nearer_left = scaled - static_cast<T>(2 * above) < 1;
  const std::ptrdiff_t before = band.paired ? room / 4 * 2 + (nearer_left ? room % 4 : 0) : room / 2;
  const bool has_all = holds(band, first, begin);
  if (!has_all || (begin - before != first && needed(x_ + k))) move(band, k, begin - before, products, first);
  plan_.kernels.blend(products + (at - plan_.radius - first), plan_.side, 1, 0, scaled - static_cast<T>(at), T(0),
                      samples);
  if (!band.paired) return;
  const T fraction = T(0.5) * scaled - static_cast<T>(above);
  const T* pairs = products + (begin - first);
  // A last position without a partner belongs to no pair.
  const std::ptrdiff_t partners = band.width - band.width % 2 - begin;
  if (band.width % 2 == 1 && partners >= 0 && partners < band.needed) {
    T* whole_pairs = worker_.pairs;
    std::copy_n(pairs, band.needed, whole_pairs);
    whole_pairs[partners] = T(0);
    pairs = whole_pairs;
  }
  plan_.kernels.blend_pairs(pairs, plan_.side, fraction, samples + plan_.side);
}

// Lets the band begin at position `to`; products it had before are kept.
template <typename T>
void BandRow<T>::move(const Band& band, int k, std::ptrdiff_t to, T* products, std::int32_t& first) {
  const std::ptrdiff_t shift = first == nothing ? band.size : to - first;
  if (shift >= band.size || shift <= -band.size) {
    multiply(band, k, to, to + band.size, products);
  } else if (shift > 0) {
    std::copy(products + shift, products + band.size, products);
    multiply(band, k, first + band.size, to + band.size, products + (band.size - shift));
  } else {
    std::copy_backward(products, products + (band.size + shift), products + band.size);
    multiply(band, k, to, first, products);
  }
  first = static_cast<std::int32_t>(to);
}

template <typename T>
void BandRow<T>::multiply(const Band& band, int k, std::ptrdiff_t begin, std::ptrdiff_t end, T* products) {
  const std::ptrdiff_t inside = std::clamp<std::ptrdiff_t>(0, begin, end);
  const std::ptrdiff_t outside = std::clamp<std::ptrdiff_t>(band.width, inside, end);
  std::fill_n(products, inside - begin, T(0));
  std::fill_n(products + (outside - begin), end - outside, T(0));
  if (inside == outside) return;
  pack(inside << band.level, outside << band.level);
  plan_.kernels.correlate(pixel(k), row_ + band.packed + inside * plan_.step, plan_.step,
                          static_cast<int>(outside - inside), static_cast<int>(plan_.step),
                          products + (inside - begin));
}

// The features of pixel k of the tile, channels last. Those of the lines behind it that are needed come along: memory
// is read faster in long runs.
template <typename T>
const T* BandRow<T>::pixel(int k) {
  if ((loaded_ >> (k / line) & 1) == 0) {
    const int first = k / line * line;
    int last = first;
    do {
      loaded_ |= 1u << (last / line);
      last += line;
    } while (last < count_ && needed(x_ + last) && (loaded_ >> (last / line) & 1) == 0);
    const int count = std::min(last, count_) - first;
    T* to = pixels_ + first * plan_.step;
    plan_.kernels.transpose(features0_.at(b_, 0, y_, x_ + first), features0_.stride(1),
                            static_cast<int>(plan_.channels), count, plan_.scale, to, plan_.step, false);
    for (int i = 0; i < count; ++i) std::fill(to + i * plan_.step + plan_.channels, to + (i + 1) * plan_.step, T(0));
  }
  return pixels_ + k * plan_.step;
}

// Asks for a share of what the next tile will load and pack, so that memory is read while this one is computed.
template <typename T>
void BandRow<T>::fetch(int k) {
  constexpr std::ptrdiff_t step = 64 / sizeof(T);
  const std::ptrdiff_t end1 = std::min<std::ptrdiff_t>(packed_end_ + plan_.most_pixels, features1_.size(3));
  for (std::ptrdiff_t c = plan_.channels * k / count_; c < plan_.channels * (k + 1) / count_; ++c) {
    for (std::ptrdiff_t x = soon_; x < soon_end_; x += step) __builtin_prefetch(features0_.at(b_, c, y_, x), 0, 2);
    for (std::ptrdiff_t x = packed_end_; x < end1; x += step) {
      __builtin_prefetch(features1_.at(b_, c, y_, x), 0, 2);
    }
  }
}

// Packs columns [begin, end) of the second features and their averages, where that was not done before; and beyond
// them as many as the row needed so far, up to those of a tile, for the same reason.
template <typename T>
void BandRow<T>::pack(std::ptrdiff_t begin, std::ptrdiff_t end) {
  std::vector<char>& packed = worker_.packed;
  for (auto g = static_cast<std::size_t>(begin / plan_.granule); std::ptrdiff_t(g) * plan_.granule < end; ++g) {
    if (packed[g] != 0) continue;
    std::size_t last = g;
    const std::size_t of_a_tile = static_cast<std::size_t>(plan_.most_pixels / plan_.granule) + 1;
    for (const std::size_t most = std::min(2 * packed_ + 1, of_a_tile);
         last < packed.size() && packed[last] == 0 && last - g < most; ++last) {
      packed[last] = 1;
    }
    packed_ += last - g;
    packed_end_ = std::min(plan_.width1, std::ptrdiff_t(last) * plan_.granule);
    pack_columns(std::ptrdiff_t(g) * plan_.granule, packed_end_);
  }
}

template <typename T>
void BandRow<T>::pack_columns(std::ptrdiff_t begin, std::ptrdiff_t end) {
  const std::ptrdiff_t step = plan_.step;
  T* to = row_ + begin * step;
  plan_.kernels.transpose(features1_.at(b_, 0, y_, begin), features1_.stride(1), static_cast<int>(plan_.channels),
                          static_cast<int>(end - begin), T(1), to, step, false);
  for (std::ptrdiff_t x = 0; x < end - begin; ++x) std::fill(to + x * step + plan_.channels, to + (x + 1) * step, T(0));
  for (int n = 1; n < plan_.bands; ++n) {
    const Band& band = plan_.band[n];
    for (std::ptrdiff_t x = begin >> band.level; x < end >> band.level; ++x) {
      const T* from = row_ + plan_.band[n - 1].packed + 4 * x * step;
      T* mean = row_ + band.packed + x * step;
      for (std::ptrdiff_t c = 0; c < step; ++c) {
        mean[c] = T(0.25) * ((from[c] + from[step + c]) + (from[2 * step + c] + from[3 * step + c]));
      }
    }
  }
}

template struct BandPlan<float>;
template struct BandPlan<double>;
template class BandRow<float>;
template class BandRow<double>;

}  // namespace geomvision::ops
