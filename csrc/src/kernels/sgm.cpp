#include "kernels/sgm.hpp"

#include "kernels/sgm_step.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int most_paths = 4;

// Words of the even and the odd lanes of a sum of bytes. The even ones are got from sums of pairs, modulo 2^16.
struct Total {
  Vector pairs, odd;

  void begin(Vector bytes) {
    pairs = bytes;
    odd = high_bytes(bytes);
  }
  void add(Vector bytes) {
    pairs = add_words(pairs, bytes);
    odd = add_words(odd, high_bytes(bytes));
  }
  Vector even() const { return subtract_words(pairs, raised_bytes(odd)); }
};

constexpr int most_pixels = 64;  // of a part

// What the pixels of a part need of each path besides its costs: few pointers to keep.
struct Part {
  std::uint8_t least_before[most_paths][most_pixels], jump[most_paths][most_pixels];
  std::uint32_t least[most_pixels];  // a byte for each path

  void begin(const SGMPath& path, int g, int pixels) {
    for (int x = 0; x < pixels; ++x) {
      least_before[g][x] = path.least_before[x];
      jump[g][x] = path.jump[x];
    }
  }
  void end(const SGMPath& path, int g, int pixels) const {
    std::uint8_t* __restrict to = path.least;
    for (int x = 0; x < pixels; ++x) to[x] = static_cast<std::uint8_t>(least[x] >> 8 * g);
  }
};

// Some paths at once. When sums begin, the first one comes from the pixel before in the same row.
template <int Paths, SGMSums Mode, int vectors>
void advance_part(const SGMPath* given, const std::uint8_t* costs, int pixels, std::uint8_t p1,
                  const std::uint8_t* other, std::uint16_t* sums) {
  constexpr bool chained = Mode == SGMSums::begin;
  constexpr int first = chained ? 1 : 0;
  constexpr std::ptrdiff_t pitch = vectors * lanes;
  const Vector penalty = splat(p1);
  SGMPath path[Paths];
  Part part;
  for (int g = 0; g < Paths; ++g) path[g] = given[g];
  for (int g = first; g < Paths; ++g) part.begin(path[g], g, pixels);
  Chain<vectors> chain(path[0].before, path[0].least_before[0]);
  for (int x = 0; x < pixels; ++x) {
    const std::ptrdiff_t start = x * pitch;
    Step steps[most_paths];
    Vector least[most_paths];
    for (Vector& each : least) each = splat(255);
    if (chained) least[0] = chain.advance(costs + start, path[0].jump[x], penalty);
    for (int g = first; g < Paths; ++g) {
      steps[g].begin(path[g].before + start, part.least_before[g][x], part.jump[g][x], vectors);
    }
#pragma GCC unroll 4
    for (int k = 0; k < vectors; ++k) {
      const std::ptrdiff_t here = start + k * lanes;
      const Vector cost = load(costs + here);
      Total total{cost, cost};
      if (chained) {
        total.begin(load(other + here));
        total.add(chain.at[k]);
      }
      for (int g = first; g < Paths; ++g) {
        const std::uint8_t* following = k + 1 < vectors ? path[g].before + here + lanes : nullptr;
        const Vector value = steps[g].advance(cost, penalty, k == 0, following);
        least[g] = steps[g].least;
        store(path[g].here + here, value);
        if (Mode == SGMSums::add && g == 0) {
          total.begin(value);
        } else if (Mode != SGMSums::none) {
          total.add(value);
        }
      }
      if (Mode == SGMSums::none) continue;
      Vector even = total.even(), odd = total.odd;
      if (Mode == SGMSums::add) {
        even = add_words(even, load(other + 2 * here));
        odd = add_words(odd, load(other + 2 * here + lanes));
      }
      store(sums + here, even);
      store(sums + here + lanes / 2, odd);
    }
    if (chained) chain.end(least_byte(least[0]));
    part.least[x] = least_bytes(least[0], least[1], least[2], least[3]);
  }
  if (chained) chain.keep(path[0].here + (pixels - 1) * pitch);
  for (int g = 0; g < Paths; ++g) part.end(path[g], g, pixels);
}

template <int Paths, SGMSums Mode, int vectors>
void advance(const SGMPath* given, const std::uint8_t* costs, int pixels, std::uint8_t p1, const std::uint8_t* other,
             std::uint16_t* sums) {
  constexpr std::ptrdiff_t pitch = vectors * lanes;
  SGMPath path[Paths];
  for (int g = 0; g < Paths; ++g) path[g] = given[g];
  for (; pixels > 0; pixels -= most_pixels) {
    advance_part<Paths, Mode, vectors>(path, costs, pixels < most_pixels ? pixels : most_pixels, p1, other, sums);
    for (SGMPath& each : path) {
      each = {each.before + most_pixels * pitch, each.least_before + most_pixels, each.jump + most_pixels,
              each.here + most_pixels * pitch, each.least + most_pixels};
    }
    costs += most_pixels * pitch;
    if (Mode != SGMSums::none) {
      other += (Mode == SGMSums::add ? 2 : 1) * most_pixels * pitch;
      sums += most_pixels * pitch;
    }
  }
}

inline void add_to_sums(const std::uint8_t* bytes, int vectors, const std::uint16_t* before, std::uint16_t* sums) {
  for (int k = 0; k < vectors; ++k) {
    const Vector value = load(bytes + k * lanes), odd = high_bytes(value);
    const Vector even = subtract_words(value, raised_bytes(odd));
    const int here = k * lanes, there = here + lanes / 2;
    store(sums + here, before == nullptr ? even : add_words(even, load(before + here)));
    store(sums + there, before == nullptr ? odd : add_words(odd, load(before + there)));
  }
}

// Any number of vectors: one path after the other, since there are not registers enough.
void advance_any(const SGMPath* path, int paths, const std::uint8_t* costs, int pixels, int vectors, std::uint8_t p1,
                 SGMSums mode, const std::uint8_t* other, std::uint16_t* sums) {
  const std::ptrdiff_t pitch = std::ptrdiff_t{vectors} * lanes;
  for (int x = 0; x < pixels; ++x) {
    const std::ptrdiff_t here = x * pitch;
    if (mode == SGMSums::begin) add_to_sums(other + here, vectors, nullptr, sums + here);
    const auto* before = reinterpret_cast<const std::uint16_t*>(other) + here;
    for (int g = 0; g < paths; ++g) {
      path[g].least[x] = advance_pixel(path[g], x, costs, vectors, splat(p1));
      if (mode == SGMSums::none) continue;
      add_to_sums(path[g].here + here, vectors, g == 0 && mode == SGMSums::add ? before : sums + here, sums + here);
    }
  }
}

template <int Paths, SGMSums Mode>
void advance(const SGMPath* paths, const std::uint8_t* costs, int pixels, int vectors, std::uint8_t p1,
             const std::uint8_t* other, std::uint16_t* sums) {
  switch (vectors) {
    case 1:
      return advance<Paths, Mode, 1>(paths, costs, pixels, p1, other, sums);
    case 2:
      return advance<Paths, Mode, 2>(paths, costs, pixels, p1, other, sums);
    case 3:
      return advance<Paths, Mode, 3>(paths, costs, pixels, p1, other, sums);
    case 4:
      return advance<Paths, Mode, 4>(paths, costs, pixels, p1, other, sums);
    default:
      return advance_any(paths, Paths, costs, pixels, vectors, p1, Mode, other, sums);
  }
}

template <int Paths>
void advance(const SGMPath* paths, const std::uint8_t* costs, int pixels, int vectors, std::uint8_t p1, SGMSums mode,
             const std::uint8_t* other, std::uint16_t* sums) {
  if (mode == SGMSums::none) return advance<Paths, SGMSums::none>(paths, costs, pixels, vectors, p1, other, sums);
  if (mode == SGMSums::begin) return advance<Paths, SGMSums::begin>(paths, costs, pixels, vectors, p1, other, sums);
  return advance<Paths, SGMSums::add>(paths, costs, pixels, vectors, p1, other, sums);
}

}  // namespace

int sgm_lanes() { return lanes; }

void sgm_advance(const SGMPath* paths, int count, const std::uint8_t* costs, int pixels, int vectors, std::uint8_t p1,
                 SGMSums mode, const std::uint8_t* other, std::uint16_t* sums) {
  if (count == 1) return advance<1>(paths, costs, pixels, vectors, p1, mode, other, sums);
  if (count == 2) return advance<2>(paths, costs, pixels, vectors, p1, mode, other, sums);
  if (count == 3) return advance<3>(paths, costs, pixels, vectors, p1, mode, other, sums);
  advance<4>(paths, costs, pixels, vectors, p1, mode, other, sums);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
