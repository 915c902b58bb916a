#pragma once

#include <vector>

#include "geomvision/flow/pyramidal_flow.hpp"

namespace geomvision::flow {

/// Options of `TVL1`; names and defaults are those of the Python class, which explains them.
struct TVL1Options {
  int levels = 10;
  int warps = 5;
  int finest_warps = 5;
  int median = 7;
  bool check_occlusion = false;
  double data_weight = 0.15;  ///< px per (grey level)^2: lambda
  double theta = 0.3;         ///< px
  double tau = 0.25;
  int iterations = 100;
  int brightness_cell = 16;  ///< px; 0: brightness does not change
  int num_threads = 0;       ///< 0: all cores; the result does not depend on it
};

/// Flow of least total variation whose brightness changes least, both in L1, coarse to fine (Zach, Pock & Bischof
/// 2007).
class TVL1 : public PyramidalFlow {
 public:
  /// Throws std::invalid_argument when an option is out of range.
  explicit TVL1(const TVL1Options& options = {});
  ~TVL1() override;
  TVL1(TVL1&&) noexcept;
  TVL1& operator=(TVL1&&) noexcept;

 protected:
  TVL1(const char* owner, const TVL1Options& options);
  void begin(Stage& stage) override;

 private:
  struct Band;
  struct Planes;
  void refine(Stage& stage, Image<float>* confidence) override;
  void linearise(const Stage& stage);
  void iterate(int count, int width, int height);
  void iterate(int count, int width, int height, int first, int last, Band& band);

  TVL1Options options_;
  std::vector<Band> bands_;
  std::vector<Planes> planes_;
};

}  // namespace geomvision::flow
