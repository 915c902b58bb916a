#pragma once

#include "kernels/byte_lanes.hpp"
#include "kernels/sgm.hpp"

// Steps of single paths, for the kernels of semi-global matching.

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

// One step: `at` are the path costs before, `near` the smaller ones of their neighbours, `least` the smallest of all.
// No more than `jump` is added to the cost: what has to wait for `least` is as little as can be.
inline Vector next(Vector cost, Vector at, Vector near, Vector penalty, Vector least, Vector jump) {
  return add_capped(cost, smaller(subtract(smaller(at, add_capped(near, penalty)), least), jump));
}

// A path on its way through the vectors of a pixel, see the layout in kernels/sgm.hpp.
struct Step {
  Vector behind, at, after_last;  // path costs before: of the last vector, of this one, and beyond the last of all
  Vector least_before, jump;
  Vector least;  // of each lane, so far

  void begin(const std::uint8_t* before, std::uint8_t smallest, std::uint8_t penalty_of_jump, int vectors) {
    behind = moved_up(load(before + (vectors - 1) * lanes));
    at = load(before);
    after_last = moved_down(at);
    least_before = splat(smallest);
    jump = splat(penalty_of_jump);
    least = splat(255);
  }

  // `following` are the path costs before of the next vector, null where this is the last one.
  Vector advance(Vector cost, Vector penalty, bool first, const std::uint8_t* following) {
    const Vector ahead = following != nullptr ? load(following) : after_last;
    const Vector value = next(cost, at, smaller(behind, ahead), penalty, least_before, jump);
    least = first ? value : smaller(least, value);
    behind = at;
    at = ahead;
    return value;
  }
};

// A path that comes from the pixel visited just before: its costs stay in registers.
template <int Vectors>
struct Chain {
  Vector at[Vectors], least;

  Chain(const std::uint8_t* before, std::uint8_t smallest) : least(splat(smallest)) {
    for (int k = 0; k < Vectors; ++k) at[k] = load(before + k * lanes);
  }
  // Returns the smallest of each lane; the smallest of all belongs to `end`.
  Vector advance(const std::uint8_t* costs, std::uint8_t penalty_of_jump, Vector penalty) {
    const Vector jump = splat(penalty_of_jump), after_last = moved_down(at[0]);
    Vector behind = moved_up(at[Vectors - 1]), smallest{};
    for (int k = 0; k < Vectors; ++k) {
      const Vector ahead = k + 1 < Vectors ? at[k + 1 < Vectors ? k + 1 : 0] : after_last;
      const Vector value = next(load(costs + k * lanes), at[k], smaller(behind, ahead), penalty, least, jump);
      smallest = k == 0 ? value : smaller(smallest, value);
      behind = at[k];
      at[k] = value;
    }
    return smallest;
  }
  template <typename Byte>
  void end(Byte smallest) {
    least = first_everywhere(smallest);
  }
  void keep(std::uint8_t* here) const {
    for (int k = 0; k < Vectors; ++k) store(here + k * lanes, at[k]);
  }
};

// One path through one pixel of any number of vectors. `costs` may be `here`, and `before` too.
inline std::uint8_t advance_pixel(const SGMPath& path, int x, const std::uint8_t* costs, int vectors, Vector penalty) {
  Step step;
  step.begin(path.before + std::ptrdiff_t{x} * vectors * lanes, path.least_before[x], path.jump[x], vectors);
  for (int k = 0; k < vectors; ++k) {
    const std::ptrdiff_t here = (std::ptrdiff_t{x} * vectors + k) * lanes;
    const std::uint8_t* following = k + 1 < vectors ? path.before + here + lanes : nullptr;
    store(path.here + here, step.advance(load(costs + here), penalty, k == 0, following));
  }
  return first_of(least_byte(step.least));
}

}  // namespace
}  // namespace geomvision::kernels::GEOMVISION_ISA
