#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace geomvision::bindings {

/// Matchers that wait for the next call with the same options, so that it finds their memory ready.
///
/// A matcher is taken out while it works: calls at the same time have one each. At most `most_matchers` are kept, and
/// of those no more than have seen `most_pixels` in all; the ones used last stay. So images of more than 4 megapixels
/// leave nothing behind.
template <typename Matcher>
class MatcherCache {
 public:
  static constexpr std::size_t most_matchers = 4;
  static constexpr std::int64_t most_pixels = std::int64_t{4} << 20;

  /// A matcher of these options; `make` is called where none waits.
  template <typename Make>
  std::unique_ptr<Matcher> take(const std::string& options, const Make& make) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (auto waiting = waiting_.begin(); waiting != waiting_.end(); ++waiting) {
        if (waiting->options != options) continue;
        auto found = std::move(waiting->matcher);
        waiting_.erase(waiting);
        return found;
      }
    }
    return make();
  }

  /// Keep a matcher that has worked on an image of so many pixels.
  void give_back(const std::string& options, std::unique_ptr<Matcher> matcher, std::int64_t pixels) {
    std::vector<Waiting> dropped;  // destroyed after the lock
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.insert(waiting_.begin(), {options, std::move(matcher), pixels});
    std::int64_t seen = 0;
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      seen += waiting_[i].pixels;
      if (i < most_matchers && seen <= most_pixels) continue;
      for (std::size_t k = i; k < waiting_.size(); ++k) dropped.push_back(std::move(waiting_[k]));
      waiting_.resize(i);
    }
  }

  /// Let go of all that waits.
  void forget() {
    std::vector<Waiting> dropped;
    const std::lock_guard<std::mutex> lock(mutex_);
    dropped.swap(waiting_);
  }

 private:
  struct Waiting {
    std::string options;
    std::unique_ptr<Matcher> matcher;
    std::int64_t pixels = 0;
  };

  std::mutex mutex_;
  std::vector<Waiting> waiting_;
};

/// The one cache of a kind of matcher; it lives as long as the process.
template <typename Matcher>
MatcherCache<Matcher>& matcher_cache() {
  static auto& cache = *new MatcherCache<Matcher>;
  return cache;
}

}  // namespace geomvision::bindings
