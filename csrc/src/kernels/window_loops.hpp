#pragma once

#include <cstddef>

// Loops over windows that are written once for float, where they are compiled per instruction set, and for double.
namespace {

// A window is `rows` rows of side + 1 positions, `pitch` elements a row, of which the unused are zero; behind it
// `pitch` more elements can be read. Between each pair of neighbours lies a sample: out has rows - 1 rows (or 1 of 1)
// of `side`.
template <typename T>
inline void blend(const T* __restrict window, int side, int rows, int pitch, T fx, T fy, T* __restrict out) {
  for (int k = 0; k < side; ++k) out[k] = window[k] + fx * (window[k + 1] - window[k]);
  for (int j = 1; j < rows; ++j) {
    const T* row = window + j * pitch;
    T* above = out + (j - 1) * pitch;
    T* here = out + j * pitch;  // of the last row: scratch behind the samples
    for (int k = 0; k < side; ++k) {
      const T sample = row[k] + fx * (row[k + 1] - row[k]);
      here[k] = sample;
      above[k] += fy * (sample - above[k]);
    }
  }
}

// Samples between the means of `side` + 1 pairs of neighbours.
template <typename T>
inline void blend_pair_means(const T* __restrict pairs, int side, T fx, T* __restrict out) {
  for (int k = 0; k < side; ++k) {
    const T left = T(0.5) * (pairs[2 * k] + pairs[2 * k + 1]), right = T(0.5) * (pairs[2 * k + 2] + pairs[2 * k + 3]);
    out[k] = left + fx * (right - left);
  }
}

// The derivative of `blend`. d_out has a row of zeros before and behind it, and a zero before and behind each row.
template <typename T>
inline void spread_samples(const T* __restrict d_out, int side, int rows, int pitch, T fx, T fy,
                           T* __restrict d_window) {
  for (int j = 0; j < rows; ++j) {
    const T* here = d_out + j * pitch;
    const T* above = rows > 1 ? here - pitch : here;
    T* row = d_window + j * pitch;
    for (int k = 0; k <= side; ++k) {
      const T mine = here[k] + fy * (above[k] - here[k]);
      const T before = here[k - 1] + fy * (above[k - 1] - here[k - 1]);
      row[k] = mine + fx * (before - mine);
    }
  }
}

}  // namespace
