#include "geomvision/parallel.hpp"

#include <algorithm>
#include <atomic>
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

// One loop: its body and the indices not yet handed out.
struct Job {
  const std::function<void(int, int)>* body;
  int count;
  int piece;
  std::atomic<std::int64_t> next{0};  // runs beyond `count` by a piece for each thread
  std::atomic<bool> failed{false};
  std::exception_ptr error;
  std::mutex error_mutex;

  void work() {
    while (!failed.load(std::memory_order_relaxed)) {
      const std::int64_t begin = next.fetch_add(piece);
      if (begin >= count) return;
      try {
        (*body)(static_cast<int>(begin), static_cast<int>(std::min<std::int64_t>(count, begin + piece)));
      } catch (...) {
        const std::lock_guard<std::mutex> lock(error_mutex);
        if (!error) error = std::current_exception();
        failed = true;
      }
    }
  }
};

class Pool {
 public:
  explicit Pool(long process) : process_(process) {}
  ~Pool() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  long process() const { return process_; }

  // Whether the job was done here; false when the pool is busy with another one.
  bool run(Job& job, int helpers) {
    const std::unique_lock<std::mutex> owner(owner_, std::try_to_lock);
    if (!owner.owns_lock()) return false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      while (static_cast<int>(threads_.size()) < helpers) threads_.emplace_back([this] { serve(); });
      job_ = &job;
      wanted_ = helpers;
      ++generation_;
    }
    wake_.notify_all();
    job.work();
    std::unique_lock<std::mutex> lock(mutex_);
    wanted_ = 0;  // helpers that have not woken yet need not start
    done_.wait(lock, [this] { return active_ == 0; });
    job_ = nullptr;
    return true;
  }

 private:
  void serve() {
    long seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      wake_.wait(lock, [&] { return stopping_ || (generation_ != seen && wanted_ > 0); });
      if (stopping_) return;
      seen = generation_;
      --wanted_;
      ++active_;
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
  long generation_ = 0;
  int wanted_ = 0;
  int active_ = 0;
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

thread_local bool inside_loop = false;

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
  Job job;
  job.count = count;
  job.piece = std::max({1, grain, static_cast<int>(count / (std::int64_t{4} * threads))});
  const std::function<void(int, int)> guarded = [&body](int begin, int end) {
    inside_loop = true;
    try {
      body(begin, end);
    } catch (...) {
      inside_loop = false;
      throw;
    }
    inside_loop = false;
  };
  job.body = &guarded;
  if (!pool().run(job, threads - 1)) {
    body(0, count);
    return;
  }
  if (job.error) std::rethrow_exception(job.error);
}

}  // namespace geomvision
