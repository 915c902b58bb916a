#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "each_run.hpp"
#include "stereo/sgm_costs.hpp"
#include "stereo/sgm_edges.hpp"
#include "stereo/sgm_rows.hpp"

namespace geomvision::stereo {

/// Who takes the sums over all paths. Rows come whole, those of a slot one after the other, each from left to right a
/// few pixels at a time; different slots work at the same time.
class SGMSink {
 public:
  virtual ~SGMSink() = default;
  virtual void begin_row(int slot, int y) = 0;
  virtual void take(int slot, int y, int x, int pixels, std::uint16_t* sums) = 0;
  virtual void end_row(int slot, int y) = 0;
};

/// Sums of the costs of paths that run through an image (Hirschmueller 2008, section 2.3) in little memory.
///
/// Threads take runs of segments of rows, which are independent once `SGMEdges` has found the path costs where they may
/// begin: nobody waits for anybody, and what a thread does not come to, whose core is slow or busy elsewhere, others
/// take over. A segment is visited band by band, upwards or downwards. In a band the paths that run the other way come
/// first, and their sums are kept; then come the paths that run this way, and go on in the next band. Where no path
/// runs up a segment is gone through once. A band may be cut into tiles, visited from left to right: `SGMEdges` knows
/// the paths that run left where they enter them.
class SGMSweep {
 public:
  void prepare(const SGMTask& task, const SGMGuide& guide);
  int slots() const { return plan_.threads() * rows_at_once(); }  ///< of sinks
  SGMCostRoom cost_room() const {
    return {std::max(plan_.threads(), edges_.slots()), rows_at_once(), plan_.tile_columns(), padded()};
  }
  int rows_at_once() const { return plan_.tiles() > 1 ? plan_.band_rows() : 1; }  ///< that are kept of a slot's costs
  int padded() const { return plan_.padded(); }

  void run(SGMCostRows& costs, SGMSink& sink);

 private:
  struct Room {                      // of a slot
    std::vector<SGMState> paths[2];  // that go on from band to band, and that begin at the edge of each
    int run = 0;                     // the band where the former began
    SGMRows east, west;
    AlignedBytes costs, sums, chunk, jumps;
    std::vector<kernels::SGMCosts> sources;  // of the band's rows, where it is cut into tiles
    AlignedBytes ends;                       // and path costs where the next tile begins
  };
  struct Row;

  void run_through(int slot);
  void segment(int slot, int index, bool goes_on);
  void band(int slot, int index, int first, bool upwards);
  SGMRow east_end(int slot, int row);
  void keep_end(int slot, int row, const std::uint8_t* costs, std::uint8_t least);
  void enter(const SGMRow& from, int column, const SGMRow& to);
  void run_west(int slot, int y, int row, int tile, std::uint8_t* costs);
  void begin_sums(int slot, int y, int band, int tile, bool up);
  void end_sums(int slot, int y, int band, int tile, int first_band, bool up);
  void add_vertical(int slot, Row& row, bool up, bool begins, int band);
  void advance(int slot, Row& row);

  SGMPlan plan_;
  SGMEdges edges_;
  Runs runs_;  // of segments
  std::vector<Room> room_;
  SGMCostRows* source_ = nullptr;
  SGMSink* sink_ = nullptr;
};

}  // namespace geomvision::stereo
