#pragma once

#include <optional>
#include <tuple>
#include <utility>

#include "bind.hpp"

namespace geomvision::bindings {

/// A method with its scratch memory, made from the values of its options. Below a few million pixels fresh memory costs
/// as much as the work, so a thread keeps what its last call of the method worked in, and takes it up again when the
/// options are the same.
template <typename Method, typename Options, typename... Values>
class Kept {
 public:
  Kept(py::ssize_t pixels, const Values&... values) : small_(pixels <= few) {
    const std::tuple<Values...> key(values...);
    if (!last() || last()->first != key) last().emplace(key, Method(Options{values...}));
  }
  ~Kept() {
    if (!small_) last().reset();
  }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;

  Method& operator*() const { return last()->second; }

 private:
  static constexpr py::ssize_t few = 1 << 21;
  static std::optional<std::pair<std::tuple<Values...>, Method>>& last() {
    thread_local std::optional<std::pair<std::tuple<Values...>, Method>> kept;
    return kept;
  }
  bool small_;
};

}  // namespace geomvision::bindings
