"""Every instruction set gives the same answer: methods bit for bit, floating-point ops to a stated tolerance."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import geomvision as gv
from geomvision import _core, ops

#: Relative to the largest value: sums of products may be rounded once or twice, and in vectors of any length.
TOLERANCE = 1e-5


def pair(task: str) -> tuple[np.ndarray, np.ndarray]:
    sample = gv.datasets.Synthetic(seed=2, height=70, width=110, task=task)[0]
    return (sample.left, sample.right) if task == "stereo" else (sample.frame0, sample.frame1)


def methods() -> dict[str, np.ndarray]:
    """The answer of every method that has the C++ backend."""
    found = {}
    for task in ("stereo", "flow"):
        for name, method in getattr(gv, task).METHODS.items():
            if "cpp" in method.available_backends():
                options = {"max_disparity": 24} if "max_disparity" in method.option_limits() else {}
                found[f"{task}/{name}"] = method(backend="cpp", **options)(*pair(task)).px
    return found


def operators() -> dict[str, np.ndarray]:
    """The answer of every op to arrays of odd sizes."""
    rng = np.random.default_rng(0)
    costs = rng.normal(size=(2, 13, 7, 37)).astype(np.float32)
    return {"soft_argmin": ops.soft_argmin(costs)}


@pytest.fixture(scope="session")
def answers(tmp_path_factory):
    """What each instruction set of this machine answers, each in a process of its own."""
    folder = tmp_path_factory.mktemp("isas")
    found = {}
    for isa in _core.available_isas():
        command = [sys.executable, __file__, str(folder / f"{isa}.npz")]
        subprocess.run(command, check=True, env={**os.environ, "GEOMVISION_ISA": isa})
        with np.load(folder / f"{isa}.npz") as stored:
            assert stored["isa"] == isa
            found[isa] = {name: stored[name] for name in stored.files}
    return found


@pytest.mark.parametrize("isa", _core.available_isas()[1:])
def test_methods_are_equal_on_every_instruction_set(answers, isa):
    names = [name for name in answers["baseline"] if "/" in name]
    assert len(names) >= 4
    different = [n for n in names if not np.array_equal(answers[isa][n], answers["baseline"][n], equal_nan=True)]
    assert not different


@pytest.mark.parametrize("isa", _core.available_isas()[1:])
def test_ops_are_equal_to_rounding_on_every_instruction_set(answers, isa):
    for name, expected in answers["baseline"].items():
        if "/" in name or name == "isa":
            continue
        scale = np.nanmax(np.abs(expected.astype(np.float64)), initial=1e-30)
        np.testing.assert_allclose(answers[isa][name], expected, rtol=0, atol=TOLERANCE * scale, err_msg=name)


if __name__ == "__main__":
    np.savez(sys.argv[1], isa=_core.active_isa(), **methods(), **operators())
