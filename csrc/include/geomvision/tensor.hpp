#pragma once

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace geomvision {

/// A borrowed array of `Rank` axes, `stride(i)` elements apart along axis i; the last axis has no gaps. Owns nothing.
///
/// Features are (batch, channels, height, width), cost volumes (height, width, disparities), each as the op says.
template <typename T, int Rank>
class TensorView {
 public:
  using Sizes = std::array<std::ptrdiff_t, Rank>;

  TensorView() = default;

  /// Elements without gaps, the last axis fastest.
  TensorView(T* data, const Sizes& sizes) : TensorView(data, sizes, packed(sizes)) {}

  /// Throws std::invalid_argument when a size is negative, data is missing, or the last axis has gaps.
  TensorView(T* data, const Sizes& sizes, const Sizes& strides) : data_(data), sizes_(sizes), strides_(strides) {
    for (const std::ptrdiff_t size : sizes) {
      if (size < 0) throw std::invalid_argument("TensorView: sizes " + shape() + " must not be negative");
    }
    if (data == nullptr && !empty()) throw std::invalid_argument("TensorView: data is null");
    if (sizes[Rank - 1] > 1 && strides[Rank - 1] != 1) {
      throw std::invalid_argument("TensorView: elements of the last axis lie " + std::to_string(strides[Rank - 1]) +
                                  " apart; they must lie side by side");
    }
  }

  /// A view of non-const elements is also a view of const ones.
  template <typename U, typename = std::enable_if_t<std::is_same_v<const U, T>>>
  TensorView(const TensorView<U, Rank>& other)  // NOLINT(google-explicit-constructor)
      : data_(other.data()), sizes_(other.sizes()), strides_(other.strides()) {}

  T* data() const { return data_; }
  const Sizes& sizes() const { return sizes_; }
  const Sizes& strides() const { return strides_; }
  std::ptrdiff_t size(int axis) const { return sizes_[axis]; }
  std::ptrdiff_t stride(int axis) const { return strides_[axis]; }

  bool empty() const {
    for (const std::ptrdiff_t size : sizes_) {
      if (size == 0) return true;
    }
    return false;
  }

  /// Whether no element lies apart from the next.
  bool is_packed() const { return strides_ == packed(sizes_) || empty(); }

  /// "2x3x480x640", for messages.
  std::string shape() const {
    std::string text;
    for (const std::ptrdiff_t size : sizes_) text += (text.empty() ? "" : "x") + std::to_string(size);
    return text;
  }

  /// The address of the element at `index...`; missing indices are 0.
  template <typename... Index>
  T* at(Index... index) const {
    static_assert(sizeof...(Index) <= Rank);
    const std::ptrdiff_t indices[] = {static_cast<std::ptrdiff_t>(index)...};
    T* address = data_;
    for (std::size_t axis = 0; axis < sizeof...(Index); ++axis) address += indices[axis] * strides_[axis];
    return address;
  }

 private:
  static Sizes packed(const Sizes& sizes) {
    Sizes strides{};
    std::ptrdiff_t step = 1;
    for (int axis = Rank - 1; axis >= 0; --axis) {
      strides[axis] = step;
      step *= sizes[axis];
    }
    return strides;
  }

  T* data_ = nullptr;
  Sizes sizes_{};
  Sizes strides_{};
};

}  // namespace geomvision
