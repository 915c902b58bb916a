#include "geomvision/ops/census.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <type_traits>
#include <vector>

#include "kernels/matching_costs.hpp"
#include "ops/image_types.hpp"
#include "ops/matched_rows.hpp"

namespace geomvision::ops {
namespace {

auto census_of(float) { return GEOMVISION_KERNEL(census_words_f32); }
auto census_of(double) { return GEOMVISION_KERNEL(census_words_f64); }

}  // namespace

template <typename T>
void census_transform(ImageView<const T> image, const std::string& window, TensorView<std::int64_t, 2> words,
                      int num_threads) {
  struct Neighbourhood {
    const char* name;
    int radius_x, radius_y, step;
  };
  constexpr Neighbourhood known[] = {{"5x5", 2, 2, 1}, {"7x7", 3, 3, 1}, {"9x7", 4, 3, 1}, {"sparse", 4, 3, 2}};
  const auto* chosen =
      std::find_if(std::begin(known), std::end(known), [&](const auto& n) { return window == n.name; });
  check(chosen != std::end(known), "census_transform: window is '", window,
        "'; allowed are '5x5', '7x7', '9x7', 'sparse'");
  check(words.size(0) == image.height() && words.size(1) == image.width(), "census_transform: words are ",
        words.shape(), ", the image is ", image.width(), "x", image.height(), " pixels; they must agree");
  using Value = std::conditional_t<std::is_same_v<T, double>, double, float>;  // holds every T
  const int width = image.width(), height = image.height();
  const auto rows = [&, n = *chosen](int begin, int end) {
    const std::ptrdiff_t pitch = std::ptrdiff_t{width} + 2 * n.radius_x;
    std::vector<Value> band(static_cast<std::size_t>(pitch * (2 * n.radius_y + 1)) + 16);
    for (int y = begin; y < end; ++y) {
      const Value* neighbours[64];
      int bits = 0;
      for (int dy = -n.radius_y; dy <= n.radius_y; ++dy) {
        const T* from = image.row(std::clamp(y + dy, 0, height - 1));
        Value* row = band.data() + (dy + n.radius_y) * pitch + n.radius_x;
        for (int x = 0; x < width; ++x) row[x] = static_cast<Value>(from[x]);
        std::fill(row - n.radius_x, row, row[0]);
        std::fill(row + width, row + width + n.radius_x, row[width - 1]);
        if ((dy + n.radius_y) % n.step != 0) continue;
        for (int dx = -n.radius_x; dx <= n.radius_x; dx += n.step) {
          if (dx != 0 || dy != 0) neighbours[bits++] = row + dx;
        }
      }
      census_of(Value{})(neighbours, bits, band.data() + n.radius_y * pitch + n.radius_x, width, words.at(y));
    }
  };
  parallel_for(width == 0 ? 0 : height, num_threads, std::ref(rows), 4);
}

void hamming_distances(TensorView<const std::int64_t, 2> left, TensorView<const std::int64_t, 2> right, int first,
                       TensorView<std::uint8_t, 3> volume, int num_threads) {
  const auto image = [](const TensorView<const std::int64_t, 2>& words) {
    return ImageView<const std::int64_t>(words.data(), static_cast<int>(words.size(1)), static_cast<int>(words.size(0)),
                                         std::max(words.stride(0), words.size(1)));
  };
  const ImageView<const std::int64_t> seen = image(left), met = image(right);
  check_pair("hamming_distances", seen, met, first, volume);
  const auto row = volume_row(seen, first, volume);
  each_row(met, num_threads, [&](int y, const std::int64_t* mirrored) {
    GEOMVISION_KERNEL(hamming_row)(row, seen.row(y), mirrored, volume.at(y));
  });
}

#define GEOMVISION_INSTANTIATE(T) \
  template void census_transform<T>(ImageView<const T>, const std::string&, TensorView<std::int64_t, 2>, int)
GEOMVISION_FOR_IMAGE_TYPES(GEOMVISION_INSTANTIATE);
#undef GEOMVISION_INSTANTIATE

}  // namespace geomvision::ops
