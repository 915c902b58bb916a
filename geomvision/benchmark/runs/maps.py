"""Estimates as files: all their arrays in .npz, or a picture of 16 bits in .png, as KITTI codes it."""

from __future__ import annotations

import dataclasses
import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ... import io as files
from ...results import Depth, Disparity, Flow, SceneFlow
from .plan import Maps


def encoded(estimate: Any, form: Maps) -> tuple[bytes, str]:
    """The bytes of a file with an estimate, the same for the same estimate, and its ending.

    What no .png holds (relative depth, scene flow, values beyond its range) comes as .npz. Of scene flow, the maps that
    it was made of are there, too: ``disparity0``, ``disparity1`` and ``flow``, px.
    """
    if form == "png":
        picture = _png(estimate)
        if picture is not None:
            return picture, ".png"
    arrays: dict[str, Any] = {
        each.name: value
        for each in dataclasses.fields(estimate)
        if isinstance(value := getattr(estimate, each.name), np.ndarray)
    }
    if isinstance(estimate, SceneFlow):
        made_of = {name: getattr(estimate, name) for name in ("disparity0", "disparity1", "flow")}
        arrays |= {name: each.px for name, each in made_of.items() if each is not None}
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
