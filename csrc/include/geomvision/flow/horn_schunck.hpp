#pragma once

#include <vector>

#include "geomvision/flow/pyramidal_flow.hpp"

namespace geomvision::flow {

/// Options of `HornSchunck`; names and defaults are those of the Python class, which explains them.
struct HornSchunckOptions {
  int levels = 10;
  int warps = 5;
  int finest_warps = 5;
  int median = 7;
  bool check_occlusion = false;
  double alpha = 10.0;  ///< grey levels/px
  int iterations = 50;
  int num_threads = 0;  ///< 0: all cores; the result does not depend on it
};

/// The smoothest flow that keeps brightness constant, by Jacobi iterations, coarse to fine (Horn & Schunck 1981).
class HornSchunck : public PyramidalFlow {
 public:
  /// Throws std::invalid_argument when an option is out of range.
  explicit HornSchunck(const HornSchunckOptions& options = {});
  ~HornSchunck() override;
  HornSchunck(HornSchunck&&) noexcept;
  HornSchunck& operator=(HornSchunck&&) noexcept;

 private:
  struct Band;
  void refine(Stage& stage, Image<float>* confidence) override;

  HornSchunckOptions options_;
  std::vector<Band> bands_;
  Image<float> gx_, gy_, rest_, inverse_;
};

}  // namespace geomvision::flow
