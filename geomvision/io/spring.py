"""Spring's .flo5 and .dsp5: flow and disparity in HDF5, float32 (Mehl et al., CVPR 2023). Reading needs h5py."""

from __future__ import annotations

import numpy as np

from ..images import Float32
from ._arrays import read_hdf5
from ._files import FormatError, PathLike


def read_flo5(path: PathLike) -> Float32:
    """Flow (H, W, 2) as (dx, dy) in pixels, both NaN where either is not finite. FormatError for another file."""
    flow = read_hdf5(path, "flow", "a .flo5 file: HDF5 with 'flow' (H, W, 2)")
    if flow.ndim != 3 or flow.shape[2] != 2 or flow.size == 0:
        raise FormatError(path, f"its flow has the shape {flow.shape}", "(H, W, 2)")
    with np.errstate(over="ignore"):
        values = flow.astype(np.float32)
    values[~np.isfinite(values).all(axis=2)] = np.nan
    return values


def read_dsp5(path: PathLike) -> Float32:
    """Disparity (H, W) in pixels, NaN where it is not finite. FormatError for another file."""
    disparity = read_hdf5(path, "disparity", "a .dsp5 file: HDF5 with 'disparity' (H, W)")
    if disparity.ndim != 2 or disparity.size == 0:
        raise FormatError(path, f"its disparity has the shape {disparity.shape}", "(H, W)")
    with np.errstate(over="ignore"):
        values = disparity.astype(np.float32)
    values[~np.isfinite(values)] = np.nan
    return values
