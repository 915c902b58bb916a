"""Estimates as files: all their arrays in .npz, or a picture of 16 bits in .png, as KITTI codes it."""

from __future__ import annotations

import dataclasses
import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ... import io as files
from ...results import Depth, Disparity, Flow, MetricPose, RelativePose
from ..failures import flags_of
from .plan import Maps


def encoded(estimate: Any, form: Maps) -> tuple[bytes, str]:
    """The bytes of a file with an estimate, the same for the same estimate, and its ending.

    What no .png holds (relative depth, scene flow, poses, values beyond its range) comes as .npz. Of scene flow that
    has them, that holds ``disparity0``, ``disparity1`` and ``flow``, too; of poses ``T_1_0`` where there is one, their
    other arrays and numbers, and ``flags``, the names of what speaks against them.
    """
    if form == "png":
        picture = _png(estimate)
        if picture is not None:
            return picture, ".png"
    held = {each.name: getattr(estimate, each.name) for each in dataclasses.fields(estimate)}
    held = {name: value.px if isinstance(value, Disparity | Flow) else value for name, value in held.items()}
    arrays: dict[str, Any] = {name: value for name, value in held.items() if isinstance(value, np.ndarray)}
    if isinstance(estimate, MetricPose | RelativePose):
        numbers = {name: np.float64(value) for name, value in held.items() if isinstance(value, float)}
        arrays |= {**numbers, "flags": np.array(sorted(flags_of(estimate)), str)}
    kept = io.BytesIO()
    np.savez_compressed(kept, **arrays)
    return kept.getvalue(), ".npz"


def _png(estimate: Any) -> bytes | None:
    """A picture of 16 bits; None where there is none for such an estimate, or it does not hold its values."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "map.png"
        try:
            if isinstance(estimate, Disparity):
                files.write_kitti_disparity(path, estimate.px)
            elif isinstance(estimate, Flow):
                files.write_kitti_flow(path, estimate.px)
            elif isinstance(estimate, Depth):
                files.write_kitti_depth(path, estimate.m)
            else:
                return None
        except ValueError:
            return None
        return path.read_bytes()
