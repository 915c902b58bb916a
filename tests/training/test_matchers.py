"""A recipe of several matchers: which answers a scene, what is stored of it, and what is learnt from all of them."""

import dataclasses
import re

import numpy as np
import pytest
import torch

from geomvision import training, weights
from geomvision.datasets.synthetic import Synthetic
from geomvision.stereo.refined import Refined
from geomvision.stereo.sgm import SGM
from geomvision.training import _matchers, _scenes
from geomvision.training.recipe import Recipe

#: Of recipes that trainings are under way with.
KEYS = {"refined_sgm": ("bdd7e5890440", "f60907d5a568"), "fast_stereo": ("9acb38c11afa", "f60907d5a568")}


@pytest.fixture(scope="module")
def recipe():
    return Recipe.read("refined_sgm", "any_tiny")


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    folder = tmp_path_factory.mktemp("any")
    return training.run("refined_sgm", size="any_tiny", out=folder, num_threads=1, progress=False)


def test_recipes_of_sgm_alone_keep_their_keys():
    for name, (key, scenes) in KEYS.items():
        recipe = Recipe.read(name)
        assert (recipe.key(), recipe.scenes_key()) == (key, scenes)


def test_matchers_are_drawn_by_their_shares():
    entries = {"sgm": {"share": 3, "paths": [4, 8]}, "opencv_bm": {"window": 9}}
    rng = np.random.default_rng(0)
    drawn = [_matchers.drawn(entries, rng) for _ in range(400)]
    options = {name: [o for n, o in drawn if n == name] for name in entries}
    assert len(options["sgm"]) == pytest.approx(300, abs=40)
    assert {o["window"] for o in options["opencv_bm"]} == {9}
    assert [o["paths"] for o in options["sgm"]].count(4) == pytest.approx(len(options["sgm"]) / 2, abs=40)
    assert all(set(o) == {"paths"} for o in options["sgm"])


def test_a_scene_holds_what_its_matcher_says_to_the_net(recipe, outcome):
    folder = outcome.folder / f"scenes-{recipe.scenes_key()}"
    seen = set()
    for index in range(recipe.scenes + recipe.validation_scenes):
        largest, name, options = _scenes.answering(recipe.rendering, index)
        stored = _scenes.load(folder, index)
        limit = options.pop("max_disparity")
        made = Refined(base=name, base_options=", ".join(f"{k}={v}" for k, v in options.items()), max_disparity=limit)
        trace = made.trace(stored["left"][0], stored["right"][0])
        np.testing.assert_array_equal(stored["matched"][0], trace[name].array.astype(np.float16))
        np.testing.assert_array_equal(stored["confidence"][0], trace[f"{name} confidence"].array.astype(np.float16))
        assert 1.02 * largest < limit < 1.33 * largest + 2
        seen.add(name)
    assert seen == set(recipe.matcher)


def test_scenes_of_sgm_alone_are_what_they_were():
    recipe, rng = Recipe.read("refined_sgm", "tiny"), np.random.default_rng([1, 2, 7])
    largest = round(np.exp(rng.uniform(np.log(8), np.log(16))))
    census = ("9x7", "5x5")[int(rng.integers(2))]
    limit = round(largest * rng.uniform(1.02, 1.33)) + 1
    sample = Synthetic(seed=1, count=3, supersampling=1, height=64, width=96, max_disparity=largest).stereo(2)
    found = SGM(census=census, max_disparity=limit, fill="background")(sample.left, sample.right)
    stored = _scenes.render(recipe.rendering, 2)
    np.testing.assert_array_equal(stored["matched"][0], found.px.astype(np.float16))
    np.testing.assert_array_equal(stored["confidence"][0], found.confidence.astype(np.float16))


def test_it_goes_on_from_shipped_weights_and_tells_of_each_matcher(recipe, outcome):
    state, card = weights.load(outcome.weights)
    before = {n: value for n, value in weights.load("refined_sgm")[0].items() if not n.startswith("trust.")}
    largest = max(float((state[name].float() - before[name].float()).abs().max()) for name in before)
    assert 0 < largest < 10 * recipe.steps * recipe.learning_rate
    assert "the refiner's weights before: 1600 scenes" in card.training_data
    assert card.task == "stereo/refined_sgm"
    answered = {_scenes.answering(recipe.rendering, index)[1] for index in range(recipe.validation_scenes)}
    told = {name.rpartition(", ")[2] for name in card.scores}
    assert told == {"matchers filled", "refined"} | {f"{n} {w}" for n in answered for w in ("filled", "refined")}
    assert torch.isfinite(torch.tensor(list(card.scores.values()))).all()


@pytest.mark.parametrize(
    ("matcher", "message"),
    [
        ({"sgm": {}, "p1": [20]}, "matcher holds p1 beside tables"),
        ({"sgn": {}}, "matcher holds the table 'sgn'; allowed are "),
        ({"sgm": {"path": 4}}, "matcher.sgm holds path; allowed are share, "),
        ({"opencv_bm": {"share": 0}}, "matcher.opencv_bm.share is 0; it must be a number above 0"),
    ],
)
def test_tables_that_fit_no_matcher_are_refused(recipe, matcher, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        dataclasses.replace(recipe, matcher=matcher)
