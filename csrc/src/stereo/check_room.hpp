#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "kernels/row_check.hpp"

namespace geomvision::stereo {

/// Memory to hold the winners of a row's two views against each other.
class CheckRoom {
 public:
  void resize(int width) {
    const auto columns = static_cast<std::size_t>(width);
    partners_.resize(columns);
    for (auto* each : {&told_, &apart_}) each->resize(columns + 1);
    seen_.resize(columns + 1);
  }

  auto buffers() { return std::tie(partners_, told_, apart_, seen_); }

  /// `left` has one element more than the row, which is no winner.
  kernels::RowCheck check(const std::int16_t* left, const std::int16_t* right, int tolerance) {
    const int width = static_cast<int>(partners_.size());
    return {width, tolerance, left, right, partners_.data(), told_.data(), apart_.data(), seen_.data()};
  }

 private:
  std::vector<std::int32_t> partners_;  // see kernels::RowCheck
  std::vector<std::int16_t> told_, apart_;
  std::vector<std::uint8_t> seen_;
};

}  // namespace geomvision::stereo
