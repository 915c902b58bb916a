#include "kernels/flow.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {

void flow_primal(const FlowPrimal& in, float* u, float* v) {
  const float *from_u = in.before[0], *from_v = in.before[1];
  const float *gx = in.data[0], *gy = in.data[1], *rest = in.data[2], *inverse = in.data[3];
  const float *ux = in.dual[0], *uy = in.dual[1], *vx = in.dual[2], *vy = in.dual[3];
  const float *uy_above = in.above[0], *vy_above = in.above[1];
  const float theta = in.theta;
  const float farthest = in.farthest;
  const int width = in.width;
#pragma GCC ivdep
  for (int x = 0; x < width; ++x) {
    const float wanted = (rest[x] + (gx[x] * from_u[x] + gy[x] * from_v[x])) * inverse[x];
    const float above = wanted > -farthest ? wanted : -farthest;
    const float step = above < farthest ? above : farthest;
    const float spread_u = (ux[x] - ux[x - 1]) + (uy[x] - uy_above[x]);
    const float spread_v = (vx[x] - vx[x - 1]) + (vy[x] - vy_above[x]);
    u[x] = (from_u[x] - step * gx[x]) + theta * spread_u;
    v[x] = (from_v[x] - step * gy[x]) + theta * spread_v;
  }
}

void flow_dual(const float* here, const float* below, float rate, int width, const float* const before[2], float* px,
               float* py) {
  const float *from_x = before[0], *from_y = before[1];
#pragma GCC ivdep
  for (int x = 0; x < width; ++x) {
    const float dx = here[x + 1] - here[x];
    const float dy = below[x] - here[x];
    const float shrink = 1.0f / (1.0f + rate * __builtin_sqrtf(dx * dx + dy * dy));
    px[x] = (from_x[x] + rate * dx) * shrink;
    py[x] = (from_y[x] + rate * dy) * shrink;
  }
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
