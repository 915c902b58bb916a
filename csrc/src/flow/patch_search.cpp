#include "flow/patch_search.hpp"

#include <algorithm>

#include "flow/padding.hpp"
#include "kernels/patch_search.hpp"

namespace geomvision::flow {
namespace {

// Patches along a side: the last one ends with the image.
int patches(int side, int size, int step) { return (side - size + step - 1) / step + 1; }

}  // namespace

void PatchSearch::improve(const Image<float>& frame0, const Image<float>& frame1, Image<float>& u, Image<float>& v,
                          int num_threads) {
  const int width = frame0.width();
  const int height = frame0.height();
  pad(frame0, 1, 1, padded0_, num_threads);
  pad(frame1, size_, size_ + 1, padded1_, num_threads);
  const PatchFrames frames{row(padded0_, 1) + 1,
                           row(padded1_, size_) + size_,
                           padded0_.width(),
                           padded1_.width(),
                           width,
                           height,
                           size_,
                           step_};
  const int columns = patches(width, size_, step_);
  const int rows = patches(height, size_, step_);
  const auto top = [&](int j) { return std::min(j * step_, height - size_); };
  for (Image<float>* image : {&patches_u_, &patches_v_}) fit(*image, columns, rows);
  const auto descend = GEOMVISION_KERNEL(patch_descend);
  for_rows(width * step_, rows, num_threads, [&](int j) {
    float *along = row(patches_u_, j), *down = row(patches_v_, j);
    const int centre = top(j) + size_ / 2;
    for (int i = 0; i < columns; ++i) {
      const int x = std::min(i * step_, width - size_) + size_ / 2;
      along[i] = row(u, centre)[x];
      down[i] = row(v, centre)[x];
    }
    descend(frames, top(j), columns, descents_, along, down);
  });
  fit(weights_, width, height);
  const auto vote = GEOMVISION_KERNEL(patch_votes);
  for_rows(width, height, num_threads, [&](int y) {
    float *weight = row(weights_, y), *sum_u = row(u, y), *sum_v = row(v, y);
    for (float* sums : {weight, sum_u, sum_v}) std::fill_n(sums, width, 0.0f);
    const int first = y < size_ ? 0 : std::min((y - size_) / step_ + 1, rows - 1);
    for (int j = first; j < rows && top(j) <= y; ++j) {
      vote(frames, top(j), columns, row(patches_u_, j), row(patches_v_, j), y, weight, sum_u, sum_v);
    }
    for (int x = 0; x < width; ++x) {
      sum_u[x] /= weight[x];
      sum_v[x] /= weight[x];
    }
  });
}

}  // namespace geomvision::flow
