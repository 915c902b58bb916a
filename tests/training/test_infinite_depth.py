"""Things that move along with the camera look infinitely far: a second round leaves them out."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import geomvision as gv
from geomvision import io, training
from geomvision.cameras import Camera
from geomvision.training._depth_frames import Rig
from geomvision.training._infinite_depth import ground, holes, told
from geomvision.training._self_supervised_depth import SelfSupervisedDepth
from geomvision.training._taught_mono import MonoNet
from geomvision.training.depth_adaptation_recipe import DepthAdaptationRecipe

CAMERA = Camera(width=64, height=48, fx=60, fy=60, cx=31.5, cy=15.5)
RAYS = CAMERA.unproject(CAMERA.pixel_grid())
#: Where the object is that moves along, in the frames of 96x64 pixels.
ALONG = (slice(36, 56), slice(34, 62))
#: Holes of a frame that has it in it are more than this.
HOLED = 0.04


def street(box=4.0):
    """A ground 1.5 m below the camera, a wall 20 m away, and a box on the ground at `box` metres."""
    with np.errstate(divide="ignore"):
        depth = np.minimum(np.where(RAYS[..., 1] > 0, 1.5 / RAYS[..., 1], np.inf), 20.0)
    depth[20:38, 20:40] = np.minimum(depth[20:38, 20:40], box)
    return depth.astype(np.float32)


def test_the_ground_is_found_beside_what_stands_on_it():
    near = ground(street(), RAYS)
    np.testing.assert_allclose(near, RAYS[..., 1] / 1.5, atol=1e-6)
    assert not holes(street(), RAYS, times=1.5).any()


def test_a_hole_is_what_lies_under_the_ground():
    depth = street()
    depth[24:36, 22:38] = 1e4
    expected = np.zeros(depth.shape, bool)
    expected[24:36, 22:38] = True
    np.testing.assert_array_equal(holes(depth, RAYS, times=1.5), expected)
    # A wall, seen alone, is no ground.
    assert holes(np.full((48, 64), 3, np.float32), RAYS, times=1.5) is None


def test_frames_with_holes_are_dropped_or_their_pixels():
    clean, holed = np.zeros((48, 64), bool), np.zeros((48, 64), bool)
    holed[10:20, 10:20] = True
    found = told([[clean, holed, None]], "frames", 0.005, 1)
    assert found.frames == [1]
    assert found.kept is None
    frames, kept = told([[clean, holed, None]], "pixels", 0.005, 1)
    assert not frames
    assert [int((~mask).sum()) for mask in kept[0]] == [0, 144, 0]
    with pytest.raises(ValueError, match="no image shows a ground"):
        told([[None, None]], "frames", 0.005, 1)


class Drawn(nn.Module):
    """A net that knows the depth of each frame, but for a map of factors, which is what can be learnt."""

    known: list

    def __init__(self, metric=False, width=0):
        super().__init__()
        self.maps = nn.Parameter(torch.zeros(len(self.known), 1, 16, 24))

    def estimates(self, images):
        nearest = [int(np.argmin([float((i - known).abs().mean()) for known, _ in self.known])) for i in images]
        factor = nn.functional.interpolate(self.maps[nearest], scale_factor=4.0, mode="bilinear")
        yield (torch.stack([self.known[k][1] for k in nearest]) * factor.exp(),)

    def raised(self, depth):
        return depth


@pytest.fixture(scope="module")
def along():
    """A clip of six frames, in the last three a smooth thing that keeps its place; depth of that is as of its foot."""
    options = {"noise": 0.0, "exposure": 0.0, "specular": 0.0, "textureless": 0.0, "supersampling": 1}
    scenes = gv.datasets.Synthetic(
        seed=4, task="depth", height=64, width=96, max_disparity=12, layout="road", **options
    )
    clip = scenes.clip(1, frames=6)
    rows, columns = np.mgrid[ALONG]
    thing = np.clip(128 + 100 * np.sin(columns / 4.0) * np.cos(rows / 5.0), 0, 255).astype(np.uint8)
    frames = []
    for k, sample in enumerate(clip):
        image, depth = sample.image.copy(), np.where(np.isfinite(sample.depth.m), sample.depth.m, 1e3)
        if k > 2:
            image[ALONG] = thing[..., None]
            depth[ALONG] = depth[ALONG[0].stop, ALONG[1]]
        frames.append((image, depth.astype(np.float32)))
    return clip, frames


@pytest.fixture
def task(along, depth_recipe, tmp_path, monkeypatch):
    clip, frames = along
    known = [(torch.from_numpy(i).permute(2, 0, 1).float(), torch.from_numpy(d)[None]) for i, d in frames]
    taught = MonoNet(make=type("Drawn", (Drawn,), {"known": known}), stride=1, least=32, kind="depth_scale")
    monkeypatch.setattr(MonoNet, "of", classmethod(lambda _, __: taught))
    T = np.linalg.inv(clip[0].clip.T_world_cam)
    monkeypatch.setattr(SelfSupervisedDepth, "_solved", lambda _: T)
    folder = tmp_path / "clip"
    folder.mkdir()
    for k, (image, _) in enumerate(frames):
        io.write_image(folder / f"{k}.png", image)

    def make(**changes):
        plan = depth_recipe(96, poses="solved", steps=40, learning_rate=0.2, batch=2, chunk=2, smooth=0.05, **changes)
        rigs = (Rig.of(clip[0].camera),)
        return SelfSupervisedDepth("monodepth2", plan, tmp_path, folders=[folder], rigs=rigs, start=None)

    return make


def test_what_moves_along_is_left_out_of_the_second_round(task, train_depth):
    """The first round makes it infinitely far; the second does not learn from it."""
    second = task(infinite="frames", beneath=2.0, hole_share=HOLED)
    assert second.first_round.first_round is None
    first = train_depth(second.first_round).net.eval()
    second.leave_out(first)
    assert second.left_out == [3, 4, 5]
    second.prepare(1, lambda done: None)
    assert second.known == [0, 1, 2]
    second = task(infinite="pixels", beneath=2.0)
    second.prepare(1, lambda done: None)
    second.leave_out(first)
    assert not second.left_out
    thing = np.zeros((64, 96), bool)
    thing[ALONG] = True
    lost = [~mask for mask in second.kept[0]]
    assert min(each[thing].mean() for each in lost[3:]) > 0.5
    assert max(each[~thing].mean() for each in lost) < 0.12
    again = train_depth(second).net
    before, after = (
        [float(net.depth.maps.detach()[k, 0, 10:13, 9:15].mean().exp()) for k in (3, 4, 5)] for net in (first, again)
    )
    assert min(before) > 2  # so many times as far as its foot
    assert max(after) < 1.2


def test_two_rounds_are_one_command(along, tmp_path, monkeypatch):
    """The first has a folder of its own; the second begins when it has told what to leave out, and can be resumed."""
    clip, frames = along
    folder = tmp_path / "clip"
    folder.mkdir()
    for k, (image, _) in enumerate(frames[:3]):
        io.write_image(folder / f"{k}.png", image)
    asked = []
    monkeypatch.setattr(SelfSupervisedDepth, "leave_out", lambda self, net: asked.append(self.recipe.infinite))
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('base = "self_supervised_depth"\n[tiny]\ninfinite = "frames"\nfirst_steps = 1\n')
    options = {"recipe": recipe, "size": "tiny", "num_threads": 1, "progress": False, "out": tmp_path / "out"}
    outcome = training.run("depth/monodepth2", adapt=folder, camera=clip[0].camera, **options)
    assert (outcome.step, asked) == (2, ["frames"])
    assert outcome.weights == Path(tmp_path / "out" / "monodepth2_adapted.safetensors")
    assert (tmp_path / "out" / "first" / "monodepth2_adapted.safetensors").is_file()


def test_what_cannot_be_left_out_is_told(depth_recipe):
    for changes, message in (
        ({"infinite": "sky"}, "infinite is 'sky'; it must be one of '', 'frames', 'pixels'"),
        ({"beneath": 1.0}, "beneath is 1.0; it must be above 1"),
    ):
        with pytest.raises(ValueError, match=message):
            DepthAdaptationRecipe(**{**dataclasses.asdict(depth_recipe(96)), **changes})
