"""The command line of a training in two processes that ``torchrun`` starts; nets that know the depth of a clip."""

import dataclasses
import itertools
import math
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import geomvision as gv
from geomvision import weights
from geomvision.training import _loop
from geomvision.training._taught_mono import MonoNet
from geomvision.training.recipe import Recipe


@pytest.fixture(scope="session")
def in_two_processes():
    """Run ``geomvision ARGUMENTS``; what both processes printed. Fails where one of them does."""

    def run(*arguments):
        launcher = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
        environment = os.environ | {"PYTHONPATH": str(Path(gv.__file__).parents[1]), "OMP_NUM_THREADS": "1"}
        command = [*launcher, "-m", "geomvision", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def interrupted(monkeypatch):
    """`with interrupted(after=3):` a training that is broken off in the midst of its fourth step, as by Ctrl-C."""

    @contextmanager
    def breaking(after):
        step, count = _loop._step, itertools.count()

        def stopping(*arguments):
            if next(count) == after:
                raise KeyboardInterrupt
            step(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(_loop, "_step", stopping)
            with pytest.raises(KeyboardInterrupt):
                yield

    return breaking


@pytest.fixture(scope="session")
def same_weights():
    """`same_weights(outcome, outcome)`: whether two trainings ended with the same tensors, to the bit."""

    def same(*outcomes):
        first, second = (weights.load(outcome.weights)[0] for outcome in outcomes)
        return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)

    return same


class Timid(nn.Module):
    """A net that knows the depth of all frames, but for one factor, which is what can be learnt."""

    known: list  # (image, depth) of what it was shown
    begins = 0.15

    def __init__(self, metric=False, width=0):
        super().__init__()
        self.share = nn.Parameter(torch.tensor(self.begins))

    def estimates(self, images):
        found = []
        for image in images:
            away = [float((image - known).abs().mean()) for known, _ in self.known]
            found.append(self.known[int(np.argmin(away))][1])
        yield (torch.stack(found) * self.share.exp(),)

    def raised(self, depth):
        return depth


@pytest.fixture
def depth_that_is_known(monkeypatch):
    """`depth_that_is_known([(image, depth), …])` makes depth nets ones that know it, but for the logarithm `share`."""

    def make(known, share=0.15):
        tensors = [
            (torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1).float(), depth_map(depth))
            for image, depth in known
        ]
        net = type("Timid", (Timid,), {"known": tensors, "begins": share})
        taught = MonoNet(make=net, stride=1, least=32, kind="depth_scale")
        monkeypatch.setattr(MonoNet, "of", classmethod(lambda _, __: taught))

    return make


def depth_map(depth):
    return torch.from_numpy(np.where(np.isfinite(depth), depth, 1e3))[None].float()


@pytest.fixture
def depth_recipe():
    """`depth_recipe(width, …)`: a bare recipe of depth without truth, all its extras off."""
    bare = {"coarse_share": 0.0, "validate_every": 100, "batch": 1, "mask": False, "settle": 0.0}
    bare |= {"consistent": 0.0, "points": 0.0}

    def make(width, **changes):
        return dataclasses.replace(Recipe.read("self_supervised_depth", "tiny"), width=width, **{**bare, **changes})

    return make


@pytest.fixture
def train_depth(tmp_path):
    """`train_depth(task)` runs it to its end, on one thread."""

    def run(task):
        task.prepare(1, lambda done: None)
        state = _loop.begin(task)
        _loop.advance(task, state, tmp_path / "c.pt", threads=1, deadline=math.inf, tell=lambda s: None)
        assert state.step == task.recipe.steps
        return state

    return run
