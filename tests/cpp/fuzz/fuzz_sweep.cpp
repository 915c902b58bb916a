#include <cmath>
#include <vector>

#include "canvas.hpp"
#include "geomvision/depth/plane_sweep.hpp"

namespace gv = geomvision;
using fuzz::Block;
using fuzz::Canvas;
using fuzz::Random;
using fuzz::require;

FUZZ(plane_sweep) {
  gv::depth::PlaneSweepOptions options;
  random.vary(options.p1, {0, 24});
  random.vary(options.p2, {24, 180, 192});
  random.vary(options.contrast, {0.0, 0.15, 1.0});
  random.vary(options.min_parallax, {0.0, 3.0});
  random.vary(options.speckle, {0, 1, 50});
  options.num_threads = random.threads();
  gv::depth::PlaneSweep sweep(options);
  const int width = random.size(), height = random.size();
  const Canvas<std::uint8_t> reference(random, width, height);
  Block<float, 3> rays(random, {3, height, width}, -1, 1);
  std::vector<Canvas<std::uint8_t>> images, masks;
  const int count = random.one_of({1, 1, 2, 3, 7});
  for (int s = 0; s < count; ++s) {
    images.emplace_back(random, random.size(), random.size());
    const auto size = images.back().view();
    masks.emplace_back(random, size.width(), size.height());
  }
  std::vector<gv::depth::SweepSource> sources;
  for (int s = 0; s < count; ++s) {
    gv::depth::SweepSource source{images[static_cast<std::size_t>(s)].view(), {}, {}};
    for (float& value : source.M) value = static_cast<float>(100 * random.unit() - 30);
    for (float& value : source.b) value = static_cast<float>(100 * random.unit() - 50);
    if (random.chance(0.1)) source.M[8] = static_cast<float>(random.one_of({std::nan(""), 0.0, 1e30}));
    if (random.chance(0.3)) source.known = masks[static_cast<std::size_t>(s)].view();
    sources.push_back(source);
  }
  const gv::depth::SweepPlanes planes{random.one_of({0.0, 0.1, 3.0}), random.one_of({0.01, 0.1, 2.0, -1.0}),
                                      random.one_of({3, 4, 17, 64, 65, 130})};
  Canvas<float> q(random, width, height), margin(random, width, height);
  sweep(reference.view(), rays.read(), sources, planes, q.view(), margin.view());
  q.require_untouched_gaps();
  margin.require_untouched_gaps();
  const double last = planes.first + planes.step * (planes.count - 1);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      require(margin.at(x, y) >= 0 && margin.at(x, y) <= 1, "a margin beyond 0 ... 1");
      const bool none = std::isnan(q.at(x, y));
      require(none || (q.at(x, y) >= planes.first && q.at(x, y) <= last * 1.000001), "a depth between no planes");
      require(!none || margin.at(x, y) == 0, "a margin without an estimate");
    }
  }
}
