#include "flow/shrink.hpp"

#include "flow/rows.hpp"
#include "kernels/flow.hpp"

namespace geomvision::flow {

void shrink(const Image<float>& large, Image<float>& narrow, Image<float>& small, int num_threads) {
  const int width = (large.width() + 1) / 2;
  const int height = (large.height() + 1) / 2;
  fit(narrow, width, large.height());
  fit(small, width, height);
  const auto columns = GEOMVISION_KERNEL(flow_shrink_columns);
  const auto rows = GEOMVISION_KERNEL(flow_shrink_rows);
  for_rows(width, large.height(), num_threads, [&](int y) { columns(row(large, y), large.width(), row(narrow, y)); });
  for_rows(width, height, num_threads, [&](int y) {
    const float* five[5];
    for (int k = 0; k < 5; ++k) five[k] = clamped_row(narrow, 2 * y + k - 2);
    rows(five, width, row(small, y));
  });
}

void differentiate(const Image<float>& image, Image<float>& gx, Image<float>& gy, int num_threads) {
  const int width = image.width();
  const int height = image.height();
  fit(gx, width, height);
  fit(gy, width, height);
  const auto gradients = GEOMVISION_KERNEL(flow_gradients);
  for_rows(width, height, num_threads, [&](int y) {
    const float* five[5];
    for (int k = 0; k < 5; ++k) five[k] = clamped_row(image, y + k - 2);
    float padded[5][6];
    const auto at_border = [&](int x) {  // through five pixels of each row, border pixels repeated
      const float* cut[5];
      for (int k = 0; k < 5; ++k) {
        for (int d = 0; d < 5; ++d) padded[k][d] = five[k][std::clamp(x + d - 2, 0, width - 1)];
        cut[k] = padded[k] + 2;
      }
      gradients(cut, 1, row(gx, y) + x, row(gy, y) + x);
    };
    const int right = std::max(width - 2, std::min(width, 2));
    for (int x = 0; x < std::min(width, 2); ++x) at_border(x);
    for (int x = right; x < width; ++x) at_border(x);
    if (right <= 2) return;
    const float* inside[5];
    for (int k = 0; k < 5; ++k) inside[k] = five[k] + 2;
    gradients(inside, right - 2, row(gx, y) + 2, row(gy, y) + 2);
  });
}

}  // namespace geomvision::flow
