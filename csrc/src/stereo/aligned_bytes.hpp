#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace geomvision::stereo {

/// Memory that begins with a cache line and is kept when less is wanted.
class AlignedBytes {
 public:
  /// Bytes that are new are 0.
  void resize(std::size_t size) {
    bytes_.resize(size + line);
    const auto address = reinterpret_cast<std::uintptr_t>(bytes_.data());
    data_ = bytes_.data() + (line - address % line) % line;
  }
  std::uint8_t* data() { return data_; }

 private:
  static constexpr std::size_t line = 64;
  std::vector<std::uint8_t> bytes_;
  std::uint8_t* data_ = nullptr;
};

}  // namespace geomvision::stereo
