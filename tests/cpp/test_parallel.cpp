#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <vector>

#include "each_run.hpp"
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

namespace {

struct Walker {
  std::vector<int> been;
  auto buffers() { return std::tie(been); }
};

}  // namespace

TEST_CASE("runs hand out every index once, and say where a thread goes on") {
  geomvision::Runs runs;
  for (const int threads : {1, 2, 3, 4, 8}) {
    for (const int count : {1, threads - 1, threads, 5, 48, 1000}) {
      std::vector<std::atomic<int>> visits(static_cast<std::size_t>(count));
      std::vector<Walker> walkers(static_cast<std::size_t>(threads));
      std::atomic<int> wrong{0};
      geomvision::each_run(count, threads, runs, walkers, [&](int index, Walker& walker, bool goes_on) {
        ++visits[static_cast<std::size_t>(index)];
        if (goes_on && (walker.been.empty() || walker.been.back() != index - 1)) ++wrong;
        walker.been.push_back(index);
      });
      CHECK(wrong == 0);
      CHECK(std::all_of(visits.begin(), visits.end(), [](const std::atomic<int>& n) { return n == 1; }));
    }
  }
}

TEST_CASE("a thread left alone takes the farther halves of the others' runs") {
  geomvision::Runs runs;
  runs.begin(8, 2);  // 0 ... 3 and 4 ... 7
  std::vector<int> order, starts;
  bool goes_on = false;
  for (int index = runs.next(0, goes_on); index >= 0; index = runs.next(0, goes_on)) {
    order.push_back(index);
    if (!goes_on) starts.push_back(index);
  }
  CHECK(order == std::vector<int>{0, 1, 2, 3, 6, 7, 5, 4});
  CHECK(starts == std::vector<int>{0, 6, 5, 4});
  CHECK(runs.next(1, goes_on) == -1);
}

TEST_CASE("runs begin only where they may") {
  geomvision::Runs runs;
  for (const int threads : {1, 2, 5}) {
    const auto begins = [&](int index) { return index % 3 == 0 || index * threads % 30 < threads; };
    runs.begin(30, threads);
    std::vector<int> visits(30);
    bool goes_on = false;
    for (int index = runs.next(0, begins, goes_on); index >= 0; index = runs.next(0, begins, goes_on)) {
      ++visits[static_cast<std::size_t>(index)];
      if (!goes_on) CHECK(begins(index));
    }
    CHECK(visits == std::vector<int>(30, 1));
  }
}

TEST_CASE("a negative number of threads is refused") {
  CHECK_THROWS_AS(parallel_for(1, -1, [](int, int) {}), std::invalid_argument);
}
