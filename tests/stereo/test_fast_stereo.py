"""SGM refined by a net that matches again: without weights it says so, with weights it runs."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("torch")

import geomvision as gv
from geomvision import training, weights
from geomvision.method import BackendError
from geomvision.nets.refiner import Refiner


def test_what_a_tiny_training_makes_runs(tmp_path):
    outcome = training.run("stereo/fast_stereo", size="tiny", steps=2, out=tmp_path, num_threads=1, progress=False)
    card = weights.load(outcome.weights)[1]
    assert (card.task, card.network) == ("stereo/fast_stereo", "geomvision.nets.fast_stereo.FastStereo")
    pair = gv.datasets.Synthetic(height=60, width=90, count=1)[0]
    method = gv.stereo.FastStereo(max_disparity=16, weights=str(outcome.weights))
    found = method(pair.left, pair.right)
    assert np.isfinite(found.px).all()
    assert found.confidence is not None
    assert found.occluded is not None
    assert np.array_equal(method.trace(pair.left, pair.right).result.px, found.px)
    refined = dataclasses.replace(card, task="stereo/refined_sgm")
    weights.save(tmp_path / "other.safetensors", Refiner(width=4), refined)
    with pytest.raises(weights.WeightsError, match="FastStereo"):
        gv.stereo.FastStereo(weights=str(tmp_path / "other.safetensors"))(pair.left, pair.right)


def test_without_weights_it_says_what_to_give():
    with pytest.raises(BackendError, match="has no weights 'none': neither shipped nor a file; give weights="):
        gv.stereo.FastStereo(weights="none")(np.zeros((20, 30), np.uint8), np.zeros((20, 30), np.uint8))


def test_the_training_begins_with_the_shipped_refiner():
    from geomvision.training.fast_stereo import Task
    from geomvision.training.recipe import Recipe

    task = Task(Recipe.read("fast_stereo"), weights.SHIPPED)
    net, (shipped, card) = task.net().state_dict(), weights.load("refined_sgm")
    judged = {name for name in shipped if name.startswith("trust.")}  # of that one's answers: left out
    assert judged
    assert not judged & set(net)
    assert all(
        np.array_equal(net[name].numpy(), value.numpy()) for name, value in shipped.items() if name not in judged
    )
    assert card.training_data in task.training_data
