#pragma once

#include <string>
#include <vector>

namespace geomvision {

/// Instruction sets a kernel can be compiled for, smallest first.
enum class Isa { baseline, avx2, avx512 };

/// "baseline", "avx2" or "avx512".
const char* name(Isa isa);

/// The instruction sets this processor can run and this binary holds, smallest first.
std::vector<Isa> available_isas();

/// The set the kernels run with: the largest available one, or what the environment variable GEOMVISION_ISA names; it
/// is read once. Throws std::invalid_argument when it names none, or one this processor lacks. Every choice gives equal
/// results.
Isa active_isa();

/// Reads GEOMVISION_ISA again, for all kernels that start later. Call it while none runs.
Isa reread_isa();

}  // namespace geomvision
