#pragma once

#include <vector>

#include "geomvision/image.hpp"
#include "geomvision/tensor.hpp"

namespace geomvision::ops {

/// Edge-aware smoothing by weighted least squares, one line at a time (Min et al., TIP 2014).
///
/// Seeks u that is close to the map and smooth where the guide is: every row, then every column, minimises
/// sum (u_p - f_p)^2 + lambda_t * sum exp(-|g_p - g_q| / sigma) * (u_p - u_q)^2 over its neighbours p, q, by an exact
/// tridiagonal solve; `iterations` times with lambda_t = 1.5 * 4^(T - t) / (4^T - 1) * lambda. |g_p - g_q| is the
/// Euclidean distance of the guide's channels.
///
/// NaN has no weight, and estimates the weight `confidence` (0 or more; none given: 1 each): both map * weight and
/// weight are smoothed, and divided, so that gaps are filled from along the guide's edges. NaN remains where the weight
/// that arrives is below 1e-25. Keeps its memory between calls.
template <typename T>
class FastGlobalSmoother {
 public:
  struct Options {
    double lambda = 1000.0;  ///< weight of the smoothness, 0 or more
    double sigma = 8.0;      ///< how much an edge cuts the smoothness, in units of the guide, above 0
    int iterations = 3;      ///< 1 to 10
    int num_threads = 0;
  };

  /// guide: (height, width, channels); result may be the map itself. An empty confidence counts every estimate 1.
  template <typename Guide>
  void operator()(ImageView<const T> map, TensorView<const Guide, 3> guide, ImageView<const T> confidence,
                  ImageView<T> result, const Options& options);

 private:
  void start(ImageView<const T> map, ImageView<const T> confidence, ImageView<T> result, int num_threads);
  template <typename Guide>
  void smooth_rows(ImageView<const T> from, TensorView<const Guide, 3> guide, ImageView<T> values, T lambda,
                   bool begins, const Options& options);
  template <typename Guide>
  void smooth_columns(TensorView<const Guide, 3> guide, ImageView<T> values, T lambda, bool begins, bool last,
                      const Options& options);

  int width_ = 0, height_ = 0;
  bool weighted_ = false;   // a second plane, the weight, is smoothed beside the values
  std::vector<T> weight_;   // height x width
  std::vector<T> along_x_;  // weights between neighbours of a row: groups of `rows_at_once` rows, transposed
  std::vector<T> along_y_;  // of a column: blocks of `columns_at_once` columns
  std::vector<T> scratch_;
};

}  // namespace geomvision::ops
