"""Depth in metres from three cameras that look different ways, and move."""

import dataclasses

import numpy as np
import pytest
import torch

from geomvision import io, training
from geomvision.cameras import inverse, pose
from geomvision.datasets._options import SceneOptions
from geomvision.datasets._pairs import scene_of
from geomvision.datasets._render import Sight, View, first_hits, namespace
from geomvision.datasets._scene import rotation
from geomvision.datasets._shade import radiance
from geomvision.io.kalibr import KalibrChain, write_kalibr
from geomvision.losses.rigid import inverses, motions, reproject
from geomvision.training._depth_frames import Rig, folders_of, rigs_of
from geomvision.training._depth_motion import Steps
from geomvision.training._self_supervised_depth import SelfSupervisedDepth

HEIGHT, WIDTH = 64, 96
#: From the first camera's frame to each one's: one beside it that looks to the left, one that looks to the right.
BESIDE = np.stack(
    [np.eye(4), inverse(pose(rotation(ry=-9.0), (-0.12, 0, 0))), inverse(pose(rotation(ry=8.0), (0.15, 0.02, 0)))]
)
#: Of the first camera, T_k_0: what the rig does from time to time.
STEP = inverse(pose(rotation(ry=0.8, rx=0.3), (0.05, 0.01, 0.06)))
TIMES = 3


@pytest.fixture(scope="module")
def rendered():
    """Camera, chain, and by camera and time image and depth of a room."""
    options = SceneOptions(
        seed=4, height=HEIGHT, width=WIDTH, layout="tabletop", max_disparity=8, textureless=0.0, supersampling=1
    )
    scene, camera, _ = scene_of(options, 1)
    xp, found = namespace("numpy"), []
    for T_camera_first in BESIDE:
        found.append([])
        for time in range(TIMES):
            T = T_camera_first @ np.linalg.matrix_power(STEP, time) @ scene.T_camera_world
            sight = Sight(scene, View(camera, T))
            hits = first_hits(xp, sight)
            light = radiance(xp, [sight], [hits], 1)[0]
            with np.errstate(divide="ignore"):
                depth = np.where(hits.q > 0, 1 / hits.q, np.nan)
            found[-1].append((np.clip(np.rint(255 * light), 0, 255).astype(np.uint8), depth))
    cameras = (camera,) * len(BESIDE)
    return KalibrChain(cameras=cameras, T_camera_first=tuple(BESIDE), topics=("",) * len(BESIDE)), found


@pytest.fixture(scope="module")
def rig_on_disk(rendered, tmp_path_factory):
    """A folder with one of frames for each camera, and the chain beside it."""
    root = tmp_path_factory.mktemp("rig")
    chain, found = rendered
    for k, frames in enumerate(found):
        (root / "frames" / f"cam{k}").mkdir(parents=True)
        for time, (image, _) in enumerate(frames):
            io.write_image(root / "frames" / f"cam{k}" / f"{time}.png", image)
    write_kalibr(root / "camchain.yaml", chain)
    return root


def test_a_folder_of_folders_is_a_rig(rig_on_disk, rendered):
    folders = folders_of(rig_on_disk / "frames", None)
    assert [folder.name for folder in folders] == ["cam0", "cam1", "cam2"]
    assert folders_of(folders[0], None) == [folders[0]]
    (rig,) = rigs_of(str(rig_on_disk / "camchain.yaml"), folders)
    np.testing.assert_allclose(rig.T, BESIDE, atol=1e-9)
    assert len(Rig.of(rendered[0]).cameras) == 3


def test_steps_are_the_motion_between_any_frames():
    steps = Steps(4)
    with torch.no_grad():
        steps.numbers.copy_(torch.linspace(-0.2, 0.3, 18).view(3, 6))
    one = motions(*steps.numbers.detach().split(3, dim=1))
    found = steps.motion([(0, 1), (1, 3), (3, 1)]).detach()
    torch.testing.assert_close(found, torch.stack([one[0], one[2] @ one[1], inverses((one[2] @ one[1])[None])[0]]))


def test_three_cameras_over_time_tell_metres_and_how_the_rig_moved(
    rendered, rig_on_disk, depth_that_is_known, depth_recipe, train_depth, tmp_path
):
    """Depth begins 16 % too large and the rig at rest; neither poses nor metres are told."""
    chain, found = rendered
    scale = 256 / chain.cameras[0].fx
    depth_that_is_known([(image, scale * depth) for frames in found for image, depth in frames])
    plan = depth_recipe(WIDTH, over_time=True, poses="steps", steps=40, learning_rate=1e-2, smooth=0.0, least=False)
    folders = folders_of(rig_on_disk / "frames", None)
    rigs = rigs_of(str(rig_on_disk / "camchain.yaml"), folders)
    task = SelfSupervisedDepth("monodepth2", plan, tmp_path, folders=folders, rigs=rigs, start=None)
    net = train_depth(task).net
    assert len(task.samples(0)[0].others) == 8  # two cameras now, three before and after
    assert task.metric
    assert float(net.depth.share.detach()) == pytest.approx(0, abs=0.04)
    # Turns and steps aside look alike in small images: what they do to pixels is what must be right.
    depth = torch.from_numpy(np.where(np.isfinite(found[0][0][1]), found[0][0][1], 1e3))[None, None].float()
    wanted = reproject(depth, torch.from_numpy(STEP)[None].float(), chain.cameras[0]).flow
    for T in motions(*net.pose.numbers.detach().split(3, dim=1)):
        missed = reproject(depth, T[None], chain.cameras[0]).flow - wanted
        assert float(missed.norm(dim=1).nanmean()) < 0.4 * float(wanted.norm(dim=1).nanmean())


def test_one_command_learns_from_a_rig(rig_on_disk, tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('base = "self_supervised_depth"\n[tiny]\nover_time = true\npoints = 0.0\nconsistent = 0.0\n')
    options = {"recipe": recipe, "size": "tiny", "num_threads": 1, "progress": False, "out": tmp_path / "out"}
    camera = str(rig_on_disk / "camchain.yaml")
    outcome = training.run("depth/monodepth2", adapt=rig_on_disk / "frames", camera=camera, **options)
    assert outcome.weights is not None
    with pytest.raises(ValueError, match="images of 3 cameras, but the calibration has 1"):
        training.run("depth/monodepth2", adapt=rig_on_disk / "frames", camera="80,80,47.5,31.5", **options)


def test_hints_are_of_pairs(rig_on_disk, depth_recipe, tmp_path):
    folders = folders_of(rig_on_disk / "frames", None)
    rigs = rigs_of(str(rig_on_disk / "camchain.yaml"), folders)
    plan = dataclasses.replace(depth_recipe(WIDTH), hints="sgm", over_time=True)
    task = SelfSupervisedDepth("monodepth2", plan, tmp_path, folders=folders, rigs=rigs, start=None)
    with pytest.raises(ValueError, match="hints are of pairs; these are images of 3 camera"):
        task.prepare(1, lambda done: None)
