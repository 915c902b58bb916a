#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace geomvision::bindings {

/// Memory of results that nobody holds any more, for the next results of about their size: fresh memory comes from the
/// system page by page and filled with zeros, which takes longer than many a kernel that writes it.
///
/// Blocks consist of huge pages as far as they fill three quarters of the last: those are cleared, looked up and
/// offered to the system many times faster than small ones. At most `most_bytes` wait here; those that came last stay.
/// On Linux the system may take huge pages that wait as soon as it is short of memory. Small pages stay, since offering
/// them takes longer than writing them: at most `most_small_bytes`. Everything here is called with the GIL held, which
/// is all the locking there is.
class RecycledMemory {
 public:
  static constexpr std::size_t least_bytes = std::size_t{128} << 10;  // malloc recycles smaller ones by itself
  static constexpr std::size_t most_bytes = std::size_t{512} << 20, most_small_bytes = std::size_t{32} << 20;

  struct Block {
    void* data = nullptr;
    std::size_t bytes = 0;
  };

  /// At least `least` bytes that begin on a page, whatever they hold: the smallest block that waits and is not more
  /// than an eighth larger than a new one, or a new one. Throws std::bad_alloc.
  Block take(std::size_t least) {
    const std::size_t bytes = whole_pages(least);
    auto best = waiting_.end();
    for (auto block = waiting_.begin(); block != waiting_.end(); ++block) {
      const bool fits = block->bytes >= bytes && block->bytes - bytes <= bytes / 8;
      if (fits && (best == waiting_.end() || block->bytes <= best->bytes)) best = block;
    }
    return best == waiting_.end() ? fresh(bytes) : removed(best);
  }

  /// Hand a block back.
  void give_back(const Block& block) noexcept {
    if (block.bytes > most_bytes || !keep(block)) return release(block);
    while (waiting_bytes_ > most_bytes || small_bytes_ > most_small_bytes) release(removed(waiting_.begin()));
  }

  /// Let go of all that waits.
  void forget() noexcept {
    while (!waiting_.empty()) release(removed(waiting_.begin()));
  }

  std::size_t waiting_bytes() const { return waiting_bytes_; }

 private:
  static constexpr std::size_t huge_page = std::size_t{2} << 20, small_page = std::size_t{4} << 10;

  // How much of a block lies in huge pages.
  static std::size_t huge_bytes(std::size_t bytes) { return (bytes + huge_page / 4) / huge_page * huge_page; }
  static std::size_t small_bytes(const Block& block) { return block.bytes - huge_bytes(block.bytes); }

  static std::size_t whole_pages(std::size_t least) {
    const std::size_t bytes = (least + small_page - 1) / small_page * small_page;
    return std::max(bytes, huge_bytes(bytes));
  }

  static std::align_val_t alignment(std::size_t bytes) {
    return std::align_val_t{huge_bytes(bytes) > 0 ? huge_page : small_page};
  }

  static Block fresh(std::size_t bytes) {
    const Block block{::operator new(bytes, alignment(bytes)), bytes};
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (huge_bytes(bytes) > 0) madvise(block.data, huge_bytes(bytes), MADV_HUGEPAGE);  // where it is refused, others do
#endif
    return block;
  }

  static void release(const Block& block) noexcept { ::operator delete(block.data, alignment(block.bytes)); }

  bool keep(const Block& block) noexcept {
    try {
      waiting_.push_back(block);
    } catch (const std::bad_alloc&) {
      return false;
    }
#if defined(__linux__) && defined(MADV_FREE)
    if (huge_bytes(block.bytes) > 0) madvise(block.data, huge_bytes(block.bytes), MADV_FREE);  // or it just stays
#endif
    waiting_bytes_ += block.bytes;
    small_bytes_ += small_bytes(block);
    return true;
  }

  Block removed(std::vector<Block>::iterator place) noexcept {
    const Block block = *place;
    waiting_.erase(place);
    waiting_bytes_ -= block.bytes;
    small_bytes_ -= small_bytes(block);
    return block;
  }

  std::vector<Block> waiting_;
  std::size_t waiting_bytes_ = 0, small_bytes_ = 0;
};

/// The one of the process. It is never destroyed: arrays may outlive everything else.
inline RecycledMemory& recycled_memory() {
  static auto& memory = *new RecycledMemory;
  return memory;
}

}  // namespace geomvision::bindings
