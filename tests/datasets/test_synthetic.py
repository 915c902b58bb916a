import hashlib
import subprocess
import sys
from functools import cache

import numpy as np
import pytest

from geomvision.cameras import Camera
from geomvision.datasets._pairs import motion_pair, stereo_pair
from geomvision.datasets._render import namespace
from geomvision.datasets.synthetic import Synthetic

SMALL = {"height": 90, "width": 120, "max_disparity": 24}
CLEAN = {**SMALL, "noise": 0.0, "exposure": 0.0, "blur": 0.0, "specular": 0.0}


@cache
def sample(index=0, task="stereo", **options):
    return Synthetic(seed=11, task=task, **{**SMALL, **options})[index]


def grey(image):
    return image.astype(np.float64).mean(axis=2)


def at(values, x, y):
    """values (H, W) interpolated at x, y."""
    i, j = (
        np.clip(np.floor(x).astype(int), 0, values.shape[1] - 2),
        np.clip(np.floor(y).astype(int), 0, values.shape[0] - 2),
    )
    fx, fy = np.clip(x - i, 0, 1), np.clip(y - j, 0, 1)
    upper = values[j, i] * (1 - fx) + values[j, i + 1] * fx
    return upper * (1 - fy) + (values[j + 1, i] * (1 - fx) + values[j + 1, i + 1] * fx) * fy


def digest(s):
    parts = (s.left, s.right, s.disparity.px, s.disparity_right.px, s.occluded)
    return hashlib.sha256(b"".join(np.ascontiguousarray(p).tobytes() for p in parts)).hexdigest()


def test_a_pair_is_complete():
    s = sample()
    assert s.left.shape == s.right.shape == (90, 120, 3)
    assert s.left.dtype == np.uint8
    assert s.disparity.density == s.disparity_right.density == 1.0
    assert s.rig.is_rectified
    assert s.max_disparity == 24
    assert 0.005 < s.occluded.mean() < 0.6
    assert s.masks
    assert all(m.shape == (90, 120) and m.any() for m in s.masks.values())


@pytest.mark.parametrize("layout", ["tabletop", "clutter", "street"])
def test_disparities_stay_within_their_bound_and_vary(layout):
    medians, largest = [], []
    for index in range(6):
        for truth in (sample(index, layout=layout).disparity, sample(index, layout=layout).disparity_right):
            assert 0 <= truth.px.min() <= truth.px.max() <= 24
        medians.append(float(np.median(truth.px)))
        largest.append(float(truth.px.max()))
    assert max(medians) > 1.5 * min(medians)
    assert max(largest) > 15


@pytest.mark.parametrize("layout", ["tabletop", "clutter", "street"])
def test_left_and_right_truth_agree_where_both_see(layout):
    s = sample(1, layout=layout)
    y, x = np.nonzero(~s.occluded)
    d = s.disparity.px[y, x]
    there = x - d
    near = np.clip(np.rint(there).astype(int), 0, 119)
    right = s.disparity_right.px
    flat = np.abs(np.gradient(right, axis=1)) < 0.2
    ok = flat[y, near] & (np.abs(there - near) < 0.5)
    difference = np.abs(at(right, there, y) - d)[ok]
    assert ok.mean() > 0.7
    assert np.percentile(difference, 95) < 0.1


def test_depth_of_the_rig_reprojects_left_pixels_to_the_right():
    s = sample(2)
    points = s.disparity.to_depth(s.rig).to_point_map(s.rig.left)
    seen = np.isfinite(points[..., 0])
    right = s.rig.right.project(points[seen].astype(float) + s.rig.T_right_left[:3, 3])
    y, x = np.nonzero(seen)
    np.testing.assert_allclose(right[:, 0], x - s.disparity.px[seen], atol=1e-3)
    np.testing.assert_allclose(right[:, 1], y, atol=1e-3)


@pytest.mark.parametrize("layout", ["tabletop", "clutter", "street", "room"])
def test_right_image_moved_by_truth_is_the_left_image(layout):
    s = Synthetic(seed=4, layout=layout, **CLEAN)[0]
    warped = s.disparity.warp(s.right)
    error = np.abs(warped.mean(axis=2) - grey(s.left))
    seen = ~s.occluded & np.isfinite(error)
    unmoved = np.abs(grey(s.right) - grey(s.left))[seen]
    assert np.median(error[seen]) < 2.0
    assert error[seen].mean() < 0.4 * unmoved.mean()
    assert error[s.occluded & np.isfinite(error)].mean() > 2 * error[seen].mean()


def test_the_same_seed_gives_the_same_bytes_in_another_process():
    code = (
        "import hashlib, numpy as np\n"
        "from geomvision.datasets.synthetic import Synthetic\n"
        "Synthetic(seed=1, height=32, width=40)[3]\n"  # caches filled in another order
        "s = Synthetic(seed=11, height=90, width=120, max_disparity=24)[5]\n"
        "parts = (s.left, s.right, s.disparity.px, s.disparity_right.px, s.occluded)\n"
        "print(hashlib.sha256(b''.join(np.ascontiguousarray(p).tobytes() for p in parts)).hexdigest())\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == digest(sample(5))


def test_seeds_and_indices_give_different_scenes():
    digests = {digest(Synthetic(seed=seed, **SMALL)[index]) for seed in (1, 2) for index in (0, 1, 2)}
    assert len(digests) == 6


@pytest.mark.parametrize("make", [stereo_pair, motion_pair])
def test_torch_renders_what_numpy_renders(make):
    pytest.importorskip("torch").set_num_threads(1)
    options = Synthetic(seed=3, **SMALL)
    one, other = make(options, 1, namespace("numpy")), make(options, 1, namespace("torch"))
    assert (np.asarray(other.hits[0].index) != one.hits[0].index).mean() < 1e-3
    x, y = (np.asarray(m) for m in other.matches[0])
    same = np.asarray(other.hits[0].index) == one.hits[0].index
    np.testing.assert_allclose(x[same], one.matches[0][0][same], atol=1e-6)
    np.testing.assert_allclose(y[same], one.matches[0][1][same], atol=1e-6)
    assert (np.asarray(other.occluded[0]) != one.occluded[0]).mean() < 1e-3
    for a, b in zip(one.images, other.images, strict=True):
        assert (np.abs(np.asarray(b) - a) > 1).mean() < 1e-3


def test_a_batch_holds_the_samples():
    pytest.importorskip("torch").set_num_threads(1)
    data = Synthetic(seed=11, **SMALL)
    batch = data.batch([0, 5])
    assert batch["left"].shape == batch["right"].shape == (2, 3, 90, 120)
    for place, index in enumerate((0, 5)):
        s = sample(index)
        np.testing.assert_array_equal((batch["left"][place] * 255).round().numpy().transpose(1, 2, 0), s.left)
        np.testing.assert_array_equal((batch["right"][place] * 255).round().numpy().transpose(1, 2, 0), s.right)
        np.testing.assert_array_equal(batch["disparity"][place].numpy(), s.disparity.px)
        np.testing.assert_array_equal(batch["occluded"][place].numpy(), s.occluded)


def test_flow_moves_frame_1_onto_frame_0():
    s = Synthetic(seed=4, task="flow", motion=6.0, **CLEAN)[1]
    error = np.abs(s.flow.warp(s.frame1).mean(axis=2) - grey(s.frame0))
    seen = ~s.occluded & np.isfinite(error)
    assert seen.mean() > 0.7
    assert error[seen].mean() < 0.5 * np.abs(grey(s.frame1) - grey(s.frame0))[seen].mean()


def test_flow_follows_from_poses_and_depth():
    data = Synthetic(seed=4, task="flow", layout="tabletop", **SMALL)
    s, motions, pair = data[0], data.poses(0), motion_pair(data, 0, namespace("numpy"))
    camera: Camera = s.camera
    q = pair.hits[0].q
    points = camera.unproject(camera.pixel_grid(), 1 / q)
    homogeneous = np.concatenate([points, np.ones((90, 120, 1))], axis=-1)
    checked = 0
    for name, T_1_0 in motions.items():
        if name in s.masks:
            mask = s.masks[name]
            there = camera.project((homogeneous @ T_1_0.T)[mask][:, :3])
            flow = there - camera.pixel_grid()[mask]
            np.testing.assert_allclose(s.flow.px[mask], flow, atol=1e-3)
            checked += int(mask.sum())
    assert checked == 90 * 120
    assert any(np.abs(T - motions["world"]).max() > 1e-3 for T in motions.values())


def test_motion_scales_the_flow():
    small, large = (
        np.nanmedian(np.linalg.norm(Synthetic(seed=2, task="flow", motion=m, **SMALL)[0].flow.px, axis=2))
        for m in (1.0, 16.0)
    )
    assert 0 < small < 3
    assert large > 5 * small


@pytest.mark.parametrize("layout", ["tabletop", "street"])
def test_depth_of_the_ground_follows_from_height_and_horizon(layout):
    s = Synthetic(seed=6, task="depth", layout=layout, **SMALL)[1]
    ground = s.masks["road" if layout == "street" else "table"]
    row = np.nonzero(ground)[0]
    # Ground at height h under a camera pitched by p: Z = h / (cos p · (y − horizon) / f · …), exactly:
    f, pitch = s.camera.fy, np.arctan2(s.camera.cy - s.horizon_px, s.camera.fy)
    down = np.cos(pitch) * (row - s.camera.cy) / f + np.sin(pitch)
    np.testing.assert_allclose(s.depth.m[ground], s.camera_height_m / down, rtol=1e-4)
    assert s.stereo is not None
    np.testing.assert_array_equal(s.image, s.stereo.left)
    if layout == "street":
        assert (np.isnan(s.depth.m) == s.masks.get("sky", np.zeros_like(ground))).all()
    finite = np.isfinite(s.depth.m)
    np.testing.assert_allclose(s.stereo.disparity.to_depth(s.stereo.rig).m[finite], s.depth.m[finite], rtol=1e-3)


def test_it_behaves_like_a_sequence():
    data = Synthetic(seed=11, count=2, **SMALL)
    assert len(data) == 2
    assert [s.name for s in data] == ["synthetic-11-0", "synthetic-11-1"]
    assert digest(data[-1]) == digest(data[1])
    for index in (2, -3):
        with pytest.raises(IndexError, match=f"index {index} is outside a data set of 2 scenes"):
            data[index]


def test_hard_scenes_are_overridden_by_options_and_render():
    assert Synthetic.hard(noise=0.0).noise == 0.0
    assert Synthetic.hard().rotation == (-0.1, 0.1)
    assert Synthetic.hard(task="flow", **SMALL)[0].flow.density > 0.9
    assert Synthetic.hard(task="pose", **SMALL)[0].T_1_0.shape == (4, 4)
    assert Synthetic.hard(task="scene_flow", **SMALL)[0].flow is not None
    with pytest.raises(ValueError, match="vertical_misalignment and rotation are for stereo pairs only"):
        Synthetic(task="pose", rotation=0.1)
    hard, plain = Synthetic.hard(seed=3, **SMALL)[0], Synthetic(seed=3, **SMALL)[0]
    np.testing.assert_allclose(hard.disparity.px, plain.disparity.px, atol=0.3)  # the same layout, rolled a little


@pytest.mark.parametrize(("height", "width"), [(16, 16), (16, 300), (97, 33)])
@pytest.mark.parametrize("task", ["stereo", "flow", "depth"])
def test_any_size_renders(height, width, task):
    s = Synthetic(seed=1, height=height, width=width, task=task)[0]
    image = {"stereo": "left", "flow": "frame0", "depth": "image"}[task]
    assert getattr(s, image).shape == (height, width, 3)


def test_a_clip_knows_its_poses_and_depths():
    """Each frame's points, moved by the exact poses, lie where the other frame's exact depth says, or behind it."""
    samples = Synthetic(seed=2, layout="tabletop", width=120, height=80, max_disparity=24).clip(0, 3)
    T, camera = samples[0].clip.T_world_cam, samples[0].camera
    assert [sample.clip.reference for sample in samples] == [0, 1, 2]
    assert all(np.array_equal(s.image, s.clip.frames[k]) for k, s in enumerate(samples))
    points = samples[0].depth.to_point_map(camera).astype(float)
    moved = points @ (np.linalg.inv(T[2]) @ T[0])[:3, :3].T + (np.linalg.inv(T[2]) @ T[0])[:3, 3]
    pixel = np.rint(camera.project(moved))
    inside = (pixel >= 0).all(axis=-1) & (pixel[..., 0] < 120) & (pixel[..., 1] < 80)
    x, y = pixel[inside].astype(int).T
    there = samples[2].depth.m[y, x]
    ratio = moved[inside][:, 2] / there
    assert (ratio > 0.93).mean() > 0.97
    assert (np.abs(ratio - 1) < 0.02).mean() > 0.6
    assert np.abs(np.linalg.inv(T[2]) @ T[0])[0, 3] > 0.05
    with pytest.raises(ValueError, match="at least 2"):
        Synthetic().clip(0, 1)


def test_two_views_know_their_pose_and_depths():
    """Points of view 0, moved by the exact pose, lie where view 1's exact depth says, or behind it."""
    s = Synthetic(seed=2, task="pose", layout="tabletop", width=120, height=80, max_disparity=24)[0]
    assert s.name == "synthetic-pose-2-0"
    moved = s.depth0.to_point_map(s.camera0).astype(float) @ s.T_1_0[:3, :3].T + s.T_1_0[:3, 3]
    pixel = np.rint(s.camera1.project(moved))
    inside = (pixel >= 0).all(axis=-1) & (pixel[..., 0] < 120) & (pixel[..., 1] < 80)
    x, y = pixel[inside].astype(int).T
    ratio = moved[inside][:, 2] / s.depth1.m[y, x]
    assert (ratio > 0.93).mean() > 0.97
    assert (np.abs(ratio - 1) < 0.02).mean() > 0.6
    assert np.linalg.norm(s.T_1_0[:3, 3]) > 0.05
    with pytest.raises(IndexError, match="outside a data set"):
        Synthetic(count=1).two_views(1)
