"""Trainings of flow nets: tiny ones, to their end."""

import dataclasses
import shutil

import numpy as np
import pytest
import torch

import geomvision as gv
from geomvision import training, weights
from geomvision.nets.raft import RAFT, RAFTSmall
from geomvision.training._flow import FlowTask
from geomvision.training._start import Start
from geomvision.training.flow_nets import NETS as TAUGHT
from geomvision.training.recipe import Recipe

NAMES = ["raft_s", "pwc_small"]


@pytest.fixture(scope="module", params=NAMES)
def straight(request, tmp_path_factory):
    out = tmp_path_factory.mktemp(request.param)
    return request.param, training.run(request.param, out=out, size="tiny", num_threads=1, progress=False)


def test_stopped_resumed_and_on_two_threads_gives_the_same_weights(straight, tmp_path, interrupted, same_weights):
    name, whole = straight
    for folder in whole.folder.glob("*scenes-*"):
        (tmp_path / folder.name).symlink_to(folder)
    options = {"out": tmp_path, "size": "tiny", "num_threads": 2, "progress": False}
    with interrupted(after=3):
        training.run(name, **options)
    resumed = training.run(name, **options)
    assert same_weights(whole, resumed)


def test_the_method_takes_what_was_trained(straight):
    name, outcome = straight
    method = gv.flow.METHODS[name](weights=str(outcome.weights))
    pair = gv.datasets.Layered(height=70, width=90, count=1)[0]
    flow = method(pair.frame0, pair.frame1)
    assert flow.px.shape == (70, 90, 2)
    assert np.isfinite(flow.px).all()
    card = weights.load(outcome.weights)[1]
    assert card.task == f"flow/{name}"
    assert card.scores == outcome.scores
    assert any("layered pairs, EPE" in key for key in card.scores)
    assert (outcome.folder / "curves.svg").read_text().lstrip().startswith("<")


@pytest.mark.parametrize("straight", ["pwc_small"], indirect=True)  # the loop is the same for all
def test_a_training_can_start_from_what_another_learnt(straight, tmp_path):
    name, first = straight
    for folder in first.folder.glob("*scenes-*"):
        (tmp_path / folder.name).symlink_to(folder)
    options = {"out": tmp_path, "size": "tiny", "num_threads": 2, "progress": False}
    second = training.run(name, weights=first.weights, **options)
    (before, card), (after, further) = (weights.load(outcome.weights) for outcome in (first, second))
    untaught = FlowTask(name, TAUGHT[name], Recipe.read(name, "tiny"), tmp_path).net().state_dict()
    moved, apart = (
        sum(float((other[key] - before[key]).square().sum()) for key in before) for other in (after, untaught)
    )
    assert 0 < moved < apart / 4
    assert further.training_data == card.training_data.replace("no photograph", f"before: {card.training_data}")
    assert further.training_run["started_from"] == card.name
    with pytest.raises(ValueError, match="written by another recipe"):  # from the start, or from other weights
        training.run(name, weights=second.weights, **options)


def test_the_weights_it_starts_from_are_not_written_over(tmp_path):
    for suffix in (weights.SUFFIX, ".json"):
        shutil.copy(weights.SHIPPED / f"pwc_small{suffix}", tmp_path)
    own = tmp_path / f"pwc_small{weights.SUFFIX}"
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(ValueError, match=r"pwc_small.safetensors, which would be written over: give another folder"):
        training.run("pwc_small", weights=own, out=tmp_path / "link", size="tiny", steps=1, progress=False)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["link", "pwc_small.json", own.name]


def test_a_recipe_that_goes_on_starts_from_nothing_never(tmp_path):
    own, out = tmp_path / "own.toml", tmp_path / "out"
    own.write_text('base = "pwc_small"\n[tiny]\nstart = "weights"\n')
    told = "own.toml goes on from weights that have learnt before at size 'tiny': give those, --weights NAME or FILE"
    with pytest.raises(ValueError, match=told):
        training.run("pwc_small", recipe=own, size="tiny", steps=1, out=out, progress=False)
    assert Recipe.read("raft_s", "further").start
    with pytest.raises(ValueError, match=r"the recipe of flow/raft_s goes on from weights .* 'further': give those"):
        training.run("raft_s", size="further", out=out, progress=False)
    assert not out.exists()


def start_of(net, **arguments):
    state = net.state_dict()
    return Start(name="before", state=state, arguments={"correlation": "volume", **arguments}, sha256="0")


def test_what_a_recipe_says_of_the_net_stands_over_what_its_first_weights_say(tmp_path):
    given = RAFTSmall()
    plan = dataclasses.replace(Recipe.read("raft_s", "tiny"), network={"enlarge": 2})
    task = FlowTask("raft_s", TAUGHT["raft_s"], plan, tmp_path, start=start_of(given))
    assert task.recipe.network == {"correlation": "volume", "enlarge": 2}
    net = task.net()
    assert (net.enlarge, net.correlation) == (2, "volume")
    assert all(torch.equal(value, given.state_dict()[name]) for name, value in net.state_dict().items())
    assert Recipe.read("raft_s", "further").network["enlarge"] == 2


def test_weights_of_another_net_than_the_recipe_asks_for_are_refused(tmp_path):
    task = FlowTask("raft_s", TAUGHT["raft_s"], Recipe.read("raft_s", "tiny"), tmp_path, start=start_of(RAFT()))
    told = r"before do not fit the recipe's network = .* features.enter.weight is \(64, 3, 7, 7\) there and \(32, "
    with pytest.raises(weights.WeightsError, match=told):
        task.net()


@pytest.mark.parametrize("straight", ["pwc_small"], indirect=True)  # the loop is the same for all
def test_two_processes_share_a_training(straight, tmp_path, in_two_processes):
    name, alone = straight
    for folder in alone.folder.glob("*scenes-*"):
        (tmp_path / folder.name).symlink_to(folder)
    printed = in_two_processes("train", f"flow/{name}", "--size", "tiny", "--threads", "1", "--out", tmp_path)
    assert printed.count("wrote ") == 1
    expected, found = (weights.load(w)[0] for w in (alone.weights, tmp_path / alone.weights.name))
    # Sums over processes are rounded in another order.
    worst = max(float((found[key].float() - expected[key].float()).abs().max()) for key in expected)
    assert worst < 0.05
