#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace geomvision {

/// A borrowed image: `width` x `height` pixels of type T, rows `stride` elements apart. Owns nothing.
///
/// A view of a region is a view: `view.crop(x, y, w, h)`. Use `ImageView<const T>` for images that are only read.
template <typename T>
class ImageView {
 public:
  ImageView() = default;

  /// Throws std::invalid_argument when the size is negative or rows would overlap.
  ImageView(T* data, int width, int height, std::ptrdiff_t stride)
      : data_(data), width_(width), height_(height), stride_(stride) {
    if (width < 0 || height < 0 || (height > 1 && stride < width)) {
      throw std::invalid_argument("ImageView: " + std::to_string(width) + "x" + std::to_string(height) + " pixels, " +
                                  std::to_string(stride) +
                                  " elements a row; sizes must not be negative, rows must fit");
    }
    if (data == nullptr && width > 0 && height > 0) throw std::invalid_argument("ImageView: data is null");
  }
  ImageView(T* data, int width, int height) : ImageView(data, width, height, width) {}

  /// A view of non-const pixels is also a view of const ones.
  template <typename U, typename = std::enable_if_t<std::is_same_v<const U, T>>>
  ImageView(const ImageView<U>& other)  // NOLINT(google-explicit-constructor)
      : data_(other.data()), width_(other.width()), height_(other.height()), stride_(other.stride()) {}

  T* data() const { return data_; }
  int width() const { return width_; }
  int height() const { return height_; }
  std::ptrdiff_t stride() const { return stride_; }
  bool empty() const { return width_ == 0 || height_ == 0; }

  T* row(int y) const { return data_ + y * stride_; }
  T& operator()(int x, int y) const { return data_[y * stride_ + x]; }

  /// The region of `width` x `height` pixels whose first is (x, y). Throws when it reaches outside.
  ImageView crop(int x, int y, int width, int height) const {
    if (x < 0 || y < 0 || width < 0 || height < 0 || x > width_ - width || y > height_ - height) {
      throw std::invalid_argument("ImageView::crop: the region reaches outside the image");
    }
    return ImageView(row(y) + x, width, height, stride_);
  }

 private:
  T* data_ = nullptr;
  int width_ = 0;
  int height_ = 0;
  std::ptrdiff_t stride_ = 0;
};

/// An image that owns its pixels, rows without gaps. Keeps its memory when it shrinks.
template <typename T>
class Image {
 public:
  Image() = default;
  Image(int width, int height, T value = T()) { resize(width, height, value); }

  // One that is moved from is empty.
  Image(Image&& other) noexcept { swap(other); }
  Image& operator=(Image&& other) noexcept {
    Image moved(std::move(other));
    swap(moved);
    return *this;
  }
  Image(const Image&) = default;
  Image& operator=(const Image&) = default;
  ~Image() = default;

  /// Change the size; every pixel becomes `value`. Allocates only when it must grow.
  void resize(int width, int height, T value = T()) {
    if (width < 0 || height < 0) throw std::invalid_argument("Image: the size must not be negative");
    pixels_.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), value);
    width_ = width;
    height_ = height;
  }

  int width() const { return width_; }
  int height() const { return height_; }
  bool empty() const { return pixels_.empty(); }
  T* data() { return pixels_.data(); }
  const T* data() const { return pixels_.data(); }
  T& operator()(int x, int y) { return pixels_[static_cast<std::size_t>(y) * width_ + x]; }
  const T& operator()(int x, int y) const { return pixels_[static_cast<std::size_t>(y) * width_ + x]; }

  ImageView<T> view() { return {pixels_.data(), width_, height_}; }
  ImageView<const T> view() const { return {pixels_.data(), width_, height_}; }
  operator ImageView<T>() { return view(); }              // NOLINT(google-explicit-constructor)
  operator ImageView<const T>() const { return view(); }  // NOLINT(google-explicit-constructor)

 private:
  void swap(Image& other) noexcept {
    pixels_.swap(other.pixels_);
    std::swap(width_, other.width_);
    std::swap(height_, other.height_);
  }

  std::vector<T> pixels_;
  int width_ = 0;
  int height_ = 0;
};

}  // namespace geomvision
