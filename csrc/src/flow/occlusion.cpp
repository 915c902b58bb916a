#include "flow/occlusion.hpp"

#include "flow/rows.hpp"
#include "geomvision/check.hpp"
#include "geomvision/flow/pyramidal_flow.hpp"

namespace geomvision::flow {

void find_occluded(ImageView<const Vec2f> forward, ImageView<const Vec2f> backward, ImageView<std::uint8_t> occluded,
                   int num_threads) {
  const int width = forward.width();
  const int height = forward.height();
  check(width == backward.width() && height == backward.height() && width == occluded.width() &&
            height == occluded.height(),
        "find_occluded: forward, backward and occluded must be of equal size");
  for_rows(width, height, num_threads, [&](int y) {
    for (int x = 0; x < width; ++x) {
      occluded(x, y) = is_occluded(forward(x, y), backward, x, y, width, height) ? 1 : 0;
    }
  });
}

}  // namespace geomvision::flow
