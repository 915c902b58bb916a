#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

// Fuzzing of the public C++ API. A target is one call with random arguments, and what must hold of its result:
//
//     FUZZ(sgm) {
//       SGMOptions options;
//       random.vary(options.max_disparity, {1, 16, 64});
//       ...
//       require(disparity(x, y) < options.max_disparity, "disparity beyond the range");
//     }
//
// A target may also throw std::invalid_argument; anything else that it throws, and whatever the sanitizers find, is a
// failure, and the seed that repeats it is printed.

namespace fuzz {

/// What a case found wrong.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void require(bool holds, const std::string& what) {
  if (!holds) throw Failure(what);
}

/// Numbers from a seed, the same on every machine (splitmix64, Steele et al., OOPSLA 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  int below(int count) { return static_cast<int>(bits() % static_cast<std::uint64_t>(count)); }
  int between(int low, int high) { return low + below(high - low + 1); }
  double unit() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  bool chance(double probability) { return unit() < probability; }
  template <typename T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[below(static_cast<int>(values.size()))];
  }

  /// A size: mostly small, often 1, sometimes large.
  int size(int large = 150) { return chance(0.15) ? 1 : between(1, chance(0.1) ? large : 40); }
  int threads() { return one_of({0, 1, 1, 2, 3, 8}); }

  /// Mostly leave an option or take a usual value; rarely one that nobody should give.
  template <typename T, typename U>
  void vary(T& option, std::initializer_list<U> usual) {
    if (chance(0.4)) return;
    option = chance(0.96) ? static_cast<T>(one_of(usual)) : strange(option);
  }

 private:
  bool strange(const bool& now) { return !now; }
  int strange(const int&) {
    constexpr int least = std::numeric_limits<int>::min(), most = std::numeric_limits<int>::max();
    return one_of({least, least + 1, -1000, -2, -1, 0, 1, 2, 3, 255, 256, 65536, most - 1, most});
  }
  float strange(const float&) { return static_cast<float>(strange(0.0)); }
  double strange(const double&) {
    const double infinity = std::numeric_limits<double>::infinity();
    return one_of({std::nan(""), infinity, -infinity, -1.0, 0.0, 1e-30, 1e30, 255.5});
  }
  std::string strange(const std::string&) { return one_of<const char*>({"", "nonsense", "SAD", "9x7 "}); }

  std::uint64_t state_;
};

using Run = void (*)(Random& random);

struct Target {
  const char* name;
  Run run;
};

/// Every target of this program.
std::vector<Target>& targets();

struct Registered {
  Registered(const char* name, Run run) { targets().push_back({name, run}); }
};

}  // namespace fuzz

/// Define a target; `random` is its argument.
#define FUZZ(name)                                                       \
  static void fuzz_##name(::fuzz::Random& random);                       \
  static const ::fuzz::Registered registered_##name(#name, fuzz_##name); \
  static void fuzz_##name(::fuzz::Random& random)
