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

}  // namespace geomvision
