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

}  // namespace geomvision::flow
