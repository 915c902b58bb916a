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

// The derivative of a cost in the difference it was made of, times the volume's.
template <bool squared, typename T>
inline T slope(T d_cost, T difference) {
  const T signed_cost = difference > 0 ? d_cost : (difference < 0 ? -d_cost : T(0));
  const T value = squared ? d_cost * (2 * difference) : signed_cost;
  return size_of(difference) < T(__builtin_inf()) ? value : T(0);  // NaN too
}

template <bool squared, typename T>
void displacement_slopes(const T* d_costs, const T* frame0, const T* frame1, std::ptrdiff_t pitch, int width, int side,
                         std::ptrdiff_t apart, T* __restrict sums, T* d_frame0) {
  for (std::ptrdiff_t x = 0; x < width; ++x) {
    const T at = frame0[x];
    for (int k = 0; k < side; ++k) sums[k] = 0;
    for (int i = 0; i < side; ++i) {
      const T* met = frame1 + i * pitch + x;
      const T* from = d_costs + x * apart + static_cast<std::ptrdiff_t>(i) * side;
      for (int k = 0; k < side; ++k) sums[k] += slope<squared>(from[k], at - met[k]);
    }
    T sum = 0;
    for (int k = 0; k < side; ++k) sum += sums[k];
    d_frame0[x] = sum;
  }
}

template <bool squared, typename T>
void met_slopes(const T* d_costs, const T* frame0, const T* frame1, int width, int side, std::ptrdiff_t apart,
                T* d_frame1) {
  for (std::ptrdiff_t x = 0; x < width; ++x) {
    const T at = frame0[x];
    const T *met = frame1 + x, *from = d_costs + x * apart;
    T* __restrict to = d_frame1 + x;
    for (int k = 0; k < side; ++k) to[k] -= slope<squared>(from[k], at - met[k]);
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

void displacement_slopes_f32(const float* d_costs, const float* frame0, const float* frame1, std::ptrdiff_t pitch,
                             int width, int side, bool squared, std::ptrdiff_t apart, float* sums, float* d_frame0) {
  (squared ? displacement_slopes<true, float> : displacement_slopes<false, float>)(d_costs, frame0, frame1, pitch,
                                                                                   width, side, apart, sums, d_frame0);
}

void met_slopes_f32(const float* d_costs, const float* frame0, const float* frame1, int width, int side, bool squared,
                    std::ptrdiff_t apart, float* d_frame1) {
  (squared ? met_slopes<true, float> : met_slopes<false, float>)(d_costs, frame0, frame1, width, side, apart, d_frame1);
}

void displacement_slopes_f64(const double* d_costs, const double* frame0, const double* frame1, std::ptrdiff_t pitch,
                             int width, int side, bool squared, std::ptrdiff_t apart, double* sums, double* d_frame0) {
  (squared ? displacement_slopes<true, double>
           : displacement_slopes<false, double>)(d_costs, frame0, frame1, pitch, width, side, apart, sums, d_frame0);
}

void met_slopes_f64(const double* d_costs, const double* frame0, const double* frame1, int width, int side,
                    bool squared, std::ptrdiff_t apart, double* d_frame1) {
  (squared ? met_slopes<true, double> : met_slopes<false, double>)(d_costs, frame0, frame1, width, side, apart,
                                                                   d_frame1);
}

}  // namespace geomvision::kernels::GEOMVISION_ISA
