#pragma once

#include <vector>

#include "geomvision/flow/pyramidal_flow.hpp"

namespace geomvision::flow {

enum class Weighting { gaussian, box };

/// Options of `LucasKanade`; names and defaults are those of the Python class, which explains them.
struct LucasKanadeOptions {
  int levels = 10;
  int warps = 5;
  int median = 5;
  double min_confidence = 0.0;
  bool check_occlusion = false;
  int window = 9;
  Weighting weighting = Weighting::gaussian;
  double robust = 5.0;          ///< grey levels
  double min_eigenvalue = 4.0;  ///< (grey levels/px)^2
  int num_threads = 0;          ///< 0: all cores; the result does not depend on it
};

/// Dense Lucas-Kanade flow: least squares over windows, iterated and coarse to fine (Lucas & Kanade 1981).
class LucasKanade : public PyramidalFlow {
 public:
  /// Throws std::invalid_argument when an option is out of range.
  explicit LucasKanade(const LucasKanadeOptions& options = {});

 private:
  void refine(Stage& stage, Image<float>* confidence) override;
  void sum_over_windows(const Image<float>& values, Image<float>& sums);  // may be the same

  LucasKanadeOptions options_;
  std::vector<float> weights_;
  Image<float> products_[7];  ///< sums over windows: gxx, gxy, gyy, gxq, gyq, u, v
  Image<float> rows_;
};

}  // namespace geomvision::flow
