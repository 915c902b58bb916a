#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

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
/// Threads take segments of rows, which are independent once `SGMEdges` has found the path costs at their edges: nobody
/// waits for anybody, so a thread whose core is busy elsewhere holds up its own segment only. A segment is visited band
/// by band, upwards or downwards. In a band the paths that run the other way come first, and their sums are kept; then
/// come the paths that run this way, and go on in the next band. Where no path runs up a segment is gone through once.
class SGMSweep {
 public:
  void prepare(const SGMTask& task, const SGMGuide& guide);
  int slots() const { return plan_.threads(); }                                 ///< of sinks
  int cost_slots() const { return std::max(plan_.threads(), edges_.slots()); }  ///< of cost rows
  int padded() const { return plan_.padded(); }

  void run(SGMCostRows& costs, SGMSink& sink);

 private:
  struct Room {                      // of a slot
    std::vector<SGMState> paths[2];  // that run down and up
    SGMRows east, west;
    AlignedBytes costs, sums, jumps;
  };
  struct Row;

  void segment(int slot, int index);
  void band(int slot, int index, int first, bool upwards);
  void begin_sums(int slot, int y, int band, bool up);
  void end_sums(int slot, int y, int top, int first_band, bool up);
  void add_vertical(int slot, Row& row, bool up, int band);
  void advance(int slot, Row& row);

  SGMPlan plan_;
  SGMEdges edges_;
  std::vector<Room> room_;
  SGMCostRows* source_ = nullptr;
  SGMSink* sink_ = nullptr;
};

}  // namespace geomvision::stereo
