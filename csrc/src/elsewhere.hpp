#pragma once

#if defined(__linux__)
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace geomvision {

/// Keeps a thread that sleeps away from the core of whoever wakes it, until it is awake.
///
/// Some systems wake a thread on that very core, to let the others rest. There it stands still while its waker works,
/// for as long as a millisecond or two, and comes too late for most loops. Once awake it may run where it always might.
class Elsewhere {
 public:
#if defined(__linux__)
  /// Called by the thread before it sleeps.
  void lie_down() {
    if (thread_ == 0) thread_ = static_cast<pid_t>(syscall(SYS_gettid));
  }

  /// Called by whoever wakes it, before. Where the system refuses, or there is no other core, nothing changes.
  void send() {
    const int here = sched_getcpu();
    if (here < 0 || here >= CPU_SETSIZE || sched_getaffinity(thread_, sizeof allowed_, &allowed_) != 0) return;
    cpu_set_t others = allowed_;
    CPU_CLR(here, &others);
    sent_ = CPU_COUNT(&others) > 0 && sched_setaffinity(thread_, sizeof others, &others) == 0;
  }

  /// Called by the thread when it is awake.
  void get_up() {
    if (sent_) sched_setaffinity(0, sizeof allowed_, &allowed_);
    sent_ = false;
  }

 private:
  pid_t thread_ = 0;
  bool sent_ = false;
  cpu_set_t allowed_ = {};
#else
  void lie_down() {}
  void send() {}
  void get_up() {}
#endif
};

}  // namespace geomvision
