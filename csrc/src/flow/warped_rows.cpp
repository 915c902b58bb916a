#include "flow/warped_rows.hpp"

namespace geomvision::flow {

void WarpedRows::fit(int width, int margin) {
  warped_.fit(8, width, 0);
  mean_.fit(8, width, 2);
  gradient_.fit(2, width, 0);
  given_.fit(3, width, margin);
  warp_ = GEOMVISION_KERNEL(flow_warp);
  average_ = GEOMVISION_KERNEL(flow_mean);
  differentiate_ = GEOMVISION_KERNEL(flow_gradients);
}

FlowRow WarpedRows::next(const Frames& frames, int y) {
  const int width = frames.frame1.width;
  const int height = frames.frame1.height;
  for (; made_ <= std::min(y + 2, height - 1); ++made_) {
    float* warped = warped_[made_];
    warp_(frames.frame1, made_, row(frames.u, made_), row(frames.v, made_), warped);
    average_(row(frames.frame0, made_), warped, width, mean_[made_]);
    mean_.close(made_);
  }
  const float* five[5];
  for (int k = 0; k < 5; ++k) five[k] = mean_[std::clamp(y + k - 2, 0, height - 1)];
  differentiate_(five, width, gradient_[0], gradient_[1]);
  const Image<float>* given[3] = {&frames.frame0, &frames.u, &frames.v};
  for (int k = 0; k < 3; ++k) {
    const float* from = row(*given[k], y);
    std::copy(from, from + width, given_[k]);
    given_.close(k);
  }
  return {given_[0], warped_[y], gradient_[0], gradient_[1], given_[1], given_[2], width, height, y};
}

}  // namespace geomvision::flow
