#pragma once

#include <cstdint>

#include "flow/pyramid.cuh"
#include "geomvision/flow/pyramidal_flow.hpp"

// Steps of dense pyramidal flow in a GPU's memory: the operations of `flow::PyramidalFlow` on floats, in their order.
// The flow of a level is two planes without gaps, u and then v.

namespace geomvision::cuda {

/// The next finer level's flow.
void enlarge(const float* coarse, Size size, float* fine, Size fine_size, Stream stream);

/// A frame looked up where the flow points, bicubic.
void warp_frame(const float* frame, const float* flow, Size size, float* warped, Stream stream);

/// The median over (2 radius + 1)^2 pixels, along x and then along y; radius: 0 to 3.
void filter_flow(const float* flow, Size size, int radius, float* filtered, Stream stream);

/// Out of planes; NaN where `confidence` is given and below `limit`.
void store_flow(const float* flow, Size size, const Cells<const float, 2>& confidence, float limit,
                const Cells<geomvision::flow::Vec2f, 2>& field, Stream stream);

/// `flow::find_occluded` of planes.
void find_occluded(const float* forward, const float* backward, Size size, const Cells<std::uint8_t, 2>& occluded,
                   Stream stream);

}  // namespace geomvision::cuda
