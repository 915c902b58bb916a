import dataclasses
import itertools
import math
import re
import signal

import numpy as np
import pytest
import torch

from geomvision import training, weights
from geomvision.nets.refiner import Refiner
from geomvision.training import _loop, _scenes
from geomvision.training._flow_pairs import Pairs
from geomvision.training.recipe import FOLDER, Recipe, _entries
from geomvision.training.refined_sgm import Look, Task

NAME = "stereo/refined_sgm"


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """The tiny scenes, rendered once; trainings link to them."""
    folder = tmp_path_factory.mktemp("scenes")
    recipe = Recipe.read("refined_sgm", "tiny")
    _scenes.prepare(recipe.rendering, folder, recipe.scenes + recipe.validation_scenes, 1, lambda done: None)
    return folder


@pytest.fixture
def trained(scenes, tmp_path):
    def run(name, **options):
        out = tmp_path / name
        out.mkdir(exist_ok=True)
        link = out / f"scenes-{Recipe.read('refined_sgm', 'tiny').scenes_key()}"
        if not link.exists():
            link.symlink_to(scenes)
        return training.run(NAME, out=out, size="tiny", progress=False, **{"num_threads": 1, **options})

    return run


def test_interrupted_and_resumed_equals_straight_on_any_number_of_threads(trained, interrupted, same_weights):
    straight = trained("straight", num_threads=3)
    with interrupted(after=5):
        trained("broken")
    resumed = trained("broken")
    assert resumed.step == straight.step == Recipe.read("refined_sgm", "tiny").steps
    assert same_weights(straight, resumed)
    assert straight.scores == resumed.scores


def test_ctrl_c_waits_for_the_step_and_the_second_one_for_nothing(trained, monkeypatch, tmp_path):
    whole, presses = _loop._step, [0, 1]

    def step(*arguments):
        for _ in range(presses.pop(0) if presses else 2):
            signal.raise_signal(signal.SIGINT)
        whole(*arguments)

    monkeypatch.setattr(_loop, "_step", step)
    with pytest.raises(KeyboardInterrupt):
        trained("broken")
    assert torch.load(tmp_path / "broken" / "checkpoint.pt", weights_only=True)["step"] == 2
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt):
        trained("broken")
    assert torch.load(tmp_path / "broken" / "checkpoint.pt", weights_only=True)["step"] == 2


def test_a_checkpoint_that_cannot_be_read_or_written_is_told(trained, monkeypatch, tmp_path):
    trained("a", minutes=1e-9)
    (tmp_path / "a" / "checkpoint.pt").write_bytes(b"PK\3\4 cut short")
    with pytest.raises(ValueError, match=r"checkpoint\.pt is no checkpoint that can be read .*--fresh"):
        trained("a")

    def full(_entries, path):
        path.write_bytes(b"half")
        raise RuntimeError("file write failed")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match=r"checkpoint\.pt cannot be written: file write failed; make room"):
        trained("b")
    assert not list((tmp_path / "b").glob("*.tmp"))


def test_the_card_tells_how_the_weights_came_to_be(trained):
    outcome = trained("card")
    state, card = weights.load(outcome.weights)
    recipe = Recipe.read("refined_sgm", "tiny")
    assert card.task == NAME
    assert (card.seed, card.steps) == (recipe.seed, recipe.steps)
    assert card.training_run["recipe"] == recipe.key()
    assert card.scores == outcome.scores
    net = Refiner(**card.arguments)
    weights.put_into(net, state, card)
    assert card.parameters == sum(parameter.numel() for parameter in net.parameters())


def test_it_learns_a_scene_by_heart_in_seconds(scenes, tmp_path):
    recipe = dataclasses.replace(Recipe.read("refined_sgm", "tiny"), scenes=1, batch=1, steps=80, learning_rate=1e-2)
    recipe = dataclasses.replace(recipe, validate_every=1000)
    task = Task(recipe, tmp_path)
    task.folder = scenes
    state, sample = _loop.begin(task), Look(scene=recipe.validation_scenes)
    before = task.loss(state.net, sample).item()
    none = {"deadline": math.inf, "tell": lambda state: None}
    _loop.advance(task, state, tmp_path / "checkpoint.pt", threads=1, **none)
    after = task.loss(state.net, sample).item()
    assert after < 0.7 * before


def test_a_batch_is_learnt_from_as_its_samples_are(scenes, tmp_path):
    """Two samples whose truth is known everywhere weigh the same, at once or one by one; as a GPU takes them."""
    task = Task(Recipe.read("refined_sgm", "tiny"), tmp_path)
    task.folder = scenes
    net = task.net()
    loaded = [task.load(look) for look in (Look(scene=0), Look(scene=1, view=1, upside_down=True))]
    loaded = [{**maps, "disparity": np.nan_to_num(maps["disparity"], nan=3.0)} for maps in loaded]
    batches = [task.stacked(part, torch.device("cpu")) for part in (loaded, loaded[:1], loaded[1:])]
    together, *alone = (task.batch_loss(net, batch).item() for batch in batches)
    assert together == pytest.approx(sum(alone) / 2, rel=1e-5)
    assert alone[0] != pytest.approx(alone[1], rel=1e-3)


def test_minutes_stop_with_a_checkpoint_and_without_weights(trained):
    outcome = trained("short", minutes=1e-9)
    assert (outcome.step, outcome.weights) == (0, None)
    assert (outcome.folder / "checkpoint.pt").exists()
    assert trained("short", resume=False).weights is not None


def test_a_checkpoint_of_another_recipe_is_refused(trained):
    trained("other", minutes=1e-9)
    with pytest.raises(ValueError, match="written by another recipe"):
        trained("other", steps=99)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (
            "stereo/nothing",
            {},
            (
                "nothing to train is called 'stereo/nothing'; there is stereo/mccnn_sgm, stereo/refined_sgm, "
                "stereo/fast_stereo, "
                "flow/raft_s, flow/pwc_small"
            ),
        ),
        ("flow/refined_sgm", {}, "nothing to train is called"),
        (NAME, {"size": "huge"}, "no size 'huge'; it has cpu, tiny"),
        (NAME, {"steps": 0}, "steps is 0; it must be above 0"),
        (NAME, {"minutes": -1.0}, "minutes is -1.0; it must be above 0"),
        (NAME, {"device": "toaster"}, "device is 'toaster'; there is cpu"),
        (NAME, {"device": "cuda:99"}, "device is 'cuda:99'; there is cpu"),
        (NAME, {"recipe": "none.toml"}, "none.toml does not exist; give a recipe (TOML)"),
        ("depth/monodepth2", {"camera": "80,80,48,48"}, "camera is '80,80,48,48', that of images which depth is"),
    ],
)
def test_what_cannot_be_trained_is_said(tmp_path, name, options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        training.run(name, out=tmp_path / "none", **options)
    assert not (tmp_path / "none").exists()


def test_a_file_is_no_folder_to_write_to(tmp_path):
    (tmp_path / "a").write_text("a file")
    with pytest.raises(ValueError, match=r"out is .*a, which is a file; it must be a folder"):
        training.run(NAME, out=tmp_path / "a", size="tiny")


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("batch = '8'", "batch is '8'; it must be a whole number"),
        ("steps = -3", "steps is -3; it must be at least 1"),
        ("steps = true", "steps is True; it must be a whole number"),
        ("learning_rate = nan", "learning_rate is nan; it must be a number"),
        ("clip_gradient = -1.0", "clip_gradient is -1.0; it must be above 0"),
        ("average = 3.0", "average is 3.0; it must be at least 0 and below 1"),
        ("validate_every = 0", "validate_every is 0; it must be at least 1"),
        ("least_share = 2.0", "least_share is 2.0; it must be a share from 0 to 1"),
        ("layouts = 'room'", "layouts is 'room'; it must be texts"),
        ("foo = 3", "there is no entry 'foo'; there are network, seed, batch"),
        ("knobs = { foo = 1 }", "there is no knob 'foo'; there are"),
        ("network = 'a'", "network is 'a'; it must be a table"),
        ("network = { hiddn = 3 }", "unexpected keyword argument 'hiddn'; Eigen takes width, hidden"),
    ],
)
def test_a_recipe_with_a_wrong_entry_says_which_and_what_is_allowed(tmp_path, entry, told):
    path = tmp_path / "mine.toml"
    path.write_text(f"base = 'eigen'\n[tiny]\n{entry}\n")
    with pytest.raises(ValueError, match=re.escape(told)):
        training.run("depth/eigen", out=tmp_path / "out", size="tiny", recipe=path, progress=False)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"task = 'depth'\ntiny = 3\n", "tiny is 3; it must be a table, [tiny]"),
        (b"task = 'depth'\n[tiny]\nseed = 1\n", "mine.toml, size 'tiny': lacks network, batch, steps"),
        (b"\xff\xfe", "mine.toml is no TOML: "),
        (b"task = 'depth'\n[tiny\n", "mine.toml is no TOML: "),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path, content, told):
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(told)):
        Recipe.read("eigen", "tiny", path)


def test_scenes_are_those_of_the_recipe_and_written_whole(scenes):
    recipe = Recipe.read("refined_sgm", "tiny")
    again, stored = _scenes.render(recipe.rendering, 3), _scenes.load(scenes, 3)
    assert all(np.array_equal(again[name], stored[name], equal_nan=name != "occluded") for name in _scenes.FIELDS)
    assert not list(scenes.glob("*.tmp"))
    assert len(list(scenes.glob("*.npz"))) == recipe.scenes + recipe.validation_scenes


def test_both_views_of_a_scene_are_pairs_with_their_truth(scenes):
    scene = _scenes.load(scenes, 0)
    for view in range(2):
        left, right = (scene[name][view].astype(float).mean(axis=2) for name in ("left", "right"))
        disparity = scene["disparity"][view].astype(float)
        seen = ~scene["occluded"][view] & ~np.isnan(disparity)
        rows, columns = np.nonzero(seen)
        there = columns - disparity[seen]
        inside = (there >= 0) & (there <= right.shape[1] - 1)
        rows, columns, there = rows[inside], columns[inside], np.rint(there[inside]).astype(int)
        difference = np.abs(left[rows, columns] - right[rows, there])
        assert np.median(difference) < 0.5 * np.median(np.abs(left[rows, columns] - right[rows, columns]))


def test_the_learning_rate_rises_falls_and_ends_near_zero():
    recipe = dataclasses.replace(Recipe.read("refined_sgm", "tiny"), steps=100, warm_up=0.1, learning_rate=2.0)
    rates = [recipe.rate_at(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.2)
    assert max(rates) == rates[9] == pytest.approx(2.0)
    assert all(a > b for a, b in itertools.pairwise(rates[10:]))
    assert rates[-1] < 0.002


def test_the_last_steps_learn_from_larger_pairs_at_a_rate_that_falls_anew(tmp_path):
    recipe = Recipe.read("raft_s", "tiny")
    pairs = Pairs(recipe, tmp_path)
    first = recipe.late_from
    assert (recipe.steps, first) == (6, 4)
    assert recipe.rate_at(first - 1) < recipe.rate_at(first) == recipe.late_rate > recipe.rate_at(first + 1)
    assert [pairs.load(pairs.drawn(step)[0])[2].shape[:2] for step in (3, 4)] == [(64, 96), recipe.late_size]
    drawn = [sample.index for step in range(6) for sample in pairs.drawn(step) if not sample.rendered]
    assert len(set(drawn)) == len(drawn)
    assert sum(len(pairs.drawn(step)) for step in range(6)) == recipe.pairs_drawn


def test_every_size_of_every_recipe_can_be_read():
    for name in training.TRAININGS:
        for size in ("cpu", "tiny"):
            recipe = Recipe.read(name.rpartition("/")[2], size)
            assert recipe.steps % recipe.validate_every == 0 or recipe.steps > recipe.validate_every
            assert recipe.height % 32 == 0 == recipe.width % 32
    for path in FOLDER.glob("[!_]*.toml"):
        for size, entries in _entries(path).items():
            if isinstance(entries, dict):
                assert Recipe.read(path.stem, size).steps >= 1
    with pytest.raises(
        ValueError,
        match=r"no recipe for 'sgm'; there are anynet, .*, fast_stereo, .*, mccnn_sgm, .*, raft_s, .*, refined_sgm",
    ):
        Recipe.read("sgm")
