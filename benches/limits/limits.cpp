// Measures what this machine can do at most, on 1 and on all threads, and prints it as JSON:
//
//     geomvision_limits [SECONDS for each figure, 0.25]
//
// Rates are the best of many short runs: a limit is what the machine can do, not what it did while others used it.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "geomvision/isa.hpp"
#include "geomvision/parallel.hpp"
#include "rates.hpp"

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t mebibyte = std::size_t{1} << 20;
volatile double sink;  // where results go, so that they are needed

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct FreeMemory {
  void operator()(std::uint64_t* memory) const { std::free(memory); }
};
using Buffer = std::unique_ptr<std::uint64_t[], FreeMemory>;

Buffer buffer(std::size_t bytes) {
  Buffer memory(static_cast<std::uint64_t*>(std::aligned_alloc(64, bytes)));
  if (!memory) throw std::bad_alloc();
  for (std::size_t i = 0; i < bytes / 8; ++i) memory[i] = i * 0x9e3779b97f4a7c15u;
  return memory;
}

// Work done per second by `threads` threads that each call `run(thread)`, which does `work` of it. Best of many.
double rate(int threads, double work, double seconds, const std::function<void(int thread)>& run) {
  double best = 0;
  const auto begin = Clock::now();
  do {
    const auto start = Clock::now();
    geomvision::parallel_for(threads, threads, [&](int first, int last) {
      for (int thread = first; thread < last; ++thread) run(thread);
    });
    best = std::max(best, threads * work / seconds_since(start));
  } while (seconds_since(begin) < seconds);
  return best;
}

void measure(int threads, double seconds, const char* indent) {
  using geomvision::limits::chains;
  const double lanes8 = GEOMVISION_KERNEL(vector_bytes)();
  constexpr long rounds = 500000;
  const double flops = rate(threads, 2.0 * rounds * chains * lanes8 / 4, seconds,
                            [&](int) { sink = GEOMVISION_KERNEL(multiply_add)(rounds, 0.999f, 0.001f); });
  const double lanes = rate(threads, 2.0 * rounds * chains * lanes8, seconds,
                            [&](int) { sink = GEOMVISION_KERNEL(minimum_add)(rounds, 3, 200); });
  constexpr int words = 256;
  const Buffer census = buffer(words * 8);
  const double pairs = rate(threads, 1e5 * words, seconds, [&](int) {
    sink = static_cast<double>(GEOMVISION_KERNEL(hamming)(100000, census.get(), words));
  });

  const auto read = [&, sum = GEOMVISION_KERNEL(read_bytes)](std::size_t bytes, int repeats) {
    std::vector<Buffer> sources;
    for (int thread = 0; thread < threads; ++thread) sources.push_back(buffer(bytes));
    return rate(threads, static_cast<double>(bytes) * repeats, seconds, [&](int thread) {
      const std::uint64_t* source = sources[static_cast<std::size_t>(thread)].get();
      for (int k = 0; k < repeats; ++k) sink = static_cast<double>(sum(source, bytes));
    });
  };
  const double l1 = read(mebibyte / 64, 20000), l2 = read(mebibyte / 4, 1000);
  const std::size_t large = 256 * mebibyte / static_cast<std::size_t>(threads);
  const double dram = read(large, 1);
  std::vector<Buffer> from, to;
  for (int thread = 0; thread < threads; ++thread) {
    from.push_back(buffer(large));
    to.push_back(buffer(large));
  }
  const double copy = rate(threads, 2.0 * static_cast<double>(large), seconds, [&](int thread) {
    const auto i = static_cast<std::size_t>(thread);
    GEOMVISION_KERNEL(copy_bytes)(from[i].get(), to[i].get(), large);
  });
  std::printf("%s\"fma_gflops\": %.1f,\n%s\"lanes8_gops\": %.1f,\n%s\"hamming_gpairs\": %.2f,\n", indent, flops / 1e9,
              indent, lanes / 1e9, indent, pairs / 1e9);
  std::printf("%s\"l1_read_gbs\": %.1f,\n%s\"l2_read_gbs\": %.1f,\n", indent, l1 / 1e9, indent, l2 / 1e9);
  std::printf("%s\"dram_read_gbs\": %.1f,\n%s\"dram_copy_gbs\": %.1f\n", indent, dram / 1e9, indent, copy / 1e9);
}

// Microseconds to hand an empty loop to the pool and wait for it.
double loop_start(int threads) {
  constexpr int loops = 2000;
  const double loops_per_second = rate(1, loops, 0.2, [&](int) {
    for (int k = 0; k < loops; ++k) geomvision::parallel_for(threads, threads, [](int, int) {});
  });
  return 1e6 / loops_per_second;
}

}  // namespace

int main(int count, char** arguments) {
  const double seconds = count > 1 ? std::atof(arguments[1]) : 0.25;
  if (!(seconds > 0)) {
    std::fprintf(stderr, "usage: %s [SECONDS for each figure, more than 0]\n", arguments[0]);
    return 2;
  }
  const int all = geomvision::resolve_threads(0);
  const std::vector<int> numbers = all > 1 ? std::vector<int>{1, all} : std::vector<int>{1};
  std::printf("{\n  \"threads\": %d,\n  \"loop_start_us\": %.1f,\n  \"instruction_sets\": {\n", all, loop_start(all));
  const std::vector<geomvision::Isa> sets = geomvision::available_isas();
  for (const geomvision::Isa set : sets) {
    setenv("GEOMVISION_ISA", geomvision::name(set), 1);
    geomvision::reread_isa();
    std::printf("    \"%s\": {\n", geomvision::name(set));
    for (const int threads : numbers) {
      std::printf("      \"%d\": {\n", threads);
      measure(threads, seconds, "        ");
      std::printf("      }%s\n", threads == numbers.back() ? "" : ",");
    }
    std::printf("    }%s\n", set == sets.back() ? "" : ",");
  }
  std::printf("  }\n}\n");
  return 0;
}
