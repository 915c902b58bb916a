#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace geomvision::stereo {

/// Memory that begins with a cache line and is kept when less is wanted.
class AlignedBytes {
 public:
  /// Bytes that are new are 0.
  void resize(std::size_t size) {
    if (size + line > bytes_.capacity()) {
      bytes_.reserve(size + line);
      ask_for_large_pages();  // before its first use
    }
    bytes_.resize(size + line);
    const auto address = reinterpret_cast<std::uintptr_t>(bytes_.data());
    data_ = bytes_.data() + (line - address % line) % line;
  }
  std::uint8_t* data() { return data_; }

 private:
  static constexpr std::size_t line = 64, page = 4096, large = std::size_t{16} << 20;

  // What is walked through once in a while costs an entry of the page table every few pixels. A wish: may be refused.
  void ask_for_large_pages() {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (bytes_.capacity() < large) return;
    const std::size_t before = (page - reinterpret_cast<std::uintptr_t>(bytes_.data()) % page) % page;
    madvise(bytes_.data() + before, bytes_.capacity() - before, MADV_HUGEPAGE);
#endif
  }

  std::vector<std::uint8_t> bytes_;
  std::uint8_t* data_ = nullptr;
};

}  // namespace geomvision::stereo
