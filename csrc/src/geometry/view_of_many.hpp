#pragma once

namespace geomvision::geometry {

/// One of several cameras, as take_apart gives it; `centre` from the first one's.
struct ViewOfMany {
  double M[9], N[9], centre[3];
};

}  // namespace geomvision::geometry
