#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stereo/sgm_costs.hpp"
#include "stereo/sgm_rows.hpp"

namespace geomvision::stereo {

/// Path costs at the edges of bands, found ahead, so that bands need nothing of one another.
///
/// Paths run down and up through the image, their sums are not wanted. Threads have strips of columns. A strip's paths
/// come from the strips beside it, so each also takes the columns there that can still be felt in its own ones some
/// rows later: a trapezoid. Strips wait for one another only where such a block of rows ends.
///
/// Where bands have tiles, the path that runs left is followed here too, and kept where it enters a tile. A strip is
/// then one block behind the strip to its right.
class SGMEdges {
 public:
  void prepare(const SGMPlan& plan);
  int slots() const { return 2 * strips_; }  ///< parts of the cost rows that are asked for at once

  void run(const SGMPlan& plan, SGMCostRows& costs);

  /// Path costs of a direction `back` rows before a band: above it, or below where paths run up. Those before the first
  /// band of an image are 0.
  SGMRow before(bool up, int band, std::size_t direction, int back);
  SGMRow none() { return zeros_.row(0); }  ///< path costs beyond the border of an image

  /// Path costs that lead into a row of a tile from its right end, where the plan has tiles.
  SGMRow west_end(int y, int tile);

 private:
  struct Strip {
    std::vector<SGMState> paths;
    int chunk = 0;         // pixels
    AlignedBytes scratch;  // costs of a chunk, and the penalties of each direction
    SGMRows west;          // of a tile: the path that runs left
  };
  struct Part;

  void choose_edges(bool up);
  SGMRow edge(bool up, int edge, std::size_t direction, int back);
  void advance(const Part& part);
  void find_paths(Part& part, int y, int row);
  bool finds_ends(int band, bool up) const;
  int first_column(int strip) const;
  void advance_row(const Part& part, int begin, int end, int side);
  void advance_pixels(const Part& part, int x, int pixels, int side, const std::uint8_t* costs);
  void advance_tiles(const Part& part, int y);
  void keep(const Part& part, int edge, int row);

  const SGMPlan* plan_ = nullptr;
  SGMCostRows* costs_ = nullptr;
  int strips_ = 1, kept_rows_ = 0;
  std::vector<Strip> room_;
  std::vector<int> slots_[2];   // where edges are kept, -1 where they are not; of the paths that run down and up
  std::vector<int> begins_[2];  // whether a run of segments begins at an edge
  int last_[2] = {};            // the last edge that is needed
  SGMRows kept_[2], zeros_;
  AlignedBytes ends_;  // path costs where the path that runs left enters each tile of each row
};

}  // namespace geomvision::stereo
