"""Flow nets that go on learning from a video without truth."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import nn

import geomvision as gv
from geomvision import io, training, weights
from geomvision.cli import main
from geomvision.nets.pwc_small import PWCSmall
from geomvision.nets.raft import Flows
from geomvision.training import _loop
from geomvision.training._flow import FlowNet, FlowTask
from geomvision.training._self_supervised import SelfSupervised, _counted
from geomvision.training._start import Start
from geomvision.training.flow_nets import NETS
from geomvision.training.recipe import FOLDER, Recipe


class Timid(nn.Module):
    """A net that finds what moves how, and tells half of it; how much of it, along x and y, is what can be learnt."""

    def __init__(self):
        super().__init__()
        self.share = nn.Parameter(torch.tensor([0.5, 0.5]))

    def forward(self, images0, images1):
        pairs = zip(*(i.permute(0, 2, 3, 1).byte().numpy() for i in (images0, images1)), strict=True)
        found = [gv.flow.InverseSearch(num_threads=1)(*pair).px for pair in pairs]
        flow = torch.from_numpy(np.stack(found)).permute(0, 3, 1, 2) * self.share[:, None, None]
        return Flows(flow=flow, coarse=flow, steps=(flow,))


TIMID = FlowNet(make=Timid, stride=8, least=8)


@pytest.fixture(scope="module")
def pair():
    return gv.datasets.Layered(seed=5, height=72, width=104, motion=(1.5, 2.5), pieces=(1, 2), faults=False)[0]


@pytest.fixture(scope="module")
def clip(pair, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip")
    for number, frame in enumerate((pair.frame0, pair.frame1)):
        io.write_image(folder / f"{number}.png", frame)
    return folder


def recipe(**changes):
    return dataclasses.replace(Recipe.read("self_supervised", "tiny"), **changes)


def test_learning_from_frames_alone_brings_flow_to_the_truth(pair, clip, tmp_path):
    start = Start(name="timid", state=Timid().state_dict(), arguments={}, sha256="0")
    plan = recipe(steps=8, learning_rate=0.15, average=0.0, validate_every=100, batch=1)
    task = SelfSupervised("timid", TIMID, plan, tmp_path, video=clip, start=start)
    task.prepare(1, lambda done: None)
    state = _loop.begin(task)
    before = task._errors(state.net, pair.frame0, pair.frame1, pair.flow.px).mean()
    _loop.advance(task, state, tmp_path / "c.pt", threads=1, deadline=math.inf, tell=lambda s: None)
    after = task._errors(state.net, pair.frame0, pair.frame1, pair.flow.px).mean()
    scores = state.scores[-1][1]
    assert after < 0.5 * before
    bits = next(name for name in scores if name.endswith("bits that differ"))
    assert scores[bits] < 0.9 * scores[f"{bits}, before"]


def test_a_check_that_nothing_passes_hides_nothing():
    nowhere = torch.zeros(2, 1, 4, 5, dtype=torch.bool)
    assert (_counted(nowhere) == 1).all()
    mostly = nowhere.clone()
    mostly[:, :, :, 1:] = True
    assert _counted(mostly).unique().tolist() == pytest.approx([0.2, 1.0])


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Weights of `pwc_small` before any training, with a card."""
    plan = Recipe.read("pwc_small", "tiny")
    task = FlowTask("pwc_small", NETS["pwc_small"], plan, tmp_path_factory.mktemp("none"))
    path = tmp_path_factory.mktemp("start") / "first.safetensors"
    torch.manual_seed(1)
    card = dataclasses.replace(task.card(0, {}, {}), name="first", licence="MIT", training_data="nothing yet")
    weights.save(path, PWCSmall(), card)
    return path


def adapted(clip, start, out, **options):
    given = {"size": "tiny", "steps": 2, "num_threads": 1, "progress": False, **options}
    return training.run("flow/pwc_small", adapt=clip, weights=start, out=out, **given)


@pytest.mark.filterwarnings("ignore:1 learnt pairs, census bits")
def test_stopped_and_resumed_on_two_threads_gives_the_same_weights_and_a_card_that_says_how(
    pair, clip, start, tmp_path, interrupted, same_weights
):
    whole = adapted(clip, start, tmp_path / "whole")
    with interrupted(after=1):
        adapted(clip, start, tmp_path / "broken", num_threads=2)
    resumed = adapted(clip, start, tmp_path / "broken", num_threads=2)
    assert same_weights(whole, resumed)
    (found, card), (first, _) = (weights.load(path) for path in (whole.weights, start))
    assert any(not torch.equal(first[key], found[key]) for key in found)
    assert (card.name, card.task, card.licence) == ("pwc_small_adapted", "flow/pwc_small", "MIT")
    name = f"1 pairs of frames of the user's own {clip.name}, without truth; before: nothing yet"
    assert card.training_data == name
    assert card.training_run["started_from"] == "first"
    flow = gv.flow.PWCSmall(weights=str(whole.weights))(pair.frame0, pair.frame1)
    assert np.isfinite(flow.px).all()


def test_every_eighth_pair_is_held_out(tmp_path, clip):
    frames = [io.read_image(path) for path in sorted(clip.iterdir())]
    many = tmp_path / "many"
    many.mkdir()
    for number in range(11):
        io.write_image(many / f"{number}.png", frames[number % 2])
    start = Start(name="timid", state=Timid().state_dict(), arguments={}, sha256="0")
    task = SelfSupervised("timid", TIMID, recipe(), tmp_path, video=many, start=start)
    task.prepare(1, lambda done: None)
    assert (task.held_out, task.learnt) == ([4], [0, 1, 2, 3, 5, 6, 7, 8, 9])
    assert next(iter(task.before)).startswith("1 held-out pairs, ")
    assert {look.pair for step in range(40) for look in task.samples(step)} == set(task.learnt)


def test_what_cannot_be_adapted_is_told(clip, start, tmp_path, capsys):
    small = tmp_path / "small"
    small.mkdir()
    for number in range(2):
        io.write_image(small / f"{number}.png", np.zeros((20, 40, 3), np.uint8))
    stereo = dataclasses.replace(weights.Card.read(start.with_suffix(".json")), task="flow/raft_s")
    weights.save(tmp_path / "other.safetensors", PWCSmall(), stereo)
    out = tmp_path / "out"
    for options, message in (
        (
            {"adapt": clip, "weights": "none"},
            "no weights 'none': .* to start from: --weights NAME or FILE",
        ),
        ({"adapt": clip, "weights": tmp_path / "other.safetensors"}, "is for flow/raft_s; flow/pwc_small cannot"),
        ({"adapt": small, "weights": start}, "frames are 40x20 pixels; flow/pwc_small is adapted to 32x32 and more"),
        ({"adapt": tmp_path / "nothing.mp4", "weights": start}, r"nothing\.mp4 does not exist; give a video"),
    ):
        with pytest.raises(ValueError, match=message):
            training.run("flow/pwc_small", size="tiny", out=out, progress=False, **options)
    with pytest.raises(ValueError, match="stereo/refined_sgm is adapted to rectified pairs: give the folder of right"):
        training.run("refined_sgm", size="tiny", out=out, adapt=clip)
    with pytest.raises(
        ValueError, match="stereo/refined_sgm starts from no weights; weights to start from are for flow"
    ):
        training.run("refined_sgm", size="tiny", out=out, weights=start)
    with pytest.raises(ValueError, match="and adapt go together"):
        training.run("pwc_small", size="tiny", out=out, adapt=clip, recipe=FOLDER / "pwc_small.toml")
    with pytest.raises(SystemExit):
        main(["train", "flow/pwc_small", "--size", "tiny", "--adapt", str(tmp_path / "none"), "--weights", str(start)])
    assert "none does not exist; give a video, or a folder of its frames" in capsys.readouterr().err
