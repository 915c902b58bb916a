#pragma once

#include <functional>

namespace geomvision {

/// Number of threads meant by `num_threads`: itself, or the number of cores, found at the first call, when it is 0.
/// Throws std::invalid_argument when it is negative.
int resolve_threads(int num_threads);

/// Run `body(begin, end)` over pieces of [0, count) on at most `num_threads` threads (0: all cores) and wait.
///
/// Pieces hold at least `grain` indices and are handed out as threads become free, so `body` must not care which
/// thread gets which piece nor in which order. The first exception is rethrown here. Threads come from one small
/// pool; when it is busy (another caller, or a body that calls parallel_for) the calling thread does all the work.
/// Its threads look for another loop for about a millisecond, less where others want the cores, and then sleep.
void parallel_for(int count, int num_threads, const std::function<void(int begin, int end)>& body, int grain = 1);

/// Run `body(member, members)` for member = 0 ... members - 1, all at the same time, and wait: members may wait for
/// one another. There are `num_threads` of them (0: all cores), or only one where the pool is busy (see parallel_for).
///
/// An exception is rethrown here, yet a body that others wait for must not throw.
void parallel_team(int num_threads, const std::function<void(int member, int members)>& body);

}  // namespace geomvision
