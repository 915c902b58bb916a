"""Trainings of nets of one image: each learns eight rendered images by heart; what they are shown, and are asked."""

import math

import numpy as np
import pytest
import torch

import geomvision as gv
from geomvision import training, weights
from geomvision.training import _loop
from geomvision.training._mono import MonoCut, MonoTask
from geomvision.training.mono_nets import LOSSES
from geomvision.training.recipe import Recipe


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """The tiny scenes, rendered once for all nets."""
    return tmp_path_factory.mktemp("scenes")


def taken_by_its_method(name, task, state, path):
    _, scores = state.scores[-1]
    weights.save(path, state.best, task.card(task.recipe.steps, scores, {}))
    method = gv.depth.METHODS[name](weights=str(path))
    sample = gv.datasets.Synthetic(height=40, width=50, supersampling=1, max_disparity=16, task="depth")[0]
    found = method.on(sample)
    assert found.size == (40, 50)
    assert found.density > 0.9
    assert isinstance(found, gv.Depth) == task.taught.metric
    assert weights.load(path)[1].task == f"depth/{name}" in training.TRAININGS


#: Nets that take longer than a test may until each depth is right within 5 %; a few steps of theirs are run.
LONGER = {"eigen", "fcrn", "fast_depth", "dpt_small", "metric_bins"}


@pytest.mark.parametrize("name", sorted(LONGER))
def test_a_net_takes_steps_and_its_method_takes_what_it_learnt(name, scenes, tmp_path):
    recipe = Recipe.read(name, "tiny")
    task = MonoTask(name, LOSSES[name], recipe, scenes)
    task.prepare(1, lambda done: None)
    cut = MonoCut(scene=recipe.validation_scenes)
    task.samples = lambda step: [cut] * recipe.batch
    state = _loop.begin(task)
    _loop.advance(task, state, tmp_path / "c.pt", threads=1, deadline=math.inf, tell=lambda state: None)
    assert state.losses[-1] < state.losses[0]
    taken_by_its_method(name, task, state, tmp_path / "a.safetensors")


@pytest.mark.parametrize("name", [name for name in LOSSES if name not in LONGER])
def test_a_net_learns_eight_images_by_heart_and_its_method_takes_what_it_learnt(name, scenes, tmp_path):
    recipe = Recipe.read(name, "by_heart")
    task = MonoTask(name, LOSSES[name], recipe, scenes)
    task.prepare(1, lambda done: None)
    cuts = [MonoCut(scene=index, share=0.35) for index in range(recipe.validation_scenes)]
    assert len(cuts) == 8
    task.samples = lambda step: cuts
    state = _loop.begin(task)
    _loop.advance(task, state, tmp_path / "c.pt", threads=2, deadline=math.inf, tell=lambda state: None)
    batches = [task.stacked([task.load(cut)], torch.device("cpu")) for cut in cuts]
    with torch.inference_mode():
        errors = [task.errors(task.taught(state.best.eval(), batch.image), batch)[0] for batch in batches]
    assert np.mean(errors) <= 0.05
    assert np.mean([task.errors(task.constant(batch), batch)[0] for batch in batches]) > 0.15
    taken_by_its_method(name, task, state, tmp_path / "a.safetensors")
