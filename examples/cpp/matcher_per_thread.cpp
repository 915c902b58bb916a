// A pipeline with one matcher per thread: frames come from a queue, results keep their place, nothing is shared.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <geomvision/stereo/block_matching.hpp>
#include <iostream>
#include <thread>
#include <vector>

namespace gv = geomvision;

struct Frame {
  gv::Image<std::uint8_t> left, right;
};

// Stands for a recording: frame i shows random dots, the right view 4 + i pixels to the left of the left one.
Frame read(int i) {
  Frame frame{{160, 120}, {160, 120}};
  std::uint32_t state = 1u + static_cast<std::uint32_t>(i);
  for (int y = 0; y < 120; ++y) {
    for (int x = 0; x < 160; ++x) {
      frame.left(x, y) = static_cast<std::uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
    }
    for (int x = 0; x < 160; ++x) frame.right(x, y) = frame.left((x + 4 + i) % 160, y);
  }
  return frame;
}

int main() {
  const int frames = 12;
  std::vector<gv::Image<float>> disparities(frames);
  std::atomic<int> next{0};
  const auto work = [&] {
    gv::stereo::BlockMatchingOptions options;
    options.max_disparity = 32;
    options.num_threads = 1;  // the frames are what runs in parallel
    gv::stereo::BlockMatching matcher(options);
    for (int i = next++; i < frames; i = next++) {
      const Frame frame = read(i);
      disparities[i] = matcher(frame.left.view(), frame.right.view());
    }
  };
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < std::max(1u, std::thread::hardware_concurrency()); ++t) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < frames; ++i) std::cout << (i ? " " : "") << disparities[i](80, 60);
  std::cout << "\n";
}
