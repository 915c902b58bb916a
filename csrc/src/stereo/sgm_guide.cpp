#include "stereo/sgm_guide.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <type_traits>

#include "geomvision/parallel.hpp"
#include "kernels/sgm_guide.hpp"

namespace geomvision::stereo {
namespace {

// Sum of a row's changes and its smallest value. In floats the order of the sum is part of the result.
template <typename T>
void measure(ImageView<const T> left, int y, double& change, double& least) {
  const T* row = left.row(y);
  const T* above = y > 0 ? left.row(y - 1) : nullptr;
  if constexpr (std::is_same_v<T, float>) {
    change = 0.0;
    least = row[0];
    for (int x = 0; x < left.width(); ++x) {
      const double here = row[x];
      if (x > 0) change += std::fabs(here - static_cast<double>(row[x - 1]));
      if (above != nullptr) change += std::fabs(here - static_cast<double>(above[x]));
      least = std::min(least, here);
    }
  } else {
    std::uint64_t sum = 0;
    int smallest = 0;
    if constexpr (std::is_same_v<T, std::uint8_t>) {
      GEOMVISION_KERNEL(sgm_contrast_u8)(row, above, left.width(), &sum, &smallest);
    } else {
      GEOMVISION_KERNEL(sgm_contrast_u16)(row, above, left.width(), &sum, &smallest);
    }
    change = static_cast<double>(sum);
    least = smallest;
  }
}

template <typename T>
void scale(const T* row, int width, double least, double units, std::uint16_t* guide) {
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    GEOMVISION_KERNEL(sgm_guide_u8)(row, width, least, units, guide);
  } else if constexpr (std::is_same_v<T, std::uint16_t>) {
    GEOMVISION_KERNEL(sgm_guide_u16)(row, width, least, units, guide);
  } else {
    GEOMVISION_KERNEL(sgm_guide_f32)(row, width, least, units, guide);
  }
}

}  // namespace

template <typename T>
double SGMGuide::units(ImageView<const T> left, int num_threads) {
  const int width = left.width(), height = left.height();
  row_change_.resize(static_cast<std::size_t>(height));
  row_least_.resize(static_cast<std::size_t>(height));
  const auto rows = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      const auto i = static_cast<std::size_t>(y);
      measure(left, y, row_change_[i], row_least_[i]);
    }
  };
  parallel_for(height, num_threads, std::ref(rows), 16);
  double sum = 0.0;
  for (const double change : row_change_) sum += change;
  least_ = *std::min_element(row_least_.begin(), row_least_.end());
  const double neighbours = static_cast<double>(width - 1) * height + static_cast<double>(height - 1) * width;
  return sum > 0.0 ? usual_change * neighbours / sum : 0.0;
}

template <typename T>
void SGMGuide::prepare(ImageView<const T> left, int num_threads) {
  const double per_level = units(left, num_threads);
  pitch_ = left.width() + 2 * margin;
  pixels_.resize(static_cast<std::size_t>(pitch_) * static_cast<std::size_t>(left.height()));
  const auto rows = [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      const std::size_t start = static_cast<std::size_t>(y) * static_cast<std::size_t>(pitch_) + margin;
      scale(left.row(y), left.width(), least_, per_level, pixels_.data() + start);
    }
  };
  parallel_for(left.height(), num_threads, std::ref(rows), 16);
}

template void SGMGuide::prepare(ImageView<const std::uint8_t>, int);
template void SGMGuide::prepare(ImageView<const std::uint16_t>, int);
template void SGMGuide::prepare(ImageView<const float>, int);

}  // namespace geomvision::stereo
