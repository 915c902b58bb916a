"""Depth from a moving camera: rendered clips with exact truth, closed forms, real clips, and what must be refused."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geomvision as gv
from geomvision import ops
from geomvision.cameras import Camera, pose
from geomvision.depth import FromMotion
from geomvision.geometry._rotations import rotation_of
from geomvision.images import ImageError
from geomvision.method import OptionError
from geomvision.results import Depth, RelativeDepth
from geomvision.samples import DepthSample

CAMERA = Camera(width=170, height=122, fx=150.0, fy=140.0, cx=80.0, cy=64.0)


def texture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Smooth random texture, float32 0 … 255."""
    import cv2

    noise = np.random.default_rng(seed).uniform(0, 255, (height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 1.5)
    return (smooth - smooth.min()) / np.ptp(smooth) * 255


def wall_clip(shifts: tuple[int, ...]) -> list[np.ndarray]:
    """A wall parallel to the images, seen by cameras in a row: frame k shows it `shifts[k]` px to the left."""
    wide = texture(CAMERA.height, CAMERA.width + max(shifts), 4).astype(np.uint8)
    return [np.ascontiguousarray(wide[:, s : s + CAMERA.width]) for s in shifts]


def row_of_cameras(shifts: tuple[int, ...], depth_m: float) -> np.ndarray:
    """Poses for which a wall at `depth_m` moves by those shifts: B = s·Z / f."""
    return np.stack([pose(translation=(s * depth_m / CAMERA.fx, 0.0, 0.0)) for s in shifts])


@pytest.fixture(scope="module")
def clip() -> list[DepthSample]:
    return gv.datasets.Synthetic(seed=1, layout="tabletop", width=224, height=168, max_disparity=32).clip(0, 5)


def absolute_relative(depth: np.ndarray, truth: np.ndarray) -> float:
    both = np.isfinite(depth) & np.isfinite(truth)
    return float(np.mean(np.abs(depth - truth)[both] / truth[both]))


def test_a_wall_has_the_depth_of_its_shift() -> None:
    shifts = (0, 5, 12)
    method = FromMotion(refine="never")
    depth = method(wall_clip(shifts), CAMERA, T_world_cam=row_of_cameras(shifts, 2.5), reference=0)
    assert isinstance(depth, Depth)
    assert depth.density > 0.7
    np.testing.assert_allclose(depth.m[depth.valid], 2.5, rtol=0.02)
    assert np.isnan(depth.m[:, :4]).all()  # only the first frame sees these columns: x − 5 < 0
    assert depth.run is not None
    assert depth.run.method == "depth/from_motion"


def test_a_rendered_clip_with_exact_poses(clip: list[DepthSample]) -> None:
    method = FromMotion()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # exact poses fit
        depth = method.on(clip[2])
    assert isinstance(depth, Depth)
    truth = clip[2].depth.m
    assert depth.density > 0.85
    assert absolute_relative(depth.m, truth) < 0.03
    sure = depth.confidence > np.median(depth.confidence[depth.valid])
    assert absolute_relative(np.where(sure, depth.m, np.nan), truth) < 0.5 * absolute_relative(depth.m, truth)
    assert (depth.confidence[~depth.valid] == 0).all()
    again = method.with_options(num_threads=1).on(clip[2])
    np.testing.assert_array_equal(again.m, depth.m)
    np.testing.assert_array_equal(again.confidence, depth.confidence)


def test_a_rendered_clip_without_poses(clip: list[DepthSample]) -> None:
    frames, camera = clip[0].clip.frames, clip[0].camera
    depth = FromMotion()(frames, camera, reference=2)
    assert isinstance(depth, RelativeDepth)
    assert depth.kind == "depth_scale"
    truth = clip[2].depth
    assert absolute_relative(depth.align_to(truth).m, truth.m) < 0.06
    assert depth.density > 0.8
    T, cameras = FromMotion().poses(frames, camera, reference=2)
    assert cameras == (camera,) * 5
    np.testing.assert_allclose(T[2], np.eye(4), atol=1e-9)
    given = np.linalg.inv(clip[2].clip.T_world_cam[2]) @ clip[2].clip.T_world_cam
    scale = np.linalg.norm(given[4, :3, 3]) / np.linalg.norm(T[4, :3, 3])
    np.testing.assert_allclose(T[:, :3, :3], given[:, :3, :3], atol=0.01)
    np.testing.assert_allclose(scale * T[:, :3, 3], given[:, :3, 3], atol=0.1 * np.linalg.norm(given[4, :3, 3]))


def test_depth_from_little_parallax_is_said_to_be_uncertain(clip: list[DepthSample]) -> None:
    """Points move by four pixels at most: errors of a fifth of the depth, which no residual shows."""
    near = gv.datasets.Synthetic(seed=5, layout="tabletop", width=320, height=240, max_disparity=4).clip(0, 4)
    with pytest.warns(UserWarning, match="leave depth uncertain by"):
        FromMotion().poses(near[0].clip.frames, near[0].camera, reference=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FromMotion().poses(clip[0].clip.frames, clip[0].camera, reference=2)


def test_poses_and_a_focal_length_that_do_not_fit_are_mended_and_it_is_said(clip: list[DepthSample]) -> None:
    truth, camera = clip[2].depth.m, clip[2].camera
    T = clip[2].clip.T_world_cam.copy()
    rng = np.random.default_rng(3)
    for k in (0, 1, 3, 4):
        T[k, :3, :3] = T[k, :3, :3] @ rotation_of(np.radians(rng.uniform(-0.8, 0.8, 3)))
    frames = clip[2].clip.frames
    with pytest.warns(UserWarning, match="do not fit the images"):
        depth = FromMotion()(frames, camera, T_world_cam=T, reference=2)
    assert absolute_relative(depth.m, truth) < 0.06
    assert depth.density > 0.8
    kept = FromMotion(refine="never")(frames, camera, T_world_cam=T, reference=2)
    assert absolute_relative(kept.m, truth) > 0.15 or kept.density < 0.4
    with pytest.raises(ValueError, match="do not fit the images"):
        FromMotion()(frames, camera, T_world_cam=np.linalg.inv(clip[2].clip.T_world_cam), reference=2)


def test_every_frame_of_a_clip_becomes_a_mesh(clip: list[DepthSample]) -> None:
    """The mesh of estimated depths lies on that of exact depths: median distance below a hundredth of the distance."""
    pytest.importorskip("open3d")
    from scipy.spatial import cKDTree

    frames, T = clip[0].clip.frames[::2], clip[0].clip.T_world_cam[::2]
    method = FromMotion(views=2, consistency=1)
    depths, cameras, used = method.clip(frames, clip[0].camera, T_world_cam=T)
    np.testing.assert_allclose(used, T, atol=1e-12)
    for depth, sample in zip(depths, clip[::2], strict=True):
        assert depth.density > 0.5
        assert absolute_relative(depth.m, sample.depth.m) < 0.06
    far = float(np.nanmedian(clip[2].depth.m))
    meshes = [
        gv.geometry.fuse(each, frames, cameras, used, voxel_m=0.01 * far, max_depth_m=2 * far)
        for each in (depths, [sample.depth for sample in clip[::2]])
    ]
    ours, exact = (mesh.points for mesh in meshes)
    assert len(ours) > 0.5 * len(exact)
    assert np.median(cKDTree(exact).query(ours)[0]) < 0.01 * far
    assert np.median(cKDTree(ours).query(exact)[0]) < 0.01 * far


def test_a_camera_upside_down_and_one_with_a_lens(clip: list[DepthSample]) -> None:
    """A negative f_y mirrors the rows; a distorted picture of the wall is resampled from the straight one."""
    frames, T = clip[2].clip.frames[1:4:2], clip[2].clip.T_world_cam[1:4:2]
    c = clip[2].camera
    method = FromMotion(refine="never", consistency=0, min_depth=0.5 * np.nanmin(clip[1].depth.m), max_depth=50.0)
    straight = method(frames, c, T_world_cam=T, reference=0)
    flipped_camera = Camera(width=c.width, height=c.height, fx=c.fx, fy=-c.fy, cx=c.cx, cy=c.height - 1 - c.cy)
    flipped = method([f[::-1] for f in frames], flipped_camera, T_world_cam=T, reference=0)
    both = flipped.valid[::-1] & straight.valid
    assert both.mean() > 0.9 * straight.density
    assert np.median(np.abs(flipped.m[::-1] - straight.m)[both] / straight.m[both]) < 1e-3
    lens = Camera(
        width=c.width, height=c.height, fx=c.fx, fy=c.fy, cx=c.cx, cy=c.cy, distortion=(-0.12, 0.05, 0.0, 0.0, 0.0)
    )
    where = (c.project(lens.unproject(lens.pixel_grid())) - lens.pixel_grid()).astype(np.float32)
    bent = [ops.warp(f, where, outside="border", dtype=np.uint8) for f in frames]
    depth = method(bent, lens, T_world_cam=T, reference=0)
    truth = ops.warp(clip[1].depth.m, where)
    assert depth.density > 0.6
    assert np.nanmedian(np.abs(depth.m - truth) / truth) < 0.03


def turned_frames(turns: list[float]) -> list[np.ndarray]:
    """What a camera sees that only turns: a far texture through K·R·K⁻¹."""
    far = Camera(width=400, height=300, fx=150.0, fy=140.0, cx=200.0, cy=150.0)
    image = texture(300, 400, 8)
    rays = CAMERA.unproject(CAMERA.pixel_grid())
    frames = []
    for turn in turns:
        where = far.project(rays @ rotation_of(np.array([0.3 * turn, turn, -0.2 * turn])).T)
        frames.append(ops.warp(image, (where - CAMERA.pixel_grid()).astype(np.float32), outside="border", dtype=None))
    return [frame.astype(np.uint8) for frame in frames]


def test_a_camera_that_only_turns_or_stands_still_is_refused() -> None:
    frames = turned_frames([0.0, 0.05, 0.1])
    with pytest.raises(ValueError, match="only turns"):
        FromMotion()(frames, CAMERA)
    turning = np.stack([pose(rotation_of(np.array([0.0, angle, 0.0]))) for angle in (0.0, 0.05, 0.1)])
    with pytest.raises(ValueError, match="only turns, or does not move"):
        FromMotion()(frames, CAMERA, T_world_cam=turning)
    noise = np.random.default_rng(1).normal(0, 1.5, (3, CAMERA.height, CAMERA.width))
    still = [(texture(CAMERA.height, CAMERA.width, 5) * 0.9 + 10 + n).astype(np.uint8) for n in noise]
    with pytest.raises(ValueError, match="does not move"):
        FromMotion()(still, CAMERA)


def test_what_cannot_be_right_is_refused() -> None:
    frames, T = wall_clip((0, 6)), row_of_cameras((0, 6), 2.0)
    method = FromMotion()
    with pytest.raises(ImageError, match="resize the camera"):
        method([f[:-1] for f in frames], CAMERA, T_world_cam=T)
    with pytest.raises(ValueError, match="two or more"):
        method(frames[:1], CAMERA, T_world_cam=T[:1])
    with pytest.raises(ValueError, match="3 cameras"):
        method(frames, [CAMERA] * 3, T_world_cam=T)
    with pytest.raises(ValueError, match=r"ask for \(2, 4, 4\)"):
        method(frames, CAMERA, T_world_cam=T[0])
    with pytest.raises(ValueError, match="there are 2 frames"):
        method(frames, CAMERA, T_world_cam=T, reference=2)
    for value in (np.nan, np.inf):
        broken = T.copy()
        broken[1, 0, 3] = value
        with pytest.raises(ValueError, match="finite 4x4"):
            method(frames, CAMERA, T_world_cam=broken)
    scaled = T.copy()
    scaled[1, :3, :3] *= 1.1
    with pytest.raises(ValueError, match="no rigid transform"):
        method(frames, CAMERA, T_world_cam=scaled)
    flat = [np.full((CAMERA.height, CAMERA.width), 90, np.uint8)] * 2
    with pytest.raises(ValueError, match="too little texture"):
        method(flat, CAMERA)
    with pytest.raises(ValueError, match="shares fewer than"):
        method(flat, CAMERA, T_world_cam=T)
    with pytest.raises(ValueError, match="needs the frames of a clip"):
        method.on(DepthSample(name="alone", image=frames[0], camera=CAMERA))
    with pytest.raises(OptionError, match="must be below"):
        FromMotion(min_depth=3.0, max_depth=2.0)


@settings(max_examples=15)
@given(
    st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**16), st.booleans(), st.sampled_from(["u1", "u2", "f4"])
)
def test_garbage_gives_an_error_or_a_map(height: int, width: int, seed: int, posed: bool, dtype: str) -> None:
    rng = np.random.default_rng(seed)
    frames = [rng.uniform(0, 200, (height, width)).astype(dtype) for _ in range(3)]
    camera = Camera(width=width, height=height, fx=20.0, fy=-21.0, cx=3.0, cy=5.0)
    T = np.stack([pose(rotation_of(rng.normal(0, 0.3, 3)), rng.normal(0, 1, 3)) for _ in range(3)]) if posed else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            depth = FromMotion(min_depth=1.0, max_depth=9.0)(frames, camera, T_world_cam=T)
        except ValueError:  # says why; anything else fails the test
            return
    assert depth.size == (height, width)
    assert not posed or not (depth.m > 9.01).any()


def real_clip(folder: Path) -> tuple[list[np.ndarray], Camera, np.ndarray, dict[str, float]]:
    """Frames, camera and poses of one of the real clips, and how its depth is coded."""
    meta = json.loads((folder / "meta.json").read_text())
    camera = Camera(width=meta["width"], height=meta["height"], **meta["intrinsics"])
    frames = [gv.io.read_image(path) for path in sorted(folder.glob("color_*"))]
    return frames, camera, np.loadtxt(folder / "poses.txt").reshape(-1, 4, 4), meta


@pytest.mark.parametrize(
    ("name", "chosen", "reference", "error"),
    [("icl_nuim", (0, 1, 3, 4), 2, 0.012), ("7scenes_a", (0, 5, 10, 15, 19), 2, 0.08)],
)
def test_real_clips_at_half_size(
    real_data: Path, name: str, chosen: tuple[int, ...], reference: int, error: float
) -> None:
    """Published poses that do not quite fit the colour images, plaster, wide baselines: the same defaults for both.

    The colour camera of 7-Scenes has a shorter focal length than the depth camera whose intrinsics it comes with, so
    that its truth lies up to 30 px beside the image: what is left is mostly that.
    """
    frames, camera, T, meta = real_clip(real_data / "depth" / name)
    truth = gv.io.read_scaled(
        real_data / "depth" / name / f"depth_{chosen[reference]:03d}.png", scale=meta["depth_scale"]
    )
    truth = np.where((truth > 0) & (truth < 20), truth, np.nan)[::2, ::2]
    small = [ops.warp(frames[k], _halving(camera), outside="border", dtype=np.uint8) for k in chosen]
    with pytest.warns(UserWarning, match="do not fit the images"):
        depth = FromMotion()(small, camera.resize(320, 240), T_world_cam=T[list(chosen)], reference=reference)
    assert absolute_relative(depth.m, truth) < error
    assert depth.valid[np.isfinite(truth)].mean() > 0.65


def _halving(camera: Camera) -> np.ndarray:
    """Displacements to the middle of each two by two pixels: 2x + ½."""
    return (camera.resize(camera.width // 2, camera.height // 2).pixel_grid() + 0.5).astype(np.float32)
