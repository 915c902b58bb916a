#include "kernels/pose_gain.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {

double pose_gain(const PoseRows& rows, const double* pose, double threshold, int begin, int end) {
  const int n = rows.padded;
  const double* const x = rows.points;
  const double* const m = rows.charts;
  const double least = 1.0 / (threshold * threshold);
  double sums[kPoseLanes] = {};
  for (int i = begin; i < end; i += kPoseLanes) {
    for (int lane = 0; lane < kPoseLanes; ++lane) {
      const int k = i + lane;
      const double px = pose[0] * x[k] + pose[1] * x[n + k] + pose[2] * x[2 * n + k] + pose[9];
      const double py = pose[3] * x[k] + pose[4] * x[n + k] + pose[5] * x[2 * n + k] + pose[10];
      const double pz = pose[6] * x[k] + pose[7] * x[n + k] + pose[8] * x[2 * n + k] + pose[11];
      const double qx = m[k] * px + m[n + k] * py + m[2 * n + k] * pz;
      const double qy = m[3 * n + k] * px + m[4 * n + k] * py + m[5 * n + k] * pz;
      const double qz = m[6 * n + k] * px + m[7 * n + k] * py + m[8 * n + k] * pz;
      const double gain = 1.0 - (qx * qx + qy * qy) * least / (qz * qz);
      const double counted = qz > 0.0 ? gain : 0.0;
      sums[lane] += counted > 0.0 ? counted : 0.0;
    }
  }
  double sum = 0.0;
  for (const double part : sums) sum += part;
  return sum;
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
