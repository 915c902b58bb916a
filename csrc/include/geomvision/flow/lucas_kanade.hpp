#pragma once

#include <vector>

#include "geomvision/flow/pyramidal_flow.hpp"

namespace geomvision::flow {

enum class Weighting { gaussian, box };

/// Options of `LucasKanade`; names and defaults are those of the Python class, which explains them.
struct LucasKanadeOptions {
  int levels = 10;
  int warps = 5;
  int finest_warps = 3;
  int median = 7;
  double min_confidence = 0.0;
  bool check_occlusion = false;
  int window = 7;
  Weighting weighting = Weighting::box;
  double robust = 5.0;          ///< grey levels
  double min_eigenvalue = 3.0;  ///< (grey levels/px)^2
  int num_threads = 0;          ///< 0: all cores; the result does not depend on it
};

/// Dense Lucas-Kanade flow: least squares over windows, iterated and coarse to fine (Lucas & Kanade 1981).
class LucasKanade : public PyramidalFlow {
 public:
  /// Throws std::invalid_argument when an option is out of range.
  explicit LucasKanade(const LucasKanadeOptions& options = {});
  ~LucasKanade() override;
  LucasKanade(LucasKanade&&) noexcept;
  LucasKanade& operator=(LucasKanade&&) noexcept;

 private:
  struct Band;
  void refine(Stage& stage, Image<float>* confidence) override;
  void refine(Stage& stage, Image<float>* confidence, Band& band, int first, int last) const;

  LucasKanadeOptions options_;
  std::vector<float> weights_;  ///< of the two values k away in a window, k = 0 ... window / 2
  std::vector<Band> bands_;
};

}  // namespace geomvision::flow
