"""The training of `flow/refined`: a tiny one, to its end, and what it learns from."""

import dataclasses

import numpy as np
import pytest
import torch

import geomvision as gv
from geomvision import training, weights
from geomvision.flow.refined import motions
from geomvision.nets.flow_refiner import FlowRefiner
from geomvision.training import _scenes
from geomvision.training.recipe import Recipe
from geomvision.training.refined import ROBUST, Look, Task, expected_error


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return training.run("flow/refined", out=tmp_path_factory.mktemp("flow"), size="tiny", num_threads=1, progress=False)


@pytest.fixture
def task(whole):
    return Task(Recipe.read("refined", "tiny"), whole.folder)


def test_stopped_resumed_and_on_two_threads_gives_the_same_weights(whole, task, tmp_path, interrupted, same_weights):
    (tmp_path / task.folder.name).symlink_to(task.folder)
    options = {"out": tmp_path, "size": "tiny", "num_threads": 2, "progress": False}
    with interrupted(after=3):
        training.run("flow/refined", **options)
    resumed = training.run("flow/refined", **options)
    assert same_weights(whole, resumed)


def test_the_method_takes_what_was_trained(whole):
    pair = gv.datasets.Layered(height=70, width=90, count=1)[0]
    flow = gv.flow.Refined(weights=str(whole.weights), others="tvl1")(pair.frame0, pair.frame1)
    assert flow.px.shape == (70, 90, 2)
    assert np.isfinite(flow.px).all()
    card = weights.load(whole.weights)[1]
    assert card.name == "refined_flow"
    assert card.task == "flow/refined"
    assert card.scores == whole.scores
    assert {key.partition(",")[0] for key in card.scores} <= {"layered pairs", "rendered scenes"}
    assert whole.weights.name == "refined_flow.safetensors"


def test_pairs_hold_the_truth_and_what_the_methods_answer(task):
    scene = _scenes.load(task.folder, 0)
    for k, name in enumerate(task.recipe.bases):
        answer = gv.flow.METHODS[name]()(scene["frame0"], scene["frame1"]).px
        np.testing.assert_array_equal(scene["answers"][k], answer.astype(np.float16))
    back = gv.flow.METHODS[task.recipe.bases[0]]()(scene["frame1"], scene["frame0"]).px.astype(np.float16)
    np.testing.assert_array_equal(scene["back"], back)
    planes = motions(scene["answers"][0].astype(np.float32), back.astype(np.float32)).astype(np.float16)
    np.testing.assert_array_equal(scene["answers"][len(task.recipe.bases) :], planes)
    seen = ~scene["occluded"]
    warped = gv.ops.warp(scene["frame1"].astype(np.float32), scene["flow"].astype(np.float32))
    apart = np.abs(warped - scene["frame0"]).mean(axis=2)
    still = np.abs(scene["frame1"].astype(np.float32) - scene["frame0"]).mean(axis=2)
    assert np.nanmedian(apart[seen]) < np.median(still[seen])


@pytest.mark.parametrize("flipped", [(False, True), (True, False), (True, True)])
def test_flows_are_flipped_with_the_frames(flipped, task):
    """What lies at x and moves by (u, v) lies at W − 1 − x after a flip along x, and moves by (−u, v)."""
    plain = task.load(Look(scene=1, shown=(0, 1), names=("", "tvl1")))
    other = task.load(Look(scene=1, shown=(0, 1), names=("", "tvl1"), flipped=flipped))
    axes = [axis - 2 for axis, flip in enumerate(flipped) if flip]
    sign = np.array([-1 if flipped[1] else 1, -1 if flipped[0] else 1], np.float32)[:, None, None]
    for name in ("images0", "images1", "occluded"):
        np.testing.assert_array_equal(other[name], np.flip(plain[name], axes))
    for name in ("flow", "back", "answers"):
        np.testing.assert_array_equal(other[name], sign * np.flip(plain[name], axes))


def test_what_is_cut_out_is_a_window_of_all_maps(task):
    plain = task.load(Look(scene=1, shown=(0,), names=("",)))
    rows, columns = task.recipe.cut
    room = task.recipe.width - columns
    assert room > 0
    for place, left in (((0.0, 0.0), 0), ((0.0, 1.0), room), ((0.9, 0.5), round(room / 2))):
        cut = task.load(Look(scene=1, shown=(0,), names=("",), place=place))
        for name in ("images0", "images1", "flow", "back", "answers", "occluded"):
            np.testing.assert_array_equal(cut[name], plain[name][..., :rows, left : left + columns])


def test_pairs_with_fewer_answers_show_some_twice(task):
    one, two = (task.load(Look(scene=0, shown=shown, names=("",) * len(shown))) for shown in ((0,), (0, 1)))
    batch = task.stacked([one, two], torch.device("cpu"))
    assert torch.equal(batch["answers"][0, 0], batch["answers"][0, 1])
    assert batch["answers"].shape[:2] == batch["told"].shape[:2] == (2, 2)


def test_what_rushes_past_counts_as_unknown(task, monkeypatch):
    scene = dict(_scenes.load(task.folder, 0))
    scene["flow"] = scene["flow"].copy()
    scene["flow"][:5] = (60, 60)  # 84.9 px
    scene["flow"][5:] = (50, 60)  # 78.1 px
    monkeypatch.setattr(_scenes, "load", lambda folder, index: scene)
    truth = task.load(Look(scene=0, shown=(0,), names=("",)))["flow"]
    assert np.isnan(truth[:, :5]).all()
    assert np.isfinite(truth[:, 5:]).all()


def test_the_loss_of_drawing_a_candidate():
    """Candidates 3 px and 0 px off, drawn with ¼ and ¾; one pixel of two is known."""
    truth = torch.tensor([[[[2.0, torch.nan]], [[1.0, 0.0]]]])
    candidates = torch.stack([truth.nan_to_num(9.0) + torch.tensor([0.0, 3.0]).view(1, 2, 1, 1), truth], dim=1)
    shares = torch.tensor([0.25, 0.75]).view(1, 2, 1, 1).expand(1, 2, 1, 2)
    q, e = ROBUST["exponent"], ROBUST["epsilon"]
    expected = 0.25 * (3 + e) ** q + 0.75 * e**q
    assert expected_error(candidates, shares, truth).item() == pytest.approx(expected, rel=1e-5)


def test_it_goes_on_from_all_that_weights_of_its_own_hold(whole, task, tmp_path):
    taught = Task(dataclasses.replace(task.recipe, begin=str(whole.weights)), tmp_path)
    before, card = weights.load(whole.weights)
    found = taught.net().state_dict()
    assert found.keys() == before.keys()
    assert all(torch.equal(found[key], before[key]) for key in before)
    assert taught.training_data.endswith(f"; all of {card.name} before: {card.training_data}")
    assert Recipe.read("refined", "further").begin == "refined_flow"
    other = dataclasses.replace(task.recipe, begin=str(whole.weights), network={"width": 24})
    with pytest.raises(weights.WeightsError, match="refined_flow"):
        Task(other, tmp_path).net()


def test_it_starts_from_the_features_of_shipped_weights_and_from_nothing_else(tmp_path):
    task = Task(Recipe.read("refined", "cpu"), tmp_path)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net, plain = task.net(), FlowRefiner()
    before = weights.load("pwc_small")[0]
    taught = {name for name, value in net.state_dict().items() if name in before and torch.equal(value, before[name])}
    named = {name for name in net.state_dict() if name.startswith(("pyramid.", "shared."))}
    assert taught == named
    assert len(named) == 16
    assert plain.state_dict().keys() == net.state_dict().keys()
    assert "the features of pwc_small before: " in task.training_data
    with pytest.raises(ValueError, match="flow/refined starts from no weights; weights to start from are for flow"):
        training.run("flow/refined", weights="pwc_small", out=tmp_path, progress=False)
