"""Trainings of stereo nets: tiny ones, to their end; what they are shown, and what each loss asks."""

import copy
import dataclasses
import math
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import geomvision as gv
from geomvision import training, weights
from geomvision.training import _loop, _scenes
from geomvision.training._gradients import Learner
from geomvision.training._stereo import Batch, Cut, StereoTask
from geomvision.training._taught_stereo import StereoNet
from geomvision.training._team import Team
from geomvision.training.recipe import Recipe
from geomvision.training.stereo_nets import LOSSES

KNOBS = {"textureless", "repetition", "specular", "thin_rods", "exposure", "noise", "blur", "vertical_misalignment"}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """The tiny scenes, rendered once for all nets."""
    folder = tmp_path_factory.mktemp("scenes")
    StereoTask("unet", LOSSES["unet"], Recipe.read("unet", "tiny"), folder).prepare(1, lambda done: None)
    return folder


def in_a_folder(scenes, path):
    for folder in scenes.iterdir():
        (path / folder.name).symlink_to(folder)
    return path


@pytest.mark.parametrize("name", LOSSES)
def test_a_net_learns_and_its_method_takes_what_it_learnt(name, scenes, tmp_path):
    """By heart: one sample again and again. Weights, card and options fit the method."""
    recipe = dataclasses.replace(
        Recipe.read(name, "tiny"), steps=10, learning_rate=6e-3, validate_every=10, average=0.0
    )
    task = StereoTask(name, LOSSES[name], recipe, in_a_folder(scenes, tmp_path))
    sample = Cut(scene=1)
    task.samples = lambda step: [sample] * recipe.chunk
    state = _loop.begin(task)
    _loop.advance(task, state, tmp_path / "c.pt", threads=1, deadline=math.inf, tell=lambda state: None)
    assert np.mean(state.losses[-3:]) < 0.9 * state.losses[0]
    (_, scores), path = state.scores[-1], tmp_path / "a.safetensors"
    assert 0 <= scores["rendered scenes, totbad-2.0 noc"] <= 100
    weights.save(path, state.best, task.card(10, scores, {}))
    method = gv.stereo.METHODS[name](weights=str(path))
    pair = gv.datasets.Synthetic(height=40, width=50, supersampling=1, max_disparity=16)[0]
    assert np.isfinite(method(pair.left, pair.right).px).all()
    assert weights.load(path)[1].task == f"stereo/{name}" in training.TRAININGS


@pytest.mark.parametrize("name", ["anynet", "gwcnet", "raft_stereo"])
def test_a_net_is_judged_as_its_method_calls_it(name, tmp_path):
    """On views narrower than the range, too."""
    torch.manual_seed(3)
    recipe = dataclasses.replace(Recipe.read(name, "tiny"), disparities=96)
    task, path = StereoTask(name, LOSSES[name], recipe, tmp_path), tmp_path / "a.safetensors"
    net = task.net()
    weights.save(path, net, task.card(0, {}, {}))
    asked = {"max_disparity": recipe.disparities, "iterations": recipe.iterations, "weights": str(path)}
    kind = gv.stereo.METHODS[name]
    method = kind(**{name: value for name, value in asked.items() if name in {"weights", *kind.option_limits()}})
    views = np.random.default_rng(5).integers(0, 256, (2, 64, 64, 3), np.uint8)
    found = task.disparity_of(net, *(torch.from_numpy(view).movedim(2, 0)[None].float() for view in views))
    np.testing.assert_allclose(found[0, 0].clamp(min=0), method(*views).px.clip(min=0), atol=2e-3)


def test_stopped_resumed_and_on_two_threads_gives_the_same_weights(scenes, tmp_path, interrupted, same_weights):
    """Of a net with statistics of batches, which threads must not share."""
    folders = [tmp_path / "whole", tmp_path / "broken"]
    for folder in folders:
        folder.mkdir()
        in_a_folder(scenes, folder)
    options = {"size": "tiny", "progress": False}
    whole = training.run("stereo/anynet", out=folders[0], num_threads=1, **options)
    with interrupted(after=3):
        training.run("stereo/anynet", out=folders[1], num_threads=2, **options)
    resumed = training.run("stereo/anynet", out=folders[1], num_threads=2, **options)
    assert same_weights(whole, resumed)
    expected, card = weights.load(whole.weights)
    moved = [key for key in expected if "running_mean" in key and expected[key].abs().max() > 0]
    assert moved
    assert card.scores == whole.scores


@pytest.mark.parametrize(("where", "name"), [(Learner, "learn"), (StereoTask, "validate"), (_loop.nn.utils, None)])
def test_what_broke_off_in_the_middle_is_not_gone_on_from(scenes, tmp_path, monkeypatch, same_weights, where, name):
    """After samples of a step were learnt from, before weights moved, and in a validation: what follows is the same."""
    name, folders = name or "clip_grad_norm_", [tmp_path / "whole", tmp_path / "broken"]
    whole_function, count, recipe = getattr(where, name), 0, Recipe.read("anynet", "tiny")
    last = math.ceil(recipe.steps / recipe.validate_every) if name == "validate" else 4

    def stopping(*arguments):
        nonlocal count
        count += 1
        found = whole_function(*arguments)
        if count == last:
            raise KeyboardInterrupt
        return found

    for folder in folders:
        folder.mkdir()
        in_a_folder(scenes, folder)
    options = {"size": "tiny", "progress": False, "num_threads": 1}
    straight = training.run("stereo/anynet", out=folders[0], **options)
    with monkeypatch.context() as patch:
        patch.setattr(where, name, stopping)
        with pytest.raises(KeyboardInterrupt):
            training.run("stereo/anynet", out=folders[1], **options)
    resumed = training.run("stereo/anynet", out=folders[1], **options)
    assert straight.scores == resumed.scores != {}
    assert same_weights(straight, resumed)


def test_members_of_a_team_go_on_with_the_same_statistics(scenes):
    """Of two members, here this one and one whose statistics are 3 times as large, both take the mean."""
    recipe = Recipe.read("anynet", "tiny")
    task, alone = StereoTask("anynet", LOSSES["anynet"], recipe, scenes), Team()
    nets = [_loop.begin(task).net for _ in range(2)]
    pair = SimpleNamespace(size=2, device=alone.device, share=alone.share, total=lambda values: [4 * v for v in values])
    with ThreadPoolExecutor(1) as pool:
        for net, team in zip(nets, (alone, pair), strict=True):
            loss, gradients, count = Learner(task, pool, team).learn(net, 0)
            together = Learner(task, pool, team)._together(copy.deepcopy(net), 0)
            assert count == together[2] == recipe.batch
            assert len(gradients) == len(together[1])
    for key, value in nets[0].state_dict().items():
        if "running" in key:
            torch.testing.assert_close(nets[1].state_dict()[key], 2 * value)
    assert float(loss) > 0


def test_a_cut_of_either_view_has_its_truth(scenes):
    """What the right view shows at a visible pixel less its disparity looks like the pixel; upside down, too."""
    task = StereoTask("unet", LOSSES["unet"], Recipe.read("unet", "tiny"), scenes)
    for view, flipped in ((0, False), (1, True)):
        sample = Cut(scene=0, view=view, top=5, left=3, upside_down=flipped, channels=(2, 0, 1), gamma=0.8)
        _, maps = task.load(sample)
        assert maps["left"].shape == (3, 64, 64)
        left, right = (maps[name].mean(axis=0) for name in ("left", "right"))
        truth, seen = maps["truth"][0], maps["occluded"][0] == 0
        rows, columns = np.nonzero(seen & np.isfinite(truth) & (np.arange(64) >= np.nan_to_num(truth)))
        there = np.rint(columns - truth[rows, columns]).astype(int)
        apart, unmoved = (np.abs(left[rows, columns] - right[rows, other]) for other in (there, columns))
        assert np.median(apart) < 0.6 * np.median(unmoved)
    stored = _scenes.load(task.folder, 0)
    _, whole = task.load(Cut(scene=0, whole=True))
    np.testing.assert_allclose(whole["left"], np.moveaxis(stored["left"], 2, 0), atol=1e-3)


def batch(progress=0.0, truth=5.0):
    images = torch.zeros(1, 3, 8, 8)
    return Batch(left=images, right=images, truth=torch.full((1, 1, 8, 8), truth), progress=progress)


@pytest.mark.parametrize(("progress", "expected"), [(0.0, 3.0), (0.3, 2.0), (0.6, 1.0), (1.0, 1.0)])
def test_a_pyramid_is_taught_its_coarsest_estimate_first(progress, expected):
    """Estimates are 3, 2 and 1 pixels of the images off."""
    found = [(torch.full((1, 1, 8 >> k, 8 >> k), (5 + off) / 2**k), k) for k, off in ((2, 3), (1, -2), (0, 1))]
    net = SimpleNamespace(estimates=lambda *_: iter(found))
    assert LOSSES["dispnet"](net, batch(progress), None).item() == pytest.approx(expected)


def test_heads_and_updates_weigh_as_published():
    """Errors of 3 pixels cost 2.5 by smooth L1; what a volume does not hold costs nothing."""
    recipe = Recipe.read("gwcnet", "tiny")
    for name, shares in (("psmnet", 2.2), ("gwcnet", 2.7), ("anynet", 2.75)):
        count = 3 if name == "psmnet" else 4
        steps = (torch.full((1, 1, 8, 8), 8.0),) * count
        net = lambda *_, steps=steps: SimpleNamespace(steps=steps)  # noqa: E731
        assert LOSSES[name](net, batch(), recipe).item() == pytest.approx(2.5 * shares)
        assert LOSSES[name](net, batch(truth=float(recipe.disparities)), recipe).item() == 0
    net = torch.nn.BatchNorm2d(1)
    net.forward = lambda *_, iterations: SimpleNamespace(steps=(torch.full((1, 1, 8, 8), 8.0),) * iterations)
    assert LOSSES["raft_stereo"](net, batch(), recipe).item() == pytest.approx(3 * (1 + 0.9))
    assert not net.training


@pytest.mark.parametrize("name", LOSSES)
def test_every_recipe_says_what_its_base_does_not(name):
    for size in ("cpu", "gpu", "tiny"):
        recipe = Recipe.read(name, size)
        assert recipe.max_disparity[1] <= recipe.disparities
        assert recipe.disparities % 16 == 0
        assert recipe.height % 64 == 0 == recipe.width % StereoNet.of(name).stride
        with torch.device("meta"):
            StereoNet.of(name).make(**recipe.network)
        if size != "tiny":
            assert set(recipe.knobs) >= KNOBS
            assert recipe.knobs["vertical_misalignment"] == [-2.0, 2.0]
            assert [recipe.knobs.get(name) for name in ("mirrors", "panes")] == [0.2 if size == "gpu" else None] * 2


def test_a_recipe_of_another_kind_is_refused(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('base = "refined_sgm"\n')
    with pytest.raises(ValueError, match="recipe is not for unet: task must be 'stereo_net'"):
        training.run("unet", recipe=own, size="tiny", out=tmp_path)
    own.write_text('base = "nothing"\n')
    with pytest.raises(ValueError, match=r"own\.toml: no recipe is called 'nothing', its base"):
        training.run("unet", recipe=own, size="tiny", out=tmp_path)
