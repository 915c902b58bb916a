"""Answers of any flow methods, refined: what the net is told of them, and what it makes of them."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

import geomvision as gv
from geomvision import flow, weights
from geomvision.flow._base import FlowMethod
from geomvision.flow.refined import Refined, completed
from geomvision.images import ImageError
from geomvision.method import BackendError, OptionError, backend
from geomvision.nets.flow_refiner import FlowRefiner
from geomvision.results import Flow

ARGUMENTS = {"width": 8, "wide": 8, "hidden": 8, "looks": [1, 1]}


@pytest.fixture(scope="module")
def untaught(tmp_path_factory):
    """Weights at random, in a file with its card."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = FlowRefiner(**ARGUMENTS)
    empty = dict.fromkeys(("name", "network", "input_rule", "training_data", "licence", "sha256"), "")
    counts = {"parameters": 0, "seed": 0, "steps": 0, "commercial_use": True}
    card = weights.Card(**empty, **counts, task="flow/refined", kind="flow_px", arguments=ARGUMENTS)
    path = tmp_path_factory.mktemp("weights") / "untaught.safetensors"
    weights.save(path, net, card)
    return str(path)


@pytest.fixture
def registered():
    """Adds a method for one test."""
    before = dict(flow.METHODS._added)
    yield flow.METHODS.add
    flow.METHODS._added.clear()
    flow.METHODS._added.update(before)


def frames(height=40, width=56, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (2, height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (7, 3), (33, 2), (31, 65)])
@pytest.mark.parametrize("options", [{}, {"base": "lucas_kanade", "others": ""}])
def test_any_size_and_one_answer_or_several(size, options, untaught):
    result = Refined(weights=untaught, **options)(*frames(*size))
    assert result.px.shape == (*size, 2)
    assert np.isfinite(result.px).all()
    assert result.confidence.shape == size


def test_threads_and_runs_change_no_bit(untaught):
    pair = frames(97, 211)
    first = Refined(weights=untaught, num_threads=1)(*pair)
    for threads in (1, 2, 3, 5):
        again = Refined(weights=untaught, num_threads=threads)(*pair)
        for name in ("px", "confidence"):
            np.testing.assert_array_equal(getattr(again, name), getattr(first, name))


def test_what_is_not_finite_is_refused(untaught):
    frame0, frame1 = frames().astype(np.float32)
    frame1[3, 4, 0] = np.nan
    with pytest.raises(ImageError, match="NaN"):
        Refined(weights=untaught)(frame0, frame1)


def test_gaps_take_what_the_next_that_knows_says():
    nan = np.nan
    base = np.array([[[1, 2], [nan, nan], [nan, nan], [nan, nan]]], np.float32)
    second = np.array([[[nan, nan], [3, 4], [nan, nan], [nan, nan]]], np.float32)
    third = np.array([[[5, 6], [7, 8], [9, 10], [nan, nan]]], np.float32)
    filled = completed([base, second, third])
    assert filled[0].tolist() == [[[1, 2], [3, 4], [9, 10], [0, 0]]]
    assert filled[1].tolist() == [[[1, 2], [3, 4], [9, 10], [0, 0]]]
    assert filled[2].tolist() == [[[5, 6], [7, 8], [9, 10], [0, 0]]]
    assert np.isnan(base[0, 1]).all()  # what was given is left as it was


def test_the_base_runs_both_ways_and_where_it_finds_nothing_nothing_is_invented(registered, untaught):
    asked = []

    @registered
    @dataclass(frozen=True, kw_only=True)
    class Blind(FlowMethod):
        """Knows nothing of dark frames, and elsewhere says (1, 0)."""

        @backend("cpu")
        def _cpu(self, frame0, frame1):
            asked.append((float(frame0.mean()), float(frame1.mean())))
            value = np.float32(np.nan if frame0.max() == 0 else 1)
            return Flow(px=np.stack([np.full(frame0.shape[:2], value), 0 * value * np.ones(frame0.shape[:2])], 2))

    dark, light = np.zeros((20, 30), np.uint8), np.full((20, 30), 100, np.uint8)
    made = Refined(base="blind", others="tvl1", weights=untaught)
    assert np.isnan(made(dark, light).px).all()
    assert asked == [(0, 100)]
    asked.clear()
    assert np.isfinite(made(light, dark).px).all()
    assert asked == [(100, 0), (0, 100)]


def test_stages_are_those_of_the_methods_and_the_net(untaught):
    made = Refined(base="tvl1", others="lucas_kanade", weights=untaught)
    trace = made.trace(*frames())
    assert [stage.name for stage in trace] == ["tvl1", "beside: lucas_kanade", "coarse", "mixed", "flow"]
    np.testing.assert_array_equal(trace["tvl1"].array, gv.flow.TVL1()(*frames()).px)
    np.testing.assert_array_equal(trace.result.px, made(*frames()).px)


def test_it_has_the_bases_options_and_survives_json():
    made = Refined(base="tvl1", base_options="data_weight=0.2, warps=3", others=" inverse_search ,", num_threads=2)
    base, beside = made.methods()
    assert base == gv.flow.TVL1(data_weight=0.2, warps=3, num_threads=2)
    assert beside == gv.flow.InverseSearch(num_threads=2)
    assert Refined.from_options(json.loads(json.dumps(made.options()))) == made.with_options(num_threads=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base": "refined"}, "base and others name 'refined'; allowed are other flow methods"),
        ({"others": "tvl1, refined"}, "base and others name 'refined'; allowed are other flow methods"),
        ({"base": "tvl2"}, "Refined: base is 'tvl2'; allowed are "),
        ({"others": "tvl2"}, "Refined: one of others is 'tvl2'; allowed are "),
        ({"base": "tvl1", "base_options": "warp=9"}, "Refined: base_options holds 'warp=9'"),
        ({"base": "epipolar_flow"}, "'epipolar_flow' takes more than two frames; allowed is what takes just them"),
    ],
)
def test_what_is_no_base_is_refused(options, message):
    with pytest.raises(OptionError, match=message):
        Refined(**options)


def test_without_weights_it_says_how_to_get_them():
    with pytest.raises(BackendError, match=r"Refined cannot run here: .*give weights= the path of"):
        Refined(weights="nowhere.safetensors")(*frames())


def test_a_base_that_cannot_run_says_so(untaught):
    with pytest.raises(BackendError, match=r"RAFT cannot run here: .*give weights="):
        Refined(base="raft", weights=untaught)(*frames())
