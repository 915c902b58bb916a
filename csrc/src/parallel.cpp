#include "geomvision/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

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

// What several threads do at once.
class Job {
 public:
  virtual ~Job() = default;
  virtual void work() noexcept = 0;
  virtual bool needs_everyone() const { return false; }

  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 protected:
  // Runs `part`; keeps the first exception for the caller. Returns whether it ended well.
  template <typename Part>
  bool guarded(const Part& part) noexcept {
    const bool outside = !inside_loop;
    inside_loop = true;
    bool well = true;
    try {
      part();
    } catch (...) {
      const std::lock_guard<std::mutex> lock(error_mutex_);
      if (!error_) error_ = std::current_exception();
      well = false;
    }
    if (outside) inside_loop = false;
    return well;
  }

 private:
  std::exception_ptr error_;
  std::mutex error_mutex_;
};

// A loop: its body and the indices not yet handed out.
class Loop : public Job {
 public:
  Loop(const std::function<void(int, int)>& body, int count, int piece) : body_(body), count_(count), piece_(piece) {}

  void work() noexcept override {
    while (!failed_.load(std::memory_order_relaxed)) {
      const std::int64_t begin = next_.fetch_add(piece_);
      if (begin >= count_) return;
      const std::int64_t end = std::min<std::int64_t>(count_, begin + piece_);
      if (!guarded([&] { body_(static_cast<int>(begin), static_cast<int>(end)); })) failed_ = true;
    }
  }

 private:
  const std::function<void(int, int)>& body_;
  const int count_, piece_;
  std::atomic<std::int64_t> next_{0};  // runs beyond `count` by a piece for each thread
  std::atomic<bool> failed_{false};
};

// A team: every member takes part, at the same time.
class Team : public Job {
 public:
  Team(const std::function<void(int, int)>& body, int members) : body_(body), members_(members) {}

  void work() noexcept override {
    const int member = next_.fetch_add(1);
    guarded([&] { body_(member, members_); });
  }
  bool needs_everyone() const override { return true; }

 private:
  const std::function<void(int, int)>& body_;
  const int members_;
  std::atomic<int> next_{0};
};

// Look for a while whether `come` holds, before the slower way of waiting: putting a thread to sleep and waking it
// takes longer than many a loop.
template <typename Condition>
bool soon(const Condition& come) {
  static const bool others_run = std::thread::hardware_concurrency() > 1;
  const auto start = std::chrono::steady_clock::now();
  while (others_run && std::chrono::steady_clock::now() - start < std::chrono::microseconds(40)) {
    for (int looks = 0; looks < 16; ++looks) {
      if (come()) return true;
#if defined(__x86_64__) || defined(__i386__)
      __builtin_ia32_pause();
#endif
    }
  }
  return come();
}

class Pool {
 public:
  explicit Pool(long process) : process_(process) {}
  ~Pool() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
      ++generation_;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  long process() const { return process_; }

  // Whether the job was done here; false when the pool is busy with another one.
  bool run(Job& job, int helpers) {
    const std::unique_lock<std::mutex> owner(owner_, std::try_to_lock);
    if (!owner.owns_lock()) return false;
    bool asleep = false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      while (static_cast<int>(threads_.size()) < helpers) threads_.emplace_back([this] { serve(); });
      job_ = &job;
      wanted_ = helpers;
      ++generation_;
      asleep = sleeping_ > 0;
    }
    if (asleep) wake_.notify_all();
    job.work();
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!job.needs_everyone()) wanted_ = 0;  // helpers that have not woken yet need not start
    }
    const auto finished = [this] { return active_ == 0 && wanted_ == 0; };
    soon(finished);
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, finished);
    job_ = nullptr;
    return true;
  }

 private:
  void serve() {
    long seen = 0;
    while (true) {
      soon([&] { return generation_ != seen; });
      std::unique_lock<std::mutex> lock(mutex_);
      ++sleeping_;
      wake_.wait(lock, [&] { return stopping_ || (generation_ != seen && wanted_ > 0); });
      --sleeping_;
      if (stopping_) return;
      seen = generation_;
      ++active_;
      --wanted_;
      Job* job = job_;
      lock.unlock();
      job->work();
      lock.lock();
      if (--active_ == 0) done_.notify_all();
    }
  }

  const long process_;
  std::mutex owner_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::vector<std::thread> threads_;
  Job* job_ = nullptr;
  // changed under the mutex only; looked at without it
  std::atomic<long> generation_{0};
  std::atomic<int> wanted_{0};
  std::atomic<int> active_{0};
  int sleeping_ = 0;
  bool stopping_ = false;
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
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
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
  Loop loop(body, count, std::max({1, grain, static_cast<int>(count / (std::int64_t{4} * threads))}));
  if (!pool().run(loop, threads - 1)) {
    body(0, count);
    return;
  }
  loop.rethrow();
}

void parallel_team(int num_threads, const std::function<void(int, int)>& body) {
  const int members = resolve_threads(num_threads);
  if (members > 1 && !inside_loop) {
    Team team(body, members);
    if (pool().run(team, members - 1)) return team.rethrow();
  }
  body(0, 1);
}

}  // namespace geomvision
