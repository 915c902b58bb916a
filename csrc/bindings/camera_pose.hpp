#pragma once

#include "bind.hpp"
#include "geomvision/geometry/absolute_pose.hpp"

// Poses as 4x4 arrays.
namespace geomvision::bindings {

inline Array<double> matrix_of(const geometry::CameraPose& pose) {
  Array<double> made({4, 4});
  auto m = made.mutable_unchecked<2>();
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 4; ++j) {
      if (i < 3) {
        m(i, j) = j < 3 ? pose.rotation[static_cast<std::size_t>(3 * i + j)] : pose.translation[i];
      } else {
        m(i, j) = j < 3 ? 0.0 : 1.0;
      }
    }
  }
  return made;
}

inline geometry::CameraPose pose_of(const Array<double>& matrix) {
  const auto m = tensor<2>(matrix, "pose");
  if (m.size(0) != 4 || m.size(1) != 4) throw std::invalid_argument("pose is " + m.shape() + "; it must be 4x4");
  geometry::CameraPose pose;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) pose.rotation[static_cast<std::size_t>(3 * i + j)] = *m.at(i, j);
    pose.translation[static_cast<std::size_t>(i)] = *m.at(i, 3);
  }
  return pose;
}

}  // namespace geomvision::bindings
