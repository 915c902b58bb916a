#include "geomvision/flow/inverse_search.hpp"

#include <algorithm>

#include "flow/patch_search.hpp"
#include "geomvision/check.hpp"

namespace geomvision::flow {
namespace {

constexpr const char* owner = "InverseSearch";

TVL1Options relaxation(const InverseSearchOptions& o) {
  TVL1Options options;
  options.levels = o.levels;
  options.warps = o.warps;
  options.finest_warps = o.finest_warps;
  options.median = o.median;
  options.check_occlusion = o.check_occlusion;
  options.data_weight = o.data_weight;
  options.theta = o.theta;
  options.tau = o.tau;
  options.iterations = o.iterations;
  options.brightness_cell = o.brightness_cell;
  options.num_threads = o.num_threads;
  return options;
}

}  // namespace

struct InverseSearch::Search : PatchSearch {
  using PatchSearch::PatchSearch;
};

InverseSearch::~InverseSearch() = default;
InverseSearch::InverseSearch(InverseSearch&&) noexcept = default;
InverseSearch& InverseSearch::operator=(InverseSearch&&) noexcept = default;

InverseSearch::InverseSearch(const InverseSearchOptions& options)
    : TVL1(owner, relaxation(options)), patch_size_(options.patch_size), finest_search_(options.finest_search) {
  check(patch_size_ == 8 || patch_size_ == 16, owner, ": patch_size is ", patch_size_, "; allowed are 8 and 16");
  check_range(owner, "patch_step", options.patch_step, 1, 16);
  check(options.patch_step <= patch_size_, owner, ": patch_step is ", options.patch_step,
        "; allowed is at most patch_size, ", patch_size_);
  check_range(owner, "descents", options.descents, 0, 1000);
  check_range(owner, "propagations", options.propagations, 0, 1000);
  check_range(owner, "finest_search", options.finest_search, 0, 32);
  search_.emplace_back(patch_size_, options.patch_step, options.descents, options.propagations);
}

void InverseSearch::begin(Stage& stage) {
  const int side = std::min(stage.u.width(), stage.u.height());
  if (stage.level >= finest_search_ && side >= patch_size_) {
    search_[0].improve(stage.frame0, stage.frame1, stage.u, stage.v, settings().num_threads);
  }
  TVL1::begin(stage);
}

}  // namespace geomvision::flow
