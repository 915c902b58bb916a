#include "kernels/cost_volume_2d.hpp"

namespace geomvision::kernels::GEOMVISION_ISA {
namespace {

inline float size_of(float value) { return __builtin_fabsf(value); }
inline double size_of(double value) { return __builtin_fabs(value); }

template <bool squared, typename T>
void displacement_costs(const T* frame0, const T* frame1, std::ptrdiff_t pitch, int width, int side,
                        std::ptrdiff_t apart, T* costs) {
  for (std::ptrdiff_t x = 0; x < width; ++x) {
    const T at = frame0[x];
    for (int i = 0; i < side; ++i) {
      const T* __restrict met = frame1 + i * pitch + x;
      T* __restrict out = costs + x * apart + static_cast<std::ptrdiff_t>(i) * side;
      for (int k = 0; k < side; ++k) {
        const T difference = at - met[k];
        out[k] = squared ? difference * difference : size_of(difference);
      }
    }
  }
}

}  // namespace

void displacement_costs_f32(const float* frame0, const float* frame1, std::ptrdiff_t pitch, int width, int side,
                            bool squared, std::ptrdiff_t apart, float* costs) {
  (squared ? displacement_costs<true, float> : displacement_costs<false, float>)(frame0, frame1, pitch, width, side,
                                                                                 apart, costs);
}

void displacement_costs_f64(const double* frame0, const double* frame1, std::ptrdiff_t pitch, int width, int side,
                            bool squared, std::ptrdiff_t apart, double* costs) {
  (squared ? displacement_costs<true, double> : displacement_costs<false, double>)(frame0, frame1, pitch, width, side,
                                                                                   apart, costs);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
