#include "flow/median_network.hpp"

#include <cstddef>

namespace geomvision::flow {

std::vector<int> median_network(int count) {
  std::vector<int> sorting;
  int top = 1;
  while (2 * top < count) top *= 2;
  for (int p = top; p > 0 && count > 1; p /= 2) {
    int q = top;
    int r = 0;
    int d = p;
    while (true) {
      for (int i = 0; i < count - d; ++i) {
        if ((i & p) == r) sorting.insert(sorting.end(), {i, i + d});
      }
      if (q == p) break;
      d = q - p;
      q /= 2;
      r = p;
    }
  }
  std::vector<bool> needed(static_cast<std::size_t>(count), false);
  needed[static_cast<std::size_t>(count / 2)] = true;
  std::vector<int> reversed;
  for (std::size_t k = sorting.size(); k >= 2; k -= 2) {
    const auto low = static_cast<std::size_t>(sorting[k - 2]);
    const auto high = static_cast<std::size_t>(sorting[k - 1]);
    if (!needed[low] && !needed[high]) continue;
    needed[low] = needed[high] = true;
    reversed.insert(reversed.end(), {sorting[k - 1], sorting[k - 2]});
  }
  return {reversed.rbegin(), reversed.rend()};
}

}  // namespace geomvision::flow
