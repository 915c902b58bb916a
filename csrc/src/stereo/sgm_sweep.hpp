#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/sgm.hpp"
#include "kernels/sgm_guide.hpp"
#include "progress.hpp"
#include "stereo/aligned_bytes.hpp"
#include "stereo/sgm_costs.hpp"
#include "stereo/sgm_guide.hpp"

namespace geomvision::stereo {

/// Who takes the sums over all paths, a few pixels at a time. Each member of the team has columns of its own, and
/// takes those of a row from left to right; rows come in order, downwards or upwards.
class SGMSink {
 public:
  /// Rows of a group, of which no more than three are on their way at a time.
  static constexpr int group = 48;

  virtual ~SGMSink() = default;
  virtual void begin_row(int member, int y, int begin, int end) = 0;
  virtual void take(int member, int y, int x, int pixels, std::uint16_t* sums) = 0;

  /// All sums of rows begin ... end - 1, a group, have been taken; each of `members` is told so.
  virtual void end_rows(int member, int members, int begin, int end) = 0;
};

/// What a sweep is asked for.
struct SGMTask {
  int width = 0, height = 0, count = 0;  ///< pixels, and disparities
  int paths = 8;                         ///< 4, 5, 8 or 16
  int p1 = 0, p2 = 0;
  bool adaptive_p2 = false;
  int num_threads = 0;
};

/// Sums of the costs of paths that run through an image (Hirschmueller 2008, section 2.3) in little memory.
///
/// Each member of a team has a strip of columns and goes through its rows, a row at most ahead of the strips beside it,
/// since paths cross over. In every row the path that runs left begins at the right end, so it is followed some rows in
/// advance; what runs right and down needs one more pass. Paths that run up need a second sweep: the first one then
/// only keeps the path costs at the upper end of each band of rows. Bands are visited from the lowest one upwards;
/// their downward paths run once more, from what was kept, so that the sums of no more than a band are ever held.
class SGMSweep {
 public:
  /// Members that `run` will have at most, and disparities rounded up to whole vectors.
  void prepare(const SGMTask& task);
  int members() const { return most_members_; }
  int padded() const { return padded_; }

  void run(SGMCostRows& costs, const SGMGuide& guide, SGMSink& sink);

  /// First column of a member's strip.
  int first_column(int member, int members) const {
    return static_cast<int>(static_cast<std::int64_t>(task_.width) * member / members);
  }

 private:
  static constexpr int most_strips = 32;

  struct Direction {
    int dx, dy;
  };
  // Path costs of a row, and the smallest of each pixel, both from the first pixel on.
  struct Row {
    std::uint8_t* costs;
    std::uint8_t* least;
  };
  struct Member;
  enum class Kind { light, down, up };

  void choose_directions();
  void allocate();
  std::size_t row_bytes() const;
  Row row_in(AlignedBytes& memory, std::size_t row) const;
  std::ptrdiff_t place(int row, std::ptrdiff_t column) const {  // in costs and sums
    return (std::ptrdiff_t{row} * wide_ + column) * padded_;
  }
  void clear_margins(const Member& member, int members);
  void fetch(const Member& member, const Row& row, int dx) const;
  void fetch_all(const Member& member, int paths, bool from_left);
  Row vertical_row(Kind kind, std::size_t direction, int y, int band_top);
  int row_of(int west_row) const;
  void sweep(Member& member, int members);
  void west_until(Member& member, int members, int west_rows);
  void end_group(Member& member, int members, int group);
  void step(Member& member, int members, Kind kind, int y, int band_top, int west_row);
  int find_paths(Member& member, Kind kind, int y, int band_top);
  void pixels(Member& member, Kind kind, int paths, int y, int band_top, int west_row, int begin, int end);
  void make_jumps(const Member& member, int y, Direction direction, std::uint8_t* jumps) const;

  SGMTask task_;
  decltype(&kernels::baseline::sgm_advance) advance_ = nullptr;  // kernels are chosen once for each image
  decltype(&kernels::baseline::sgm_costs) make_costs_ = nullptr;
  decltype(&kernels::baseline::sgm_jumps) jumps_ = nullptr;
  int most_members_ = 1, vectors_ = 1, padded_ = 0;
  int gap_ = 0, wide_ = 1;              // pixels between strips in memory, and of a row there
  int band_ = 1;                        // rows of a band
  int state_rows_ = 0, west_rows_ = 1;  // rows of path costs that are held, and of the leftward path
  int cost_rows_ = 1;                   // rows of costs that are held
  int kept_rows_ = 0;                   // rows of path costs that are kept for a band
  int all_kept_rows_ = 0;
  std::vector<Direction> down_, up_;
  AlignedBytes state_, east_, west_, kept_, zeros_, costs_, sums_, scratch_;
  Progress begun_[most_strips], done_[most_strips], west_done_[most_strips];
  SGMCostRows* source_ = nullptr;
  const SGMGuide* guide_ = nullptr;
  SGMSink* sink_ = nullptr;
};

}  // namespace geomvision::stereo
