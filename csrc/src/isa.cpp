#include "geomvision/isa.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>

#include "geomvision/check.hpp"

namespace geomvision {

const char* name(Isa isa) {
  switch (isa) {
    case Isa::avx512:
      return "avx512";
    case Isa::avx2:
      return "avx2";
    case Isa::baseline:
      break;
  }
  return "baseline";
}

std::vector<Isa> available_isas() {
  std::vector<Isa> sets{Isa::baseline};
#ifdef GEOMVISION_X86
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2") &&
                    __builtin_cpu_supports("popcnt");
  if (avx2) sets.push_back(Isa::avx2);
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vpopcntdq") && __builtin_cpu_supports("avx512bitalg") &&
      __builtin_cpu_supports("avx512vbmi")) {
    sets.push_back(Isa::avx512);
  }
#endif
  return sets;
}

namespace {

constexpr int kUnread = -1;
std::atomic<int> chosen{kUnread};

Isa read_choice() {
  const std::vector<Isa> sets = available_isas();
  const char* wanted = std::getenv("GEOMVISION_ISA");
  if (wanted == nullptr || *wanted == '\0') return sets.back();
  std::string allowed;
  for (const Isa isa : sets) {
    if (std::strcmp(wanted, name(isa)) == 0) return isa;
    allowed += std::string(allowed.empty() ? "" : ", ") + name(isa);
  }
  check(false, "GEOMVISION_ISA is '", wanted, "'; this processor and binary allow: ", allowed);
  return Isa::baseline;
}

}  // namespace

Isa active_isa() {
  const int isa = chosen.load(std::memory_order_relaxed);  // asked in every row of every loop
  return isa == kUnread ? reread_isa() : static_cast<Isa>(isa);
}

Isa reread_isa() {
  chosen.store(kUnread, std::memory_order_relaxed);  // a wrong name is refused by every later call too
  const Isa isa = read_choice();
  chosen.store(static_cast<int>(isa), std::memory_order_relaxed);
  return isa;
}

}  // namespace geomvision
