"""What learned methods share: where their tensors lie."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

import geomvision as gv

torch = pytest.importorskip("torch")

SCENES = gv.datasets.Synthetic(seed=1, height=64, width=96, max_disparity=16)
#: Shipped nets by the module that keeps them loaded, and what it calls that.
SHIPPED = [
    ("stereo", "refined", "stereo._refining._net"),
    ("stereo", "mccnn_sgm", "stereo._costs._net"),
    ("flow", "pwc_small", "learned.loaded"),
    ("flow", "raft_s", "learned.loaded"),
    ("flow", "refined", "flow.refined._net"),
    ("depth", "mono_small", "learned.loaded"),
    ("depth", "mono_completion", "learned.loaded"),
]


def answered(task: str, name: str) -> np.ndarray:
    method: Any = {"stereo": gv.stereo, "flow": gv.flow, "depth": gv.depth}[task].METHODS[name]()
    if task == "stereo":
        pair = SCENES[0]
        return method(pair.left, pair.right).px
    if task == "flow":
        frames = SCENES.flow(0)
        return method(frames.frame0, frames.frame1).px
    scene = SCENES.depth(0)
    if name == "mono_completion":
        return method(scene.depth.split(0.1)[0], scene.image).m
    return method(scene.image).values


@pytest.mark.parametrize(("task", "name", "kept"), SHIPPED, ids=[f"{task}-{name}" for task, name, _ in SHIPPED])
def test_a_default_device_of_torch_changes_nothing(task: str, name: str, kept: str) -> None:
    """Neither while the net is made nor when it runs: "meta" stands for a GPU, where tensors would go astray."""
    expected = answered(task, name)
    module, _, attribute = kept.rpartition(".")
    getattr(importlib.import_module(f"geomvision.{module}"), attribute).cache_clear()
    with torch.device("meta"):
        np.testing.assert_array_equal(answered(task, name), expected)
    np.testing.assert_array_equal(answered(task, name), expected)
