"""Depth carried from frame to frame by the camera's motion: a wall that is approached, in closed form."""

import dataclasses
import json
import math

import numpy as np
import pytest

from geomvision.cameras import Camera
from geomvision.geometry import nearest_pose
from geomvision.io import read_depth
from geomvision.metrics import video_depth
from geomvision.results import Depth, Disparity, RelativeDepth
from geomvision.samples import Clip, DepthSample

SIZE = (12, 16)
CAMERA = Camera(width=16, height=12, fx=20, fy=20, cx=7.5, cy=5.5)


def frames(walls):
    """One sample for each distance of the wall; the camera moves along its axis."""
    poses = np.tile(np.eye(4), (len(walls), 1, 1))
    poses[:, 2, 3] = walls[0] - np.array(walls)
    return [posed(f"wall/{k}", CAMERA, Depth(m=np.full(SIZE, wall)), poses, k) for k, wall in enumerate(walls)]


def posed(name, camera, depth, poses, k):
    """A sample without a picture: the k-th frame of a clip."""
    blank = np.zeros(depth.size, np.uint8)
    clip = Clip(frames=(blank,) * len(poses), cameras=camera, T_world_cam=poses, reference=k)
    return DepthSample(name=name, image=blank, camera=camera, depth=depth, clip=clip)


def values(estimates, samples, **options):
    return {name: ratio.value for name, ratio in video_depth(estimates, samples, **options).items()}


def test_the_truth_is_steady_and_a_jump_is_measured_both_ways():
    samples = frames([5, 4, 3])
    truth = [sample.depth for sample in samples]
    assert values(truth, samples) == pytest.approx({"TAE": 0, "delta1": 100, "density": 100}, abs=1e-5)
    # 4.4 m in place of 4: 4 is carried there, from there 5.4 to where 5 is said; then 3.4 of 3, and 4 of 4.4 again.
    jump = [truth[0], Depth(m=np.full(SIZE, 4.4)), truth[2]]
    expected = 100 * (0.4 / 4.4 + 0.4 / 5 + 0.4 / 3 + 0.4 / 4.4) / 4
    assert values(jump, samples)["TAE"] == pytest.approx(expected, rel=1e-5)
    further = [truth[0], Depth(m=np.full(SIZE, 5.2)), truth[2]]  # 1.3, 1.24, 1.4 and 1.3 times
    assert values(further, samples)["delta1"] == pytest.approx(25)


def test_gaps_and_the_cap_do_not_count():
    samples = frames([5, 4])
    half = np.full(SIZE, 4.0)
    half[:, :8] = math.nan
    found = values([samples[0].depth, Depth(m=half)], samples)
    assert found["TAE"] == pytest.approx(0, abs=1e-5)
    assert found["density"] < 80
    assert math.isnan(values([s.depth for s in samples], samples, cap_m=3)["TAE"])


@pytest.mark.parametrize("kind", ["disparity_affine", "depth_affine", "depth_scale"])
def test_relative_maps_share_one_scale_and_shift(kind):
    """Fitted frame by frame, the second clip would be as steady as the first."""
    samples = frames([6, 4, 3])

    def maps(scales):
        own = [1 / s.depth.m if kind == "disparity_affine" else s.depth.m for s in samples]
        return [RelativeDepth(values=3 + 2 * k * m, kind=kind) for k, m in zip(scales, own, strict=True)]

    assert values(maps([1, 1, 1]), samples)["TAE"] == pytest.approx(0, abs=1e-3)
    assert values(maps([1, 1.3, 1]), samples)["TAE"] > 5


def test_what_does_not_fit_is_told():
    samples = frames([5, 4])
    truth = [sample.depth for sample in samples]
    relative = RelativeDepth(values=np.ones(SIZE), kind="depth_scale")
    for given, those, message in (
        (truth[:1], samples[:1], "1 estimates and 1 samples; they must be as many"),
        (truth, samples[:1], "2 estimates and 1 samples"),
        ([truth[0], relative], samples, "are depth_scale, metres; all must be of one kind"),
        ([relative] * 2, [dataclasses.replace(s, depth=None) for s in samples], "'wall/0' has no depth"),
        (truth, [dataclasses.replace(s, clip=None) for s in samples], "'wall/0' has no clip with poses"),
        ([truth[0], Depth(m=np.ones((2, 2)))], samples, "the estimate is 2x2 pixels but the image is 16x12"),
    ):
        with pytest.raises(ValueError, match=message):
            video_depth(given, those)
    with pytest.raises(TypeError, match="estimates hold a Disparity"):
        video_depth([Disparity(px=np.ones(SIZE))] * 2, samples)


def test_measured_depth_of_a_real_clip_is_steady(real_data):
    """Kinect's depth, posed: what is left is its noise, the rounding to pixels and what comes out from behind."""
    folder = real_data / "depth" / "7scenes_a"
    meta = json.loads((folder / "meta.json").read_text())
    camera = Camera(width=640, height=480, **{k: float(meta["intrinsics"][k]) for k in ("fx", "fy", "cx", "cy")})
    poses = np.stack([nearest_pose(T) for T in np.loadtxt(folder / "poses.txt")[:3].reshape(3, 4, 4)])
    depths = [read_depth(folder / f"depth_{k:03d}.png", scale=1000, invalid=(0, 65535)) for k in range(3)]
    samples = [posed(f"clip/{k}", camera, depth, poses, k) for k, depth in enumerate(depths)]
    found = values([sample.depth for sample in samples], samples)
    assert found["TAE"] < 2
    assert found["delta1"] > 99
    flicker = [Depth(m=s.depth.m * scale) for s, scale in zip(samples, (1, 1.1, 1), strict=True)]
    assert values(flicker, samples)["TAE"] > 8
