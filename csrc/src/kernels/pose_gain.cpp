#include "kernels/pose_gain.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

// The compiler splits them where registers are shorter; each lane is computed alike everywhere.
typedef double Lanes __attribute__((vector_size(64), aligned(8), may_alias));
static_assert(sizeof(Lanes) == kPoseLanes * sizeof(double));

inline const Lanes& lanes(const double* row, std::ptrdiff_t k) { return *reinterpret_cast<const Lanes*>(row + k); }

}  // namespace

double pose_gain(const PoseRows& rows, const double* pose, double threshold, int begin, int end) {
  const std::ptrdiff_t n = rows.padded;
  const double* const x = rows.points;
  const double* const m = rows.charts;
  const double least = 1.0 / (threshold * threshold);
  const Lanes zero = {};
  Lanes sums = {};
  for (std::ptrdiff_t k = begin; k < end; k += kPoseLanes) {
    const Lanes &wx = lanes(x, k), &wy = lanes(x + n, k), &wz = lanes(x + 2 * n, k);
    const Lanes px = pose[0] * wx + pose[1] * wy + pose[2] * wz + pose[9];
    const Lanes py = pose[3] * wx + pose[4] * wy + pose[5] * wz + pose[10];
    const Lanes pz = pose[6] * wx + pose[7] * wy + pose[8] * wz + pose[11];
    const Lanes qx = lanes(m, k) * px + lanes(m + n, k) * py + lanes(m + 2 * n, k) * pz;
    const Lanes qy = lanes(m + 3 * n, k) * px + lanes(m + 4 * n, k) * py + lanes(m + 5 * n, k) * pz;
    const Lanes qz = lanes(m + 6 * n, k) * px + lanes(m + 7 * n, k) * py + lanes(m + 8 * n, k) * pz;
    const Lanes gain = 1.0 - (qx * qx + qy * qy) * least / (qz * qz);
    const Lanes seen = qz > zero ? gain : zero;
    sums += seen > zero ? seen : zero;
  }
  double sum = 0.0;
  for (int lane = 0; lane < kPoseLanes; ++lane) sum += sums[lane];
  return sum;
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
