#pragma once

#include <cstddef>
#include <new>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace geomvision::bindings {

/// Memory of results that nobody holds any more, for the next results of about their size: fresh memory comes from the
/// system page by page and filled with zeros, which takes longer than many a kernel that writes it.
///
/// At most `most_bytes` wait here; those that came last stay. On Linux the system may take what waits as soon as it is
/// short of memory. Everything here is called with the GIL held, which is all the locking there is.
class RecycledMemory {
 public:
  static constexpr std::size_t least_bytes = std::size_t{1} << 20;  // smaller ones are recycled by malloc
  static constexpr std::size_t most_bytes = std::size_t{512} << 20;

  struct Block {
    void* data = nullptr;
    std::size_t bytes = 0;
  };

  /// At least `bytes` that begin on a page, whatever they hold: the smallest block that waits and is not more than an
  /// eighth too large, or a new one. Throws std::bad_alloc.
  Block take(std::size_t bytes) {
    auto best = waiting_.end();
    for (auto block = waiting_.begin(); block != waiting_.end(); ++block) {
      const bool fits = block->bytes >= bytes && block->bytes - bytes <= bytes / 8;
      if (fits && (best == waiting_.end() || block->bytes <= best->bytes)) best = block;
    }
    if (best == waiting_.end()) return fresh(bytes);
    const Block found = *best;
    waiting_.erase(best);
    waiting_bytes_ -= found.bytes;
    return found;
  }

  /// Hand a block back.
  void give_back(const Block& block) noexcept {
    if (block.bytes > most_bytes || !keep(block)) return release(block);
    while (waiting_bytes_ > most_bytes) {
      const Block oldest = waiting_.front();
      waiting_.erase(waiting_.begin());
      waiting_bytes_ -= oldest.bytes;
      release(oldest);
    }
  }

  /// Let go of all that waits.
  void forget() noexcept {
    for (const Block& block : std::exchange(waiting_, {})) release(block);
    waiting_bytes_ = 0;
  }

  std::size_t waiting_bytes() const { return waiting_bytes_; }

 private:
  // Huge pages are cleared faster and looked up less often; small blocks would waste too much of them.
  static constexpr std::size_t huge_page = std::size_t{2} << 20, small_page = std::size_t{4} << 10;
  static std::size_t page(std::size_t bytes) { return bytes < 4 * huge_page ? small_page : huge_page; }

  static Block fresh(std::size_t least) {
    const std::size_t bytes = (least + page(least) - 1) / page(least) * page(least);
    const Block block{::operator new(bytes, std::align_val_t{page(bytes)}), bytes};
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (page(bytes) == huge_page) madvise(block.data, bytes, MADV_HUGEPAGE);  // where it is refused, others do
#endif
    return block;
  }

  static void release(const Block& block) noexcept {
    ::operator delete(block.data, std::align_val_t{page(block.bytes)});
  }

  bool keep(const Block& block) noexcept {
    try {
      waiting_.push_back(block);
    } catch (const std::bad_alloc&) {
      return false;
    }
#if defined(__linux__) && defined(MADV_FREE)
    madvise(block.data, block.bytes, MADV_FREE);  // where it is refused, it stays until it is taken
#endif
    waiting_bytes_ += block.bytes;
    return true;
  }

  std::vector<Block> waiting_;
  std::size_t waiting_bytes_ = 0;
};

/// The one of the process. It is never destroyed: arrays may outlive everything else.
inline RecycledMemory& recycled_memory() {
  static auto& memory = *new RecycledMemory;
  return memory;
}

}  // namespace geomvision::bindings
