#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch.hpp"

// Loops that do one thing as fast as the instruction set allows. Each returns something that depends on all its work,
// so that none of it can be left out. `rounds` counts steps; the constants say how much one step does.

namespace geomvision::limits {

constexpr int chains = 12;  ///< independent accumulators: enough to hide the latency of every instruction used

}  // namespace geomvision::limits

/// Bytes of a vector register.
GEOMVISION_DECLARE_KERNEL(int, vector_bytes, ());
/// `rounds` times: one multiply-add in every fp32 lane of every chain.
GEOMVISION_DECLARE_KERNEL(float, multiply_add, (long rounds, float factor, float term));
/// `rounds` times: one addition and one minimum in every 8-bit lane of every chain.
GEOMVISION_DECLARE_KERNEL(int, minimum_add, (long rounds, int term, int bound));
/// `rounds` times: the Hamming distances of one word to `count` words (a multiple of 64), summed.
GEOMVISION_DECLARE_KERNEL(std::uint64_t, hamming, (long rounds, const std::uint64_t* words, int count));
/// Sum of `bytes` (a multiple of 1024, aligned to 64).
GEOMVISION_DECLARE_KERNEL(std::uint64_t, read_bytes, (const void* source, std::size_t bytes));
/// Copy `bytes` (a multiple of 1024, both aligned to 64) past the caches where the machine has such stores.
GEOMVISION_DECLARE_KERNEL(void, copy_bytes, (const void* source, void* target, std::size_t bytes));
