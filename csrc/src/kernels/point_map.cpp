#include "kernels/point_map.hpp"

#include <cstddef>

#include "kernels/double_lanes.hpp"
#include "kernels/past_caches.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

constexpr int tile = 256;
constexpr float no_number = __builtin_nanf(""), largest = 3.40282347e+38f;

typedef float Singles __attribute__((vector_size(kLaneBytes / 2)));  // as many as there are doubles

}  // namespace

void point_map_row(const PointMapRig& rig, const float* disparity, int y, int width, float* points) {
  alignas(64) float px[tile] = {}, x[tile], ys[tile], z[tile];
  alignas(64) float xyz[3 * tile];
  const double above = y - rig.cy;
  const Singles none = Singles{} + no_number;
  for (int first = 0; first < width; first += tile) {
    const int count = width - first < tile ? width - first : tile;
    for (int i = 0; i < count; ++i) px[i] = disparity[first + i];
    Doubles place = ramp<Doubles>() + first;
    for (int i = 0; i < count; i += double_lanes, place += double_lanes) {
      const Doubles shifted = __builtin_convertvector(load<Singles>(px + i), Doubles) + rig.offset;
      const Singles metres =
          __builtin_convertvector(shifted > 0.0 ? rig.scale / shifted : Doubles{} + no_number, Singles);
      const Doubles wide = __builtin_convertvector(metres, Doubles);
      const Singles across = __builtin_convertvector((place - rig.cx) * (wide / rig.fx), Singles);
      const Singles down = __builtin_convertvector(above * (wide / rig.fy), Singles);
      const auto fits = (metres > 0.0f) & (metres <= largest) & (across >= -largest) & (across <= largest) &
                        (down >= -largest) & (down <= largest);
      store(z + i, fits ? metres : none);
      store(x + i, fits ? across : none);
      store(ys + i, fits ? down : none);
    }
    float* to = points + static_cast<std::ptrdiff_t>(3) * first;
    float* packed = rig.past_caches ? xyz : to;
    for (int i = 0; i < count; ++i) {
      packed[3 * i] = x[i];
      packed[3 * i + 1] = ys[i];
      packed[3 * i + 2] = z[i];
    }
    if (rig.past_caches) copy_past_caches(xyz, 3 * count, to);
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
