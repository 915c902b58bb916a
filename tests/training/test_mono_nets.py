"""Trainings of nets of one image: each learns eight rendered images by heart; what they are shown, and are asked."""

import dataclasses
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


@pytest.mark.parametrize("name", sorted({*LOSSES} - {"mono_small"}))
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


#: Pixels of a rendered image's side that are learnt by heart.
PART = 22.4


@pytest.mark.parametrize("name", LOSSES)
def test_a_net_learns_eight_images_by_heart_and_its_method_takes_what_it_learnt(name, scenes, tmp_path):
    recipe = Recipe.read(name, "by_heart")
    task = MonoTask(name, LOSSES[name], recipe, scenes)
    task.prepare(1, lambda done: None)
    cuts = [MonoCut(scene=index, share=PART / recipe.height) for index in range(recipe.validation_scenes)]
    assert len(cuts) == 8
    task.samples = lambda step: cuts
    state = _loop.begin(task)
    _loop.advance(task, state, tmp_path / "c.pt", threads=2, deadline=math.inf, tell=lambda state: None)
    batches = [task.stacked([task.load(cut)], torch.device("cpu")) for cut in cuts]
    with torch.inference_mode():
        errors = [task.errors(task.taught(state.best.eval(), batch.image), batch)[0] for batch in batches]
    assert np.mean(errors) <= 0.05
    assert np.mean([task.errors(task.constants(batch)[0], batch)[0] for batch in batches]) > 0.15
    taken_by_its_method(name, task, state, tmp_path / "a.safetensors")


def test_constant_answers_are_the_mean_and_the_median_of_what_is_learnt_from(scenes):
    recipe = dataclasses.replace(Recipe.read("fast_depth", "tiny"), scenes=2, farthest_m=5.0)
    task = MonoTask("fast_depth", LOSSES["fast_depth"], recipe, scenes)
    task.prepare(1, lambda done: None)
    batches = [task.stacked([task.load(MonoCut(scene=index))], torch.device("cpu")) for index in range(4)]
    learnt = np.concatenate([batch.canonical.numpy().ravel() for batch in batches[2:]])
    assert 0 < np.isnan(learnt).mean() < 1  # what is farther counts as unknown
    assert np.nanmax(learnt) < 5
    mean, median = task.constants(batches[0])
    np.testing.assert_allclose(mean, np.nanmean(learnt), rtol=1e-4)
    assert median.unique().tolist() == [pytest.approx(np.sort(learnt)[(np.isfinite(learnt).sum() - 1) // 2])]
    scores = task.validate(task.net().eval())
    for name, each in (("mean", np.nanmean(learnt)), ("median", float(median.max()))):
        expected = np.mean([np.nanmean(np.abs(each / batch.canonical.numpy() - 1)) for batch in batches[:2]])
        assert scores[f"rendered scenes, AbsRel of the {name} as a constant"] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("network", [{"metric": True}, {"metric": False}])
def test_what_a_net_is_told_decides_whether_it_says_metres(network, tmp_path):
    recipe = dataclasses.replace(Recipe.read("packnet", "tiny"), network={"width": 2, "features": 2, **network})
    task = MonoTask("packnet", LOSSES["packnet"], recipe, tmp_path)
    assert task.taught.metric == network["metric"]
    assert task.kind.startswith("depth_m ") == network["metric"]
