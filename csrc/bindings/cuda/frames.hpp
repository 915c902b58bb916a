#pragma once

#include "host_arrays.hpp"

namespace geomvision::bindings {

using Frames = const Array<float>&;

/// Two frames on the device.
struct FramePair {
  OnDevice<float, 2> frame0, frame1;
  const float *from0, *from1;

  FramePair(Frames first, Frames second)
      : frame0({first.shape(0), first.shape(1)}),
        frame1({second.shape(0), second.shape(1)}),
        from0(first.data()),
        from1(second.data()) {
    view(first, "frame0"), view(second, "frame1");
  }
  void take() {
    frame0.take(from0);
    frame1.take(from1);
  }
};

}  // namespace geomvision::bindings
