#pragma once

#include <cstdlib>
#include <string>

#include "geomvision/isa.hpp"

/// The instruction set that GEOMVISION_ISA names; what was forced before, if anything, is forced again at its end.
class ForcedIsa {
 public:
  ForcedIsa() {
    if (const char* before = std::getenv("GEOMVISION_ISA")) kept_ = before;  // empty: the largest, as where it is unset
  }
  explicit ForcedIsa(const char* name) : ForcedIsa() {
    set(name);
    geomvision::reread_isa();
  }
  ~ForcedIsa() {
    set(kept_.c_str());
    geomvision::reread_isa();
  }
  ForcedIsa(const ForcedIsa&) = delete;
  ForcedIsa& operator=(const ForcedIsa&) = delete;

  static void set(const char* name) {
#ifdef _WIN32
    _putenv_s("GEOMVISION_ISA", name);
#else
    setenv("GEOMVISION_ISA", name, 1);
#endif
  }

 private:
  std::string kept_;
};

/// run() under every instruction set of this machine in turn.
template <typename Run>
void with_each_isa(const Run& run) {
  for (const geomvision::Isa isa : geomvision::available_isas()) {
    const ForcedIsa forced(geomvision::name(isa));
    run();
  }
}
