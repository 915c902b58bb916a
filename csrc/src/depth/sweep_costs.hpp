#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "geomvision/depth/plane_sweep.hpp"
#include "ops/aligned.hpp"

namespace geomvision::depth {

/// The costs of `PlaneSweep`, tile by tile. Keeps its memory between calls.
class SweepCosts {
 public:
  /// Cost of a plane that no source sees: between those of right and of wrong matches, so that borders stay unbiased.
  static constexpr std::uint8_t unseen = 24;

  void operator()(ImageView<const std::uint8_t> reference, TensorView<const float, 3> rays,
                  const std::vector<SweepSource>& sources, const SweepPlanes& planes,
                  TensorView<std::uint8_t, 3> volume, int num_threads);

 private:
  struct Worker {
    Aligned<float> rays;
    Aligned<std::uint16_t> grey, total;
    Aligned<std::uint8_t> inside, words, here, bits, seen, best;
    auto buffers() { return std::tie(rays, grey, total, inside, words, here, bits, seen, best); }
  };
  struct Tile {
    int x, y, width, height;
  };
  static void begin(ImageView<const std::uint8_t> reference, TensorView<const float, 3> rays, int sources,
                    const Tile& tile, Worker& worker);
  void compare(const std::vector<SweepSource>& sources, std::size_t s, float q, const Tile& tile, Worker& worker) const;
  void sweep(const std::vector<SweepSource>& sources, const SweepPlanes& planes,
             const TensorView<std::uint8_t, 3>& volume, const Tile& tile, Worker& worker) const;

  std::vector<std::vector<std::uint32_t>> corners_;  // of each source's image, then of each one's mask
  std::vector<Worker> workers_;
};

}  // namespace geomvision::depth
