#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

#include "geomvision/parallel.hpp"

using geomvision::parallel_for;

TEST_CASE("every index is visited once, whatever the number of threads") {
  for (const int threads : {1, 2, 3, 8}) {
    for (const int count : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> visits(static_cast<std::size_t>(count));
      parallel_for(count, threads, [&](int begin, int end) {
        for (int i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
      });
      for (const auto& visit : visits) CHECK(visit == 1);
    }
  }
}

TEST_CASE("a loop may run to the largest int") {
  constexpr int most = std::numeric_limits<int>::max();
  for (const int grain : {1, most / 3}) {
    std::atomic<std::int64_t> visited{0};
    parallel_for(most, 2, [&](int begin, int end) { visited += std::int64_t{end} - begin; }, grain);
    CHECK(visited == most);
  }
}

TEST_CASE("an exception in the body reaches the caller, and the pool lives on") {
  CHECK_THROWS_AS(parallel_for(100, 4,
                               [](int begin, int end) {
                                 if (begin <= 50 && 50 < end) throw std::runtime_error("fifty");
                               }),
                  std::runtime_error);
  std::atomic<int> sum{0};
  parallel_for(100, 4, [&](int begin, int end) { sum += end - begin; });
  CHECK(sum == 100);
}

TEST_CASE("a loop inside a loop and loops of several callers finish") {
  std::atomic<int> sum{0};
  parallel_for(8, 4, [&](int begin, int end) {
    for (int i = begin; i < end; ++i) parallel_for(10, 4, [&](int b, int e) { sum += e - b; });
  });
  CHECK(sum == 80);
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int k = 0; k < 200; ++k) parallel_for(16, 4, [&](int b, int e) { sum += e - b; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(sum == 80 + 4 * 200 * 16);
}

TEST_CASE("loops, small and large in turn, find helpers that look, that sleep, and that are not there yet") {
  for (int round = 0; round < 6; ++round) {
    for (const int threads : {2, 12, 3, 7}) {
      for (const int count : {1000, threads}) {
        std::atomic<int> sum{0};
        parallel_for(count, threads, [&](int begin, int end) {
          for (int i = begin; i < end; ++i) sum += i;
        });
        CHECK(sum == (count - 1) * count / 2);
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(round));  // for longer than helpers look
  }
}

TEST_CASE("a negative number of threads is refused") {
  CHECK_THROWS_AS(parallel_for(1, -1, [](int, int) {}), std::invalid_argument);
}
