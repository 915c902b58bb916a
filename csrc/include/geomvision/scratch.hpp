#pragma once

#include <memory>
#include <utility>

#include "geomvision/check.hpp"

namespace geomvision {

/// The memory an object keeps between calls. It moves with the object; using the one that was moved from throws
/// std::invalid_argument, where a bare pointer would end the program.
template <typename T>
class ScratchPointer {
 public:
  ScratchPointer() = default;
  ScratchPointer(std::unique_ptr<T> made) : made_(std::move(made)) {}  // NOLINT(google-explicit-constructor)

  T& operator*() const {
    check(made_ != nullptr, "this object was moved from; assign another one to it before it is used");
    return *made_;
  }
  T* operator->() const { return &**this; }

 private:
  std::unique_ptr<T> made_;
};

}  // namespace geomvision
