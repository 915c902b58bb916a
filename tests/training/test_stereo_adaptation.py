"""Stereo nets that go on learning from rectified pairs without truth."""

import dataclasses
import math
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

import geomvision as gv
from geomvision import io, training, weights
from geomvision.cli import main
from geomvision.nets.dispnet import DispNetC
from geomvision.nets.gwcnet import GwcNet
from geomvision.nets.raft_stereo import RAFTStereo
from geomvision.nets.refiner import Refiner
from geomvision.training import _loop
from geomvision.training._gradients import Learner
from geomvision.training._self_supervised_stereo import SelfSupervisedStereo
from geomvision.training._start import Start
from geomvision.training._taught_stereo import StereoNet
from geomvision.training._team import Team
from geomvision.training.recipe import FOLDER, Recipe


@pytest.fixture(scope="module")
def scene():
    options = {"height": 72, "width": 128, "max_disparity": 12, "supersampling": 1, "textureless": 0.0}
    return gv.datasets.Synthetic(seed=3, **options)[0]


@pytest.fixture(scope="module")
def folders(scene, tmp_path_factory):
    root = tmp_path_factory.mktemp("pairs")
    for side in ("left", "right"):
        (root / side).mkdir()
        io.write_image(root / side / "7.png", getattr(scene, side))
    return root / "left", root / "right"


def recipe(**changes):
    return dataclasses.replace(Recipe.read("self_supervised_stereo", "tiny"), **changes)


class Timid(nn.Module):
    """A net that finds the disparities of a pair and tells half of them; how much of them is what can be learnt."""

    def __init__(self):
        super().__init__()
        self.share = nn.Parameter(torch.tensor(0.5))

    def estimates(self, left, right, **_arguments):
        pairs = zip(*(i.permute(0, 2, 3, 1).byte().numpy() for i in (left, right)), strict=True)
        sgm = gv.stereo.SGM(max_disparity=16, fill="background", num_threads=1)
        found = np.stack([sgm(*map(np.ascontiguousarray, pair)).px for pair in pairs])
        yield (torch.from_numpy(found)[:, None] * self.share,)

    def raised(self, disparity):
        return disparity


TIMID = StereoNet(make=Timid, stride=1, least=32, called_by=gv.stereo.DispNetC)


@pytest.mark.parametrize("teacher", ["the pair", "sgm"])
def test_pairs_alone_bring_disparities_to_the_truth(folders, tmp_path, teacher):
    plan = recipe(steps=12, learning_rate=0.08, average=0.0, validate_every=100, batch=1, keep=0.0, hidden="none")
    plan = dataclasses.replace(plan, **({"appearance": 0.0, "proxy": 1.0} if teacher == "sgm" else {"proxy": 0.0}))
    start = Start(name="timid", state=Timid().state_dict(), arguments={}, sha256="0")
    task = SelfSupervisedStereo("timid", TIMID, plan, tmp_path, views=folders, start=start)
    task.prepare(1, lambda done: None)
    state = _loop.begin(task)
    _loop.advance(task, state, tmp_path / "c.pt", threads=1, deadline=math.inf, tell=lambda s: None)
    scores = state.scores[-1][1]
    assert float(state.net.share.detach()) == pytest.approx(1.0, abs=0.1)
    bits = next(name for name in scores if name.endswith("bits that differ"))
    assert scores[bits] < 0.9 * scores[f"{bits}, before"]


def test_a_thread_may_learn_from_several_looks_at_once(folders, tmp_path):
    """The sum of their losses and gradients is the same."""
    start = Start(name="timid", state=Timid().state_dict(), arguments={}, sha256="0")
    found = []
    for chunk in (1, 3):
        plan = recipe(batch=3, chunk=chunk)
        task = SelfSupervisedStereo("timid", TIMID, plan, tmp_path, views=folders, start=start)
        task.prepare(1, lambda done: None)
        with ThreadPoolExecutor(1) as pool:
            loss, (gradient,), count = Learner(task, pool, Team()).learn(task.net(), 0)
        found.append((float(loss), float(gradient), count))
    assert found[1] == pytest.approx(found[0], rel=1e-5)


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Weights of a small refiner that adds three quarters of a pixel to every disparity."""
    torch.manual_seed(1)
    net = Refiner(width=4)
    with torch.no_grad():
        net.heads.bias[-3] = 1.0
    path = tmp_path_factory.mktemp("start") / "first.safetensors"
    return saved(path, net, "stereo/refined_sgm", {"width": 4})


def saved(path, net, task, arguments):
    kind = type(net)
    card = weights.Card(
        name="first", task=task, kind="disparity_px", network=f"{kind.__module__}.{kind.__qualname__}",
        arguments=arguments, parameters=0, input_rule="RGB", training_data="nothing yet", seed=0, steps=0,
        licence="MIT", commercial_use=True, sha256="",
    )  # fmt: skip
    weights.save(path, net, card)
    return path


def adapted(name, folders, start, out, **options):
    given = {"size": "tiny", "num_threads": 1, "progress": False, **options}
    return training.run(name, adapt=folders[0], right=folders[1], weights=start, out=out, **given)


def test_a_refiner_is_nearer_to_the_truth_than_before_and_its_card_says_how(scene, folders, start, tmp_path):
    outcome = adapted("stereo/refined_sgm", folders, start, tmp_path, steps=10)
    before, after = (
        gv.stereo.RefinedSGM(max_disparity=16, weights=str(path))(scene.left, scene.right)
        for path in (start, outcome.weights)
    )
    errors = [np.nanmean(np.abs(found.px - scene.disparity.px)) for found in (before, after)]
    assert errors[1] < 0.7 * errors[0]
    card = weights.load(outcome.weights)[1]
    assert (card.name, card.task, card.licence) == ("refined_sgm_adapted", "stereo/refined_sgm", "MIT")
    assert card.training_data == "1 pairs of the user's own left, without truth; before: nothing yet"
    assert card.training_run["started_from"] == "first"
    assert "1 learnt pairs, census bits that differ, before" in card.scores


@pytest.fixture(scope="module")
def whole(folders, start, tmp_path_factory):
    """Two steps, alone and at once."""
    with warnings.catch_warnings(action="ignore"):
        return adapted("refined_sgm", folders, start, tmp_path_factory.mktemp("whole"), steps=2)


@pytest.mark.filterwarnings("ignore:1 learnt pairs, census bits")
def test_stopped_and_resumed_on_two_threads_gives_the_same_weights(
    folders, start, whole, tmp_path, interrupted, same_weights
):
    with interrupted(after=1):
        adapted("refined_sgm", folders, start, tmp_path / "broken", steps=2, num_threads=2)
    resumed = adapted("refined_sgm", folders, start, tmp_path / "broken", steps=2, num_threads=2)
    assert same_weights(whole, resumed)


def test_two_processes_share_an_adaptation(folders, start, whole, tmp_path, in_two_processes):
    """Each learns from one of two looks: losses are their mean, and both take the step that one takes alone."""
    plan = tmp_path / "plan.toml"
    plan.write_text('base = "self_supervised_stereo"\n[tiny]\nsteps = 2\n')
    command = ("train", "stereo/refined_sgm", "--size", "tiny", "--recipe", plan, "--threads", 1, "--weights", start)
    printed = in_two_processes(*command, "--adapt", folders[0], "--right", folders[1], "--out", tmp_path)
    assert printed.count("wrote ") == 1
    losses = [torch.load(folder / "checkpoint.pt")["losses"] for folder in (whole.folder, tmp_path)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
    (expected, _), (found, card) = (weights.load(path) for path in (whole.weights, tmp_path / whole.weights.name))
    for key, value in expected.items():
        torch.testing.assert_close(found[key], value, rtol=0, atol=1e-3)
    assert card.training_run["processes"] == 2


@pytest.mark.filterwarnings("ignore:1 learnt pairs, census bits")
@pytest.mark.parametrize(
    ("name", "net", "arguments"),
    [
        ("dispnet_c", DispNetC, {"width": 2}),
        ("raft_stereo", RAFTStereo, {"levels": 1, "stages": [8, 8, 8, 8], "hidden": 16, "features": 16}),
        ("gwcnet", GwcNet, {"width": 8, "joined": 4, "groups": 8, "blocks": [1, 1, 1, 1]}),
    ],
)
def test_nets_that_see_the_pair_alone_are_adapted_too(scene, folders, tmp_path, name, net, arguments):
    torch.manual_seed(1)
    first = saved(tmp_path / "first.safetensors", net(**arguments), f"stereo/{name}", arguments)
    outcome = adapted(f"stereo/{name}", folders, first, tmp_path, steps=1)
    states = [weights.load(path)[0] for path in (first, outcome.weights)]
    changed = [key for key in states[0] if not torch.equal(states[0][key], states[1][key])]
    assert changed
    assert not [key for key in changed if "running" in key]
    method = gv.stereo.METHODS[name](weights=str(outcome.weights))
    assert np.isfinite(method(scene.left, scene.right).px).all()


def written(folder, images):
    folder.mkdir(parents=True)
    for number, image in enumerate(images):
        io.write_image(folder / f"{number}.png", image)
    return folder


def test_pairs_that_cannot_be_learnt_from_are_told(scene, folders, start, tmp_path):
    left, right = scene.left, scene.right
    other = gv.datasets.Synthetic(seed=8, height=144, width=200, max_disparity=12, supersampling=1)[0]
    one, none = written(tmp_path / "one", [other.left]), written(tmp_path / "none", [])
    tilted = written(tmp_path / "tilted", [np.roll(other.right, 7, axis=0)])
    short = written(tmp_path / "short", [left[:-2]])
    small = [written(tmp_path / name, [image[:20, :60]]) for name, image in (("sl", left), ("sr", right))]
    for views, message in (
        ((one, none), "one holds 1 images and .*none 0; each left image needs its right one"),
        ((none, none), "holds 0 images"),
        ((tmp_path / "absent", one), "absent is no folder; give one of rectified images"),
        ((one, tilted), "0.png and .*0.png cannot be a rectified stereo pair: the rows do not correspond: median"),
        ((folders[0], short), "the images differ in size .left is 128x72, right is 128x70 pixels"),
        ((one, one), "left and right are the same image"),
        (small, "is 60x20 pixels; stereo/refined_sgm is adapted to 32x32 and more"),
    ):
        with pytest.raises(ValueError, match=message):
            adapted("stereo/refined_sgm", views, start, tmp_path / "out")


def test_choices_that_do_not_go_together_are_told(folders, start, tmp_path, capsys):
    left, right = folders
    for options, message in (
        ({"name": "refined_sgm", "adapt": left}, "give the folder of right images, too"),
        ({"name": "refined_sgm", "right": right}, "adapt is that of left ones"),
        ({"name": "pwc_small", "adapt": left, "right": right}, "flow/pwc_small is adapted to one video"),
        (
            {"name": "mccnn_sgm", "adapt": left, "right": right},
            "is called 'mccnn_sgm' without truth",
        ),
        (
            {"name": "refined_sgm", "adapt": left, "right": right, "recipe": FOLDER / "self_supervised.toml"},
            "the recipe is not for refined_sgm: task must be 'self_supervised_stereo'",
        ),
        (
            {"name": "refined_sgm", "recipe": FOLDER / "self_supervised_stereo.toml"},
            "and adapt go together: .* those of self_supervised_stereo rectified pairs",
        ),
        (
            {"name": "gwcnet", "adapt": left, "right": right, "weights": start},
            "is for stereo/refined_sgm; stereo/gwcnet cannot start from it",
        ),
        ({"name": "gwcnet", "adapt": left, "right": right}, "no weights 'gwcnet'.* --weights NAME or FILE"),
    ):
        with pytest.raises(ValueError, match=message):
            training.run(size="tiny", out=tmp_path, progress=False, **options)
    arguments = ["train", "stereo/refined_sgm", "--size", "tiny", "--adapt", str(left)]
    with pytest.raises(SystemExit):
        main(arguments)
    assert "give the folder of right images, too" in capsys.readouterr().err
