#include "geomvision/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "elsewhere.hpp"
#include "geomvision/check.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace geomvision {
namespace {

long process_id() {
#if defined(__unix__) || defined(__APPLE__)
  return static_cast<long>(getpid());
#else
  return 0;
#endif
}

thread_local bool inside_loop = false;

// A loop: its body and the indices not yet handed out. The first pieces are large; the last are small, so that threads
// end at about the same time, however late some of them begin.
class Loop {
 public:
  Loop(const std::function<void(int, int)>& body, int count, int threads, int grain)
      : body_(body),
        count_(count),
        share_(std::int64_t{2} * threads),
        least_(std::max(std::int64_t{grain}, count / (8 * share_))) {}

  void work() noexcept {
    const bool outside = !inside_loop;
    inside_loop = true;
    std::int64_t begin = next_;
    while (begin < count_ && !failed_.load(std::memory_order_relaxed)) {
      const std::int64_t end = std::min(count_, begin + std::max(least_, (count_ - begin) / share_));
      if (!next_.compare_exchange_weak(begin, end)) continue;
      try {
        body_(static_cast<int>(begin), static_cast<int>(end));
      } catch (...) {
        const std::lock_guard<std::mutex> lock(error_mutex_);
        if (!error_) error_ = std::current_exception();
        failed_ = true;
      }
      begin = next_;
    }
    if (outside) inside_loop = false;
  }

  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  const std::function<void(int, int)>& body_;
  const std::int64_t count_, share_, least_;
  std::atomic<std::int64_t> next_{0};
  std::atomic<bool> failed_{false};
  std::exception_ptr error_;  // the first one
  std::mutex error_mutex_;
};

// Lets a thread wait: it looks for a while, since waking takes longer than many a loop; then it sleeps. Helpers wake on
// another core than whoever wakes them.
class Sleeper {
 public:
  explicit Sleeper(bool helper) : helper_(helper) {}

  // Until `come` holds. Whoever makes it hold calls `wake` afterwards.
  template <typename Condition>
  void wait_until(const Condition& come) {
    while (!look(come)) {
      std::unique_lock<std::mutex> lock(mutex_);
      if (helper_) elsewhere_.lie_down();
      asleep_ = true;  // from now on it is woken; whatever came before is seen here
      const bool came = come();
      if (!came) woken_.wait(lock, [this] { return !asleep_; });
      asleep_ = false;
      if (helper_) elsewhere_.get_up();
      if (came) return;
    }
  }

  bool asleep() const { return asleep_; }

  void wake() {
    if (!asleep_) return;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!asleep_) return;  // it saw by itself what came
      if (helper_) elsewhere_.send();
      asleep_ = false;
    }
    woken_.notify_one();
  }

 private:
  using Clock = std::chrono::steady_clock;

  // Between long looks others may have this core. Where some take it for long, whoever wakes is served sooner than
  // whoever looks: for a while nobody then looks for long.
  template <typename Condition>
  static bool look(const Condition& come) {
    const auto start = Clock::now();
    const bool crowded = start < crowded_until_.load(std::memory_order_relaxed);
    const std::chrono::microseconds patience(crowded ? 40 : 1000), long_turn(300), while_crowded(100'000);
    for (auto now = start; now - start < patience;) {
      for (int looks = 0; looks < 100; ++looks) {
        if (come()) return true;
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#endif
      }
      const auto before = Clock::now();
      if (!crowded) std::this_thread::yield();
      now = Clock::now();
      if (now - before > long_turn) crowded_until_ = now + while_crowded;
    }
    return come();
  }

  inline static std::atomic<Clock::time_point> crowded_until_{Clock::time_point()};
  const bool helper_;
  Elsewhere elsewhere_;  // guarded by the mutex
  std::mutex mutex_;
  std::condition_variable woken_;
  std::atomic<bool> asleep_{false};
};

class Pool {
 public:
  explicit Pool(long process) : process_(process) {}

  long process() const { return process_; }

  // Whether the loop was run here; false when the pool is busy with another one.
  bool run(Loop& loop, int helpers) {
    const std::unique_lock<std::mutex> owner(owner_, std::try_to_lock);
    if (!owner.owns_lock()) return false;
    while (static_cast<int>(helpers_.size()) < helpers) {
      auto helper = std::make_unique<Sleeper>(true);
      threads_.emplace_back([this, &self = *helper] { serve(self); });
      helpers_.push_back(std::move(helper));
    }
    loop_ = &loop;
    places_ = helpers * one_free;
    wake(helpers);
    loop.work();
    places_ &= one_free - 1;  // who has not begun by now need not
    caller_.wait_until([this] { return places_ == 0; });
    return true;
  }

 private:
  static constexpr std::int64_t one_taken = 1, one_free = std::int64_t{1} << 32;

  // Those who are awake come by themselves.
  void wake(int wanted) {
    for (const auto& helper : helpers_) wanted -= helper->asleep() ? 0 : 1;
    for (const auto& helper : helpers_) {
      if (wanted <= 0) return;
      if (!helper->asleep()) continue;
      helper->wake();
      --wanted;
    }
  }

  [[noreturn]] void serve(Sleeper& self) {
    while (true) {
      self.wait_until([this] { return take_place(); });
      loop_->work();
      if (places_.fetch_sub(one_taken) == one_taken) caller_.wake();
    }
  }

  bool take_place() {
    std::int64_t places = places_;
    while (places >= one_free) {
      if (places_.compare_exchange_weak(places, places - one_free + one_taken)) return true;
    }
    return false;
  }

  const long process_;
  std::mutex owner_;
  std::vector<std::unique_ptr<Sleeper>> helpers_;
  std::vector<std::thread> threads_;
  Sleeper caller_{false};
  Loop* loop_ = nullptr;  // while there are places
  // Of the loop: free ones, for helpers to take, in units of `one_free`, and taken ones.
  alignas(64) std::atomic<std::int64_t> places_{0};
};

// A forked child has none of its parent's threads: it leaves the parent's pool alone and makes its own. Nothing is
// locked here, since a thread of the parent that holds the lock at the fork would never release the child's.
Pool& pool() {
  static std::atomic<Pool*> current{nullptr};
  Pool* found = current.load();
  if (found != nullptr && found->process() == process_id()) return *found;
  Pool* made = new Pool(process_id());  // lives as long as the process: its threads are not joined at its end
  if (current.compare_exchange_strong(found, made)) return *made;
  delete made;  // another thread of this process was faster
  return *found;
}

}  // namespace

int resolve_threads(int num_threads) {
  check(num_threads >= 0, "num_threads is ", num_threads, "; allowed is 0 (all cores) or more");
  static const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));  // takes long to tell
  return num_threads == 0 ? cores : num_threads;
}

void parallel_for(int count, int num_threads, const std::function<void(int, int)>& body, int grain) {
  if (count <= 0) return;
  const int largest_useful = std::max(1, count / std::max(1, grain));
  const int threads = std::min(resolve_threads(num_threads), largest_useful);
  if (threads == 1 || inside_loop) {
    body(0, count);
    return;
  }
  Loop loop(body, count, threads, std::max(1, grain));
  if (!pool().run(loop, threads - 1)) {
    body(0, count);
    return;
  }
  loop.rethrow();
}

}  // namespace geomvision
