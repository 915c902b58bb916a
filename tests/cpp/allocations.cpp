#include "allocations.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t header = alignof(std::max_align_t);  // holds the size of what follows

std::atomic<long> count{0}, held{0}, peak{0}, start{0};

}  // namespace

long allocations() { return count; }
long peak_bytes() { return peak - start; }
void forget_peak() {
  start = held.load();
  peak = held.load();
}

void* operator new(std::size_t size) {
  ++count;
  auto* memory = static_cast<char*>(std::malloc(size + header));
  if (memory == nullptr) throw std::bad_alloc();
  *reinterpret_cast<std::size_t*>(memory) = size;
  const long now = held += static_cast<long>(size);
  for (long before = peak; before < now && !peak.compare_exchange_weak(before, now);) {
  }
  return memory + header;
}
void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  char* start_of = static_cast<char*>(memory) - header;
  held -= static_cast<long>(*reinterpret_cast<std::size_t*>(start_of));
  std::free(start_of);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
