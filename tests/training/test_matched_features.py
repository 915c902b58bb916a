"""Flow nets that learn their features by a loss of their own: first alone, then beside their flow."""

import dataclasses
import math
from itertools import pairwise

import numpy as np
import pytest
import torch

import geomvision as gv
from geomvision.training import _loop
from geomvision.training._flow import FlowTask, matched
from geomvision.training._flow_pairs import Pair, Pairs, Sample, _leads_into
from geomvision.training.flow_nets import NETS
from geomvision.training.recipe import Recipe


def recipe(**changes):
    drawn_alone = {"rendered_scenes": 0, "rendered_share": 0.0, "late_share": 0.0, "erased": 0.0}
    return dataclasses.replace(Recipe.read("raft_s", "tiny"), **drawn_alone, **changes)


def learnt(task, tmp_path):
    """Weights before the first step and after each."""
    state, seen = _loop.begin(task), []
    task.validate = lambda _: {}

    def tell(now):
        seen.append({name: value.clone() for name, value in now.net.state_dict().items()})

    tell(state)
    _loop.advance(task, state, tmp_path / "checkpoint.pt", threads=1, deadline=math.inf, tell=tell)
    return seen


def test_features_learn_first_and_the_rest_then_begins_with_steps_no_longer_than_the_rate(tmp_path):
    plan = recipe(steps=4, features_share=0.5, features_rate=1e-3, learning_rate=1e-3)
    assert plan.flow_from == 2
    seen = learnt(FlowTask("raft_s", NETS["raft_s"], plan, tmp_path), tmp_path)
    alone = [name for name in seen[0] if not name.startswith("features.")]
    for before, after in pairwise(seen[:3]):
        assert all(torch.equal(before[name], after[name]) for name in alone)
        assert not torch.equal(before["features.leave.weight"], after["features.leave.weight"])
    steps = torch.cat([(seen[3][name] - seen[2][name]).abs().flatten() for name in alone])
    # Adam's first step is of the rate's length: had it counted the steps before, it would be three times as long.
    assert 0.9 * plan.rate_at(2) < steps.max() < 1.01 * plan.rate_at(2)


def test_rates_and_weights_of_a_plan():
    plan = recipe(steps=100, warm_up=0.1, features_share=0.3, features_rate=2e-3, learning_rate=1e-3)
    rates = [plan.rate_at(step) for step in range(100)]
    assert rates[:10] == pytest.approx([2e-4 * k for k in range(1, 11)])
    assert set(rates[10:30]) == {2e-3}
    assert rates[30:40] == pytest.approx([1e-4 * k for k in range(1, 11)])
    assert all(a >= b for a, b in pairwise(rates[40:]))
    assert rates[-1] < 2e-5
    assert [step for step in range(100) if plan.begins_anew(step)] == [30]
    assert [plan.matching_at(step) for step in (0, 30, 65, 100)] == pytest.approx([1.0, 1.0, 0.55, 0.1])
    without = recipe(steps=100, features_share=0.0, matching=0.0)
    assert not any(without.begins_anew(step) for step in range(100))


def test_what_is_hidden_is_what_the_layers_say(tmp_path):
    plan = recipe()
    sample = Sample(3, altered=False, step=7)
    pair = Pairs(plan, tmp_path).load(sample)
    told = gv.datasets.Layered(seed=plan.seed, height=64, width=96, motion=plan.motion, pieces=plan.pieces)[3]
    assert pair.step == 7
    np.testing.assert_array_equal(pair.hidden, told.occluded)
    np.testing.assert_array_equal(pair.flow, told.flow.px)
    # What is erased from frame 1 hides what leads there.
    erased = Pairs(dataclasses.replace(plan, erased=1.0), tmp_path).load(dataclasses.replace(sample, altered=True))
    gone = (erased.frame1 != told.frame1).any(axis=2)
    assert gone.any()
    rows, columns = np.nonzero(erased.hidden & ~told.occluded)
    there = np.rint(told.flow.px[rows, columns]).astype(int)
    assert gone[rows + there[:, 1], columns + there[:, 0]].all()


def test_flow_leads_into_a_part_or_past_it():
    part = np.zeros((4, 5), dtype=bool)
    part[1, 3] = True
    flow = np.zeros((4, 5, 2), np.float32)
    flow[2, 1] = (1.6, -1.4)  # to (3, 1)
    flow[0, 0] = (2.4, 1.0)  # to (2, 1)
    flow[3, 4] = (9.0, -2.0)  # outside
    flow[3, 3] = np.nan
    found = _leads_into(part, flow)
    assert np.argwhere(found).tolist() == [[1, 3], [2, 1]]


@pytest.mark.parametrize("stride", [8, 4])  # of images as they are, and of twice as large ones
def test_features_of_the_true_match_are_told_apart_at_a_part_of_the_size(stride):
    """Frames of 4 x 5 features that are all different; the second is moved by one of them to the right."""
    height, width = 4, 5
    own = 40 * torch.eye(height * width).view(1, -1, height, width)
    moved = torch.roll(own, 1, dims=3)
    flow = np.full((stride * height, stride * width, 2), (stride, 0.0), np.float32)
    hidden = np.zeros((stride * height, stride * width), dtype=bool)
    hidden[:, -stride:] = True
    frame = np.zeros((stride * height, stride * width, 3), np.uint8)
    batch = FlowTask.stacked([Pair(frame, frame, flow, hidden)], torch.device("cpu"))
    assert matched((own, moved), batch).item() < 1e-6
    assert matched((own, own), batch).item() > 10


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("pwc_small", {}, "flow/pwc_small does not compare all features: matching must be 0"),
        ("raft_s", {"matching": 0.0}, "features_share needs a matching loss: matching and features_rate must be above"),
        ("raft_s", {"features_rate": 0.0}, "features_share needs a matching loss"),
    ],
)
def test_plans_that_do_not_fit_are_refused(name, changes, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        FlowTask(name, NETS[name], recipe(**changes), tmp_path)
