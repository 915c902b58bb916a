#pragma once

#include <vector>

namespace geomvision::flow {

/// Compare-exchanges (pairs i, j: the smaller value goes to i) that bring the median of `count` values to index
/// count / 2: Batcher's merge exchange (Knuth, The Art of Computer Programming, 5.2.2 M) without what the median
/// does not need.
std::vector<int> median_network(int count);

}  // namespace geomvision::flow
