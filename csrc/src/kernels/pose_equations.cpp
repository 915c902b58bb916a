#include "kernels/pose_equations.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

// The compiler splits them where registers are shorter; each lane is computed alike everywhere.
typedef double Lanes __attribute__((vector_size(64), aligned(8), may_alias));
static_assert(sizeof(Lanes) == kPoseLanes * sizeof(double));

inline const Lanes& lanes(const double* row, std::ptrdiff_t k) { return *reinterpret_cast<const Lanes*>(row + k); }

}  // namespace

void pose_equations(const PoseRows& rows, const double* pose, double* sums) {
  const std::ptrdiff_t n = rows.padded;
  const double* const x = rows.points;
  const double* const m = rows.charts;
  const Lanes zero = {};
  Lanes all[kPoseSums] = {};
  for (std::ptrdiff_t k = 0; k < n; k += kPoseLanes) {
    const Lanes &wx = lanes(x, k), &wy = lanes(x + n, k), &wz = lanes(x + 2 * n, k);
    const Lanes px = pose[0] * wx + pose[1] * wy + pose[2] * wz + pose[9];
    const Lanes py = pose[3] * wx + pose[4] * wy + pose[5] * wz + pose[10];
    const Lanes pz = pose[6] * wx + pose[7] * wy + pose[8] * wz + pose[11];
    const Lanes &cx = lanes(m + 6 * n, k), &cy = lanes(m + 7 * n, k), &cz = lanes(m + 8 * n, k);
    const Lanes depth = cx * px + cy * py + cz * pz;
    const auto seen = depth > zero;
    const Lanes inverse = seen ? 1.0 / depth : zero;  // what is not in front adds nothing
    all[28] += seen ? zero + 1.0 : zero;
    for (int r = 0; r < 2; ++r) {
      const double* const row = m + 3 * r * n;
      const Lanes &ax = lanes(row, k), &ay = lanes(row + n, k), &az = lanes(row + 2 * n, k);
      const Lanes error = (ax * px + ay * py + az * pz) * inverse;
      const Lanes sx = (ax - error * cx) * inverse, sy = (ay - error * cy) * inverse, sz = (az - error * cz) * inverse;
      const Lanes slopes[6] = {py * sz - pz * sy, pz * sx - px * sz, px * sy - py * sx, sx, sy, sz};
      for (int i = 0, place = 0; i < 6; ++i) {
        for (int j = 0; j <= i; ++j, ++place) all[place] += slopes[i] * slopes[j];
        all[21 + i] += slopes[i] * error;
      }
      all[27] += error * error;
    }
  }
  for (int s = 0; s < kPoseSums; ++s) {
    sums[s] = 0.0;
    for (int lane = 0; lane < kPoseLanes; ++lane) sums[s] += all[s][lane];
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
