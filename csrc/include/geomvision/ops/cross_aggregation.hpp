#pragma once

#include <cstdint>
#include <vector>

#include "geomvision/tensor.hpp"

namespace geomvision::ops {

/// How far arms reach: while the colour differs from the pixel's, in each channel, by less than `threshold`; beyond
/// `inner` pixels by less than `outer_threshold`; and from the pixel before by less than `threshold`.
struct CrossArms {
  int arm = 34;                ///< longest arm, pixels, 0 to 127
  int inner = 17;              ///< from where on `outer_threshold` holds, pixels, 0 or more
  double threshold = 20;       ///< in units of the image, 0 or more
  double outer_threshold = 6;  ///< in units of the image, 0 or more
};

/// Length of each pixel's arms to the left, right, up and down (Zhang, Lu & Lafruit, TCSVT 2009, with the second
/// threshold of Mei et al., ICCVW 2011), the pixel itself not counted: (height, width, 4).
///
/// image: (height, width, channels).
template <typename T>
void cross_arms(TensorView<const T, 3> image, const CrossArms& options, TensorView<std::uint8_t, 3> arms,
                int num_threads = 0);

/// Mean of a volume's costs over each pixel's cross region: its vertical arm, and of each pixel of that the horizontal
/// arm; or the other way round (`columns_first`). Sums of integers are exact, others run in double; a
/// huge cost spoils the regions that hold it and no others. Keeps its memory.
class CrossAggregation {
 public:
  /// volume, result: (height, width, slices) of uint8, uint16, int32 or float; arms of at most 127: (height, width, 4).
  template <typename T>
  void operator()(TensorView<const T, 3> volume, TensorView<const std::uint8_t, 3> arms, bool columns_first,
                  TensorView<float, 3> result, int num_threads = 0);

 private:
  std::vector<float> counts_;    // number of pixels in each region
  std::vector<double> scratch_;  // running sums along lines
};

}  // namespace geomvision::ops
