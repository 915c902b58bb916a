#include "flow/patch_search.hpp"

#include <algorithm>
#include <utility>

#include "flow/padding.hpp"
#include "kernels/patch_search.hpp"

namespace geomvision::flow {
namespace {

// On smaller levels a patch covers much of the image, and what fits one thing would be carried over all.
constexpr int patches_along = 4;

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
  for (Image<float>* image : {&patches_u_, &patches_v_}) fit(*image, columns, rows);
  descend(frames, u, v, num_threads);
  const int rounds = std::min(width, height) >= patches_along * size_ ? propagations_ : 0;
  for (int round = 0; round < rounds; ++round) propagate(frames, num_threads);
  vote(frames, u, v, num_threads);
}

int PatchSearch::top(const PatchFrames& frames, int j) const { return std::min(j * step_, frames.height - size_); }

// Each patch begins at the flow of its centre.
void PatchSearch::descend(const PatchFrames& frames, const Image<float>& u, const Image<float>& v, int num_threads) {
  const auto descend = GEOMVISION_KERNEL(patch_descend);
  const int columns = patches_u_.width();
  for_rows(frames.width * step_, patches_u_.height(), num_threads, [&](int j) {
    float *along = row(patches_u_, j), *down = row(patches_v_, j);
    const int centre = top(frames, j) + size_ / 2;
    for (int i = 0; i < columns; ++i) {
      const int x = std::min(i * step_, frames.width - size_) + size_ / 2;
      along[i] = row(u, centre)[x];
      down[i] = row(v, centre)[x];
    }
    descend(frames, top(frames, j), columns, descents_, along, down);
  });
}

// All look at the patches as they were, so that neither the order nor the threads matter.
void PatchSearch::propagate(const PatchFrames& frames, int num_threads) {
  const auto propagate = GEOMVISION_KERNEL(patch_propagate);
  const int columns = patches_u_.width(), rows = patches_u_.height();
  for (Image<float>* image : {&next_u_, &next_v_}) fit(*image, columns, rows);
  for_rows(frames.width * step_, rows, num_threads, [&](int j) {
    const int above = std::max(j - 1, 0), below = std::min(j + 1, rows - 1);
    const PatchRows found{{row(patches_u_, above), row(patches_u_, j), row(patches_u_, below)},
                          {row(patches_v_, above), row(patches_v_, j), row(patches_v_, below)}};
    propagate(frames, top(frames, j), columns, descents_, found, row(next_u_, j), row(next_v_, j));
  });
  std::swap(patches_u_, next_u_);
  std::swap(patches_v_, next_v_);
}

// What the patches that cover a pixel agree on.
void PatchSearch::vote(const PatchFrames& frames, Image<float>& u, Image<float>& v, int num_threads) {
  const auto vote = GEOMVISION_KERNEL(patch_votes);
  const int width = frames.width, rows = patches_u_.height();
  fit(weights_, width, frames.height);
  for_rows(width, frames.height, num_threads, [&](int y) {
    float *weight = row(weights_, y), *sum_u = row(u, y), *sum_v = row(v, y);
    for (float* sums : {weight, sum_u, sum_v}) std::fill_n(sums, width, 0.0f);
    const int first = y < size_ ? 0 : std::min((y - size_) / step_ + 1, rows - 1);
    for (int j = first; j < rows && top(frames, j) <= y; ++j) {
      vote(frames, top(frames, j), patches_u_.width(), row(patches_u_, j), row(patches_v_, j), y, weight, sum_u, sum_v);
    }
    for (int x = 0; x < width; ++x) {
      sum_u[x] /= weight[x];
      sum_v[x] /= weight[x];
    }
  });
}

}  // namespace geomvision::flow
