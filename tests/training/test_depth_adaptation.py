"""Depth that is learnt without truth: from a clip, from pairs, from a rig over time."""

import dataclasses

import numpy as np
import pytest
import torch

import geomvision as gv
from geomvision import io, training
from geomvision.cameras import Camera
from geomvision.cli import main
from geomvision.depth._learned import FOCAL_PX
from geomvision.training._depth_frames import Rig, rigs_of
from geomvision.training._depth_looks import drawn
from geomvision.training._self_supervised_depth import SelfSupervisedDepth
from geomvision.training.depth_adaptation_recipe import DepthAdaptationRecipe
from geomvision.training.recipe import Recipe

HEIGHT, WIDTH = 64, 96
PLAIN = {"noise": 0.0, "exposure": 0.0, "specular": 0.0, "textureless": 0.0, "supersampling": 1}


def recipe(**changes):
    return dataclasses.replace(Recipe.read("self_supervised_depth", "tiny"), width=WIDTH, **changes)


@pytest.fixture(scope="module")
def pair():
    return gv.datasets.Synthetic(seed=3, height=HEIGHT, width=WIDTH, max_disparity=10, layout="tabletop", **PLAIN)[0]


@pytest.fixture(scope="module")
def clip():
    scenes = gv.datasets.Synthetic(seed=4, height=HEIGHT, width=WIDTH, max_disparity=6, layout="tabletop", **PLAIN)
    return scenes.clip(1, frames=3)


@pytest.fixture(scope="module")
def pairs_on_disk(pair, tmp_path_factory):
    root = tmp_path_factory.mktemp("pairs")
    for side in ("left", "right"):
        (root / side).mkdir()
        io.write_image(root / side / "7.png", getattr(pair, side))
    io.write_rig(root / "rig.yaml", pair.rig)
    return root


@pytest.fixture(scope="module")
def clip_on_disk(clip, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip")
    for k, sample in enumerate(clip):
        io.write_image(folder / f"{k}.png", sample.image)
    return folder


PLAN = {"steps": 18, "learning_rate": 0.02, "coarse_share": 0.0, "validate_every": 100, "batch": 1, "mask": False}
PLAN |= {"settle": 0.0, "smooth": 0.0, "consistent": 0.0, "points": 0.0}


def test_pairs_alone_bring_depth_to_metres(pair, pairs_on_disk, depth_that_is_known, train_depth, tmp_path):
    scale = FOCAL_PX / pair.rig.left.fx
    sides = [(pair.left, pair.disparity), (pair.right, pair.disparity_right)]
    depth_that_is_known([(image, scale * d.to_depth(pair.rig).m) for image, d in sides])
    folders = [pairs_on_disk / "left", pairs_on_disk / "right"]
    rigs = rigs_of(pairs_on_disk / "rig.yaml", folders)
    task = SelfSupervisedDepth("monodepth2", recipe(**PLAN), tmp_path, folders=folders, rigs=rigs, start=None)
    state = train_depth(task)
    assert float(state.net.depth.share.detach()) == pytest.approx(0, abs=0.04)
    assert task.metric
    cost = next(name for name in state.scores[-1][1] if name.endswith("photometric cost"))
    assert state.scores[-1][1][cost] < state.scores[-1][1][f"{cost}, before"]


@pytest.mark.parametrize("over", [{}, {"consistent": 0.5, "least": False}])
def test_a_clip_whose_motion_is_known_brings_depth_to_its_scale(
    clip, clip_on_disk, depth_that_is_known, train_depth, tmp_path, monkeypatch, over
):
    T = np.linalg.inv(clip[0].clip.T_world_cam)
    depth_that_is_known([(sample.image, sample.depth.m) for sample in clip])
    monkeypatch.setattr(SelfSupervisedDepth, "_solved", lambda _: T)
    plan = recipe(**{**PLAN, **over, "poses": "solved"})
    rigs = (Rig.of(clip[0].camera),)
    task = SelfSupervisedDepth("monodepth2", plan, tmp_path, folders=[clip_on_disk], rigs=rigs, start=None)
    state = train_depth(task)
    assert float(state.net.depth.share.detach()) == pytest.approx(0, abs=0.05)
    assert not task.metric


def test_a_focal_length_that_is_too_long_is_drawn_back(clip, clip_on_disk, depth_that_is_known, tmp_path):
    """Of a camera that is learnt, with the right depth and motion."""
    T = torch.from_numpy(np.linalg.inv(clip[0].clip.T_world_cam))
    depth_that_is_known([(sample.image, sample.depth.m) for sample in clip])
    right = clip[0].camera
    camera = dataclasses.replace(right, fx=1.1 * right.fx, fy=1.1 * right.fy)
    plan = recipe(**PLAN, learn_camera=True)
    folders = [clip_on_disk]
    task = SelfSupervisedDepth("monodepth2", plan, tmp_path, folders=folders, rigs=(Rig.of(camera),), start=None)
    task.prepare(1, lambda done: None)
    net = task.net()
    with torch.no_grad():
        net.depth.share.zero_()
    (look,) = task.samples(0)
    batch = task.stacked([task.load(look)], torch.device("cpu"))
    objective = dataclasses.replace(task.objective, poses=T.numpy())
    (slope,) = torch.autograd.grad(objective(net, batch), net.bend)
    assert bool(slope.isfinite().all())
    assert float(slope[:2].sum()) > 0


def test_a_rig_over_time_sees_every_camera_at_every_time(clip, clip_on_disk, depth_that_is_known, tmp_path):
    """The clip's next frame as a second camera: T of each view is that of the cameras' true places."""
    depth_that_is_known([(sample.image, sample.depth.m) for sample in clip])
    T = np.linalg.inv(clip[0].clip.T_world_cam)
    beside = np.linalg.inv(gv.cameras.pose(np.eye(3), np.array([0.1, 0.0, 0.0])))
    rig = Rig((clip[0].camera, clip[0].camera), np.stack([np.eye(4), beside]))
    folders = [clip_on_disk, clip_on_disk]
    plan = recipe(**PLAN, over_time=True)
    task = SelfSupervisedDepth("monodepth2", plan, tmp_path, folders=folders, rigs=(rig,), start=None)
    task.prepare(1, lambda done: None)
    objective = dataclasses.replace(task.objective, poses=T)
    for step in range(4):
        (look,) = task.samples(step)
        assert len(look.others) == 5  # the other camera now; both, twice
        batch = task.stacked([task.load(look)], torch.device("cpu"))
        for n, (time, camera) in enumerate(look.others, start=1):
            wanted = rig.T[camera] @ T[time] @ np.linalg.inv(T[look.time]) @ np.linalg.inv(rig.T[look.camera])
            found = objective._view(task.net(), batch, n).T[0].numpy()
            np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_looks_stay_inside_the_clip():
    plan = recipe(gap=(2, 9), batch=40)
    for count in (2, 3, 7):
        looks = drawn(plan, 5, range(count), range(count), 1, moving=True)
        assert looks == drawn(plan, 5, range(count), range(count), 1, moving=True)
        for look in looks:
            times = [time for time, _ in look.others]
            assert len(times) == 2
            assert all(0 <= time < count for time in times)
            assert look.time not in times


def test_one_command_learns_from_a_folder_of_frames(clip_on_disk, tmp_path, capsys):
    camera = "80,80,47.5,31.5"
    options = ["--adapt", str(clip_on_disk), "--camera", camera, "--size", "tiny", "--threads", "1"]
    with pytest.raises(SystemExit) as done:
        main(["train", "depth/monodepth2", *options, "--out", str(tmp_path)])
    assert not done.value.code
    assert "wrote" in capsys.readouterr().out
    method = gv.depth.Monodepth2(weights=str(tmp_path / "monodepth2_adapted.safetensors"), side_px=64)
    image = io.read_image(clip_on_disk / "0.png")
    assert method(image).kind == "depth_scale"


def test_pairs_give_a_net_of_metres(pair, pairs_on_disk, tmp_path):
    outcome = training.run(
        "depth/monodepth2",
        adapt=pairs_on_disk / "left",
        right=pairs_on_disk / "right",
        camera=pair.rig,
        size="tiny",
        num_threads=1,
        progress=False,
        out=tmp_path,
    )
    method = gv.depth.Monodepth2(weights=str(outcome.weights), side_px=64)
    assert isinstance(method(pair.left, pair.rig.left), gv.results.Depth)
    assert method(pair.left).kind == "depth_scale"


def test_what_cannot_be_learnt_is_told(pair, pairs_on_disk, clip_on_disk, tmp_path):
    calibrations = tmp_path / "calibrations"
    calibrations.mkdir()
    for k in range(2):
        io.write_rig(calibrations / f"{k}.yaml", pair.rig)
    left, right = pairs_on_disk / "left", pairs_on_disk / "right"
    wrong = Camera(width=64, height=64, fx=50, fy=50, cx=32, cy=32)
    (tmp_path / "a.mp4").write_bytes(b"a video")
    for options, message in (
        ({"adapt": clip_on_disk}, "give a camera, or have it learnt"),
        ({"adapt": left, "camera": "80,80,47.5,31.5"}, "holds 1 images; 2 or more are needed"),
        (
            {"adapt": left, "right": right, "camera": "80,80,47.5,31.5"},
            "images of 2 cameras, but the calibration has 1",
        ),
        ({"adapt": left, "right": right}, "give a rig, whose baseline says what a metre is"),
        ({"adapt": left, "right": clip_on_disk, "camera": pair.rig}, "all cameras need the same frames"),
        ({"adapt": left, "right": right, "camera": calibrations}, "2 calibrations were given for 1 images"),
        ({"adapt": clip_on_disk, "camera": wrong}, "frames are 96x64, the camera is for 64x64 pixels"),
        ({"adapt": clip_on_disk, "camera": 7}, "camera is 7; it must be a calibration file"),
        ({"adapt": clip_on_disk, "camera": "80,80,47"}, "camera is '80,80,47'; it must be four numbers in pixels"),
        ({"adapt": tmp_path / "a.mp4", "camera": "80,80,48,32"}, "a.mp4 is no folder; give .*; of a video: ffmpeg"),
    ):
        with pytest.raises(ValueError, match=message):
            training.run("depth/monodepth2", size="tiny", progress=False, out=tmp_path / "out", **options)
    with pytest.raises(ValueError, match="tells disparity_affine, which may be shifted"):
        SelfSupervisedDepth("dpt_small", recipe(), tmp_path, folders=[clip_on_disk], rigs=(), start=None)
    for changes, message in (
        ({"poses": "guessed"}, "poses is 'guessed'; it must be one of 'net', 'steps', 'solved'"),
        ({"gap": (3, 1)}, r"gap is \(3, 1\)"),
        ({"poses": "solved", "learn_camera": True}, "with learn_camera take poses = 'net'"),
    ):
        with pytest.raises(ValueError, match=message):
            DepthAdaptationRecipe(**{**vars(recipe()), **changes})
