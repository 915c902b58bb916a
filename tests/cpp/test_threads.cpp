// Several callers at once, and a fork among them. `make tsan` runs this file and test_parallel.cpp for races.

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#include "geomvision/flow/lucas_kanade.hpp"
#include "geomvision/flow/track_points.hpp"
#include "geomvision/parallel.hpp"
#include "geomvision/stereo/block_matching.hpp"
#include "geomvision/stereo/sgm.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace gv = geomvision;

namespace {

gv::Image<std::uint8_t> texture(int width, int height, int shift) {
  gv::Image<std::uint8_t> image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto u = static_cast<unsigned>(x + shift), v = static_cast<unsigned>(y);
      image(x, y) = static_cast<std::uint8_t>((u * u * 31 + v * u * 17 + v * 101) >> 2);
    }
  }
  return image;
}

gv::Image<float> floats(const gv::Image<std::uint8_t>& image) {
  gv::Image<float> values(image.width(), image.height());
  for (int i = 0; i < image.width() * image.height(); ++i) values.data()[i] = image.data()[i];
  return values;
}

bool same(const gv::Image<float>& a, const gv::Image<float>& b) {
  const auto bytes = sizeof(float) * static_cast<std::size_t>(a.width()) * static_cast<std::size_t>(a.height());
  return a.width() == b.width() && a.height() == b.height() && std::memcmp(a.data(), b.data(), bytes) == 0;
}

// Run `work` on `callers` threads at once.
void at_once(int callers, const std::function<void(int caller)>& work) {
  std::vector<std::thread> threads;
  for (int caller = 0; caller < callers; ++caller) threads.emplace_back(work, caller);
  for (std::thread& thread : threads) thread.join();
}

constexpr int width = 61, height = 37, callers = 3, rounds = 3;

}  // namespace

TEST_CASE("matchers of several threads give what one gives") {
  const auto left = texture(width, height, 3), right = texture(width, height, 0);
  gv::stereo::SGMOptions sgm;
  sgm.max_disparity = 16;
  sgm.num_threads = 4;
  sgm.fill = "background";
  gv::stereo::BlockMatchingOptions blocks;
  blocks.max_disparity = 16;
  blocks.num_threads = 4;
  const gv::Image<float> by_sgm = gv::stereo::SGM(sgm)(left, right);
  const gv::Image<float> by_blocks = gv::stereo::BlockMatching(blocks)(left, right);
  std::atomic<int> wrong{0};
  at_once(callers, [&](int) {
    gv::stereo::SGM first(sgm);
    gv::stereo::BlockMatching second(blocks);
    for (int round = 0; round < rounds; ++round) {
      if (!same(first(left, right), by_sgm) || !same(second(left, right), by_blocks)) ++wrong;
    }
  });
  CHECK(wrong == 0);
}

TEST_CASE("flow of several threads is what one computes") {
  const auto frame0 = floats(texture(width, height, 0)), frame1 = floats(texture(width, height, 1));
  gv::flow::LucasKanadeOptions dense;
  dense.num_threads = 4;
  gv::flow::TrackOptions sparse;
  sparse.num_threads = 4;
  std::vector<gv::flow::Point> points;
  for (int i = 0; i < 40; ++i) points.push_back({5.0 + i, 4.0 + i % 29});
  const gv::Image<gv::flow::Vec2f> expected = gv::flow::LucasKanade(dense)(frame0, frame1);
  const auto tracks = gv::flow::track_points(frame0, frame1, points, sparse);
  std::atomic<int> wrong{0};
  at_once(callers, [&](int) {
    gv::flow::LucasKanade method(dense);
    for (int round = 0; round < rounds; ++round) {
      const auto flow = method(frame0, frame1);
      if (std::memcmp(flow.data(), expected.data(), sizeof(gv::flow::Vec2f) * width * height) != 0) ++wrong;
      const auto again = gv::flow::track_points(frame0, frame1, points, sparse);
      if (std::memcmp(again.data(), tracks.data(), sizeof(tracks[0]) * tracks.size()) != 0) ++wrong;
    }
  });
  CHECK(wrong == 0);
}

#if defined(__unix__) || defined(__APPLE__)
TEST_CASE("a child forked while others use the pool has its own, and finishes") {
  std::atomic<bool> stop{false};
  std::vector<std::thread> others;  // with loops this short, one of them is asking for the pool at nearly every fork
  for (int k = 0; k < 3; ++k) {
    others.emplace_back([&] {
      while (!stop) gv::parallel_for(2, 2, [](int, int) {});
    });
  }
  for (int child = 0; child < 300; ++child) {
    const pid_t process = fork();
    if (process == 0) {
      alarm(60);  // a child that waits for a thread it does not have is killed, and fails
      std::atomic<int> sum{0};
      gv::parallel_for(64, 4, [&](int begin, int end) { sum += end - begin; });
      _exit(sum == 64 ? 0 : 1);
    }
    REQUIRE(process > 0);
    int status = 0;
    REQUIRE(waitpid(process, &status, 0) == process);
    CHECK(WIFEXITED(status));
    CHECK((WIFEXITED(status) ? WEXITSTATUS(status) : -1) == 0);
  }
  stop = true;
  for (std::thread& other : others) other.join();
}
#endif
