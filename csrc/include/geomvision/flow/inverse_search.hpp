#pragma once

#include "geomvision/flow/tvl1.hpp"

namespace geomvision::flow {

/// Options of `InverseSearch`; names and defaults are those of the Python class, which explains them.
struct InverseSearchOptions {
  int levels = 10;
  int warps = 2;
  int finest_warps = 1;
  int median = 5;
  bool check_occlusion = false;
  double data_weight = 0.15;  ///< px per (grey level)^2: lambda
  double theta = 0.3;         ///< px
  double tau = 0.25;
  int iterations = 12;
  int brightness_cell = 8;  ///< px
  int patch_size = 8;       ///< px
  int patch_step = 4;       ///< px
  int descents = 8;
  int propagations = 2;   ///< rounds in which a patch tries what those beside it found
  int finest_search = 1;  ///< the finest level on which patches are sought
  int num_threads = 0;    ///< 0: all cores; the result does not depend on it
};

/// Patches that descend to their place, blended, then relaxed as in TV-L1, coarse to fine (Kroeger et al. 2016).
class InverseSearch : public TVL1 {
 public:
  /// Throws std::invalid_argument when an option is out of range.
  explicit InverseSearch(const InverseSearchOptions& options = {});
  ~InverseSearch() override;
  InverseSearch(InverseSearch&&) noexcept;
  InverseSearch& operator=(InverseSearch&&) noexcept;

 private:
  struct Search;
  void begin(Stage& stage) override;

  int patch_size_, finest_search_;
  std::vector<Search> search_;
};

}  // namespace geomvision::flow
