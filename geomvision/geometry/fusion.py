"""From posed depth maps to one surface: truncated signed distances averaged in voxels (Curless & Levoy 1996)."""

from __future__ import annotations

import importlib
import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import ops
from ..arguments import checked
from ..cameras import Array, Camera, CameraModel, check_pose
from ..images import Float32, Image, as_image
from ..packages import needed_by
from ..results import Depth, PointCloud
from .clips import pinhole_of

#: Truncation in voxels; voxels of a block's side; blocks (10 kB each) that a volume may have, and starts with.
TRUNCATION, BLOCK, MOST_BLOCKS, FIRST_BLOCKS = 5.0, 8, 400_000, 500
#: Share of pixels that must be near enough, and that must agree with another frame where they meet one, or it is said.
LEAST_SHARE = 0.01
#: Inverse poses are meant where depths then differ by less than this share, and so many voxels less; pixels that must
#: meet to say so.
INVERTED, INVERTED_VOXELS, LEAST_MET = 0.5, 0.25, 100
#: Median depths beyond this are millimetres; so are poses whose spread exceeds so many median depths.
FARTHEST_M, WIDEST = 500.0, 300.0


@checked
def fuse(
    depths: Sequence[Depth],
    images: Sequence[Any],
    cameras: CameraModel | Sequence[CameraModel],
    T_world_cam: ArrayLike,
    *,
    voxel_m: float = 0.01,
    max_depth_m: float = math.inf,
    min_views: int = 1,
) -> PointCloud:
    """A coloured triangle mesh of what posed depth maps agree on, through Open3D.

    Each voxel averages its signed distance along the rays to the surfaces seen, cut off at five voxels; the mesh is
    where the average passes zero. Pictures through lenses are brought to a pinhole's first, those with a negative f_y
    turned over.

    Args:
        depths: one for each frame, metres; frames without any estimate are passed over.
        images: (H, W) or (H, W, 3) RGB of any dtype, of the depths' sizes.
        cameras: one for all, or one for each.
        T_world_cam: (N, 4, 4), camera to world, metres.
        voxel_m: side of a voxel; details below it vanish, and memory grows with its inverse square.
        max_depth_m: depths beyond it are not used: their error grows with the square of the distance.
        min_views: voxels seen by fewer frames are left out.

    Returns:
        Vertices in world coordinates with colours (uint8), normals and triangles, in an order that depends on them
        alone: equal maps give equal bytes. Empty, with a warning, where nothing is near enough.

    Raises:
        ValueError: when numbers or sizes do not fit, depths or poses look like millimetres, or the volume would be too
            large. ImportError: without Open3D.
    """
    frames = [as_image(image, f"images[{k}]") for k, image in enumerate(images)]
    models = [cameras] * len(frames) if isinstance(cameras, CameraModel) else list(cameras)
    poses = _checked(depths, frames, models, T_world_cam)
    if not (math.isfinite(voxel_m) and voxel_m > 0 and max_depth_m > 0 and min_views >= 1):
        raise ValueError(
            f"voxel_m is {voxel_m}, max_depth_m {max_depth_m}, min_views {min_views}; the first two must be positive "
            "metres, the last at least 1"
        )
    near = [np.where(depth.m <= max_depth_m, depth.m, np.nan).astype(np.float32) for depth in depths]
    _require_same_units(depths, poses)
    if _said_to_miss(near, depths, models, poses, max_depth_m, TRUNCATION * voxel_m):
        return PointCloud(points=np.zeros((0, 3), np.float32), triangles=np.zeros((0, 3), np.int32))
    _require_room(near, models, poses, voxel_m)
    straight = [_straightened(*each) for each in zip(near, frames, models, strict=True)]
    return _mesh(straight, poses, voxel_m, min_views)


@checked
def colored_points(depth: Depth, image: Any, camera: CameraModel, T_world_cam: ArrayLike | None = None) -> PointCloud:
    """The points (N, 3), metres, of a depth map with their pixels' colours; in the world where a pose (4, 4) is given.

    Raises ValueError where image, (H, W) or (H, W, 3), depth and camera differ in size, or for what is no pose.
    """
    picture = as_image(image)
    if picture.shape[:2] != depth.size:
        raise ValueError(
            f"the image is {picture.shape[:2]} but the depth {depth.size} (height, width); they must be equal"
        )
    points = depth.to_points(camera).astype(np.float64)
    if T_world_cam is not None:
        T = check_pose(T_world_cam, "T_world_cam")
        points = points @ T[:3, :3].T + T[:3, 3]
    return PointCloud(points=points.astype(np.float32), colors=_bytes(picture)[depth.valid])


def _checked(depths: Any, frames: list[Image], models: list[CameraModel], T_world_cam: ArrayLike) -> list[Array]:
    poses = np.asarray(T_world_cam, dtype=float)
    count = len(depths)
    if count == 0 or len(frames) != count or len(models) != count or poses.shape != (count, 4, 4):
        raise ValueError(
            f"{count} depths, {len(frames)} images, {len(models)} cameras and T_world_cam of shape {poses.shape} were "
            "given; each frame needs one of each, T_world_cam as (N, 4, 4)"
        )
    for k, (depth, image, camera) in enumerate(zip(depths, frames, models, strict=True)):
        sizes = {"depth": depth.size, "image": image.shape[:2], "camera": (camera.height, camera.width)}
        if len(set(sizes.values())) > 1:
            told = ", ".join(f"{name} {width}x{height}" for name, (height, width) in sizes.items())
            raise ValueError(f"frame {k}: {told}; they must be equal: resize the camera with camera.resize(…)")
    return [check_pose(T, f"T_world_cam[{k}]") for k, T in enumerate(poses)]


def _require_same_units(depths: Sequence[Depth], poses: list[Array]) -> None:
    every = np.concatenate([depth.m[depth.valid] for depth in depths])
    typical = float(np.median(every)) if every.size else 1.0
    spread = max(float(np.linalg.norm(T[:3, 3] - poses[0][:3, 3])) for T in poses)
    if typical > FARTHEST_M:
        raise ValueError(
            f"half of the depths lie beyond {typical:.0f} m: are they millimetres? Give Depth(m=depth / 1000)"
        )
    if spread > WIDEST * typical:
        raise ValueError(
            f"the poses lie up to {spread:.0f} m apart while half of the depths are below {typical:.3f} m: are poses "
            "in millimetres, or the depths in another unit than metres?"
        )


def _said_to_miss(
    near: list[Float32],
    depths: Sequence[Depth],
    models: list[CameraModel],
    poses: list[Array],
    limit: float,
    cut: float,
) -> bool:
    """Warn where hardly a pixel is near enough, or agrees with another frame; whether there is none to use."""
    pixels, used = sum(d.m.size for d in depths), sum(int(np.isfinite(n).sum()) for n in near)
    if used < LEAST_SHARE * pixels:
        warnings.warn(
            f"{used} of {pixels} pixels have a depth up to max_depth_m = {limit} m: is the depth in metres?",
            UserWarning,
            stacklevel=3,
        )
    given = _apart(near, models, poses)
    inverted = _apart(near, models, [np.asarray(np.linalg.inv(T), np.float64) for T in poses])
    agreed = int((given < cut).sum())
    if min(len(given), len(inverted)) >= LEAST_MET and np.median(given) - np.median(inverted) > max(
        (1 - INVERTED) * np.median(given), INVERTED_VOXELS / TRUNCATION * cut
    ):
        warnings.warn(
            f"where two frames meet their depths differ by {np.median(given):.3f} m (median), and by "
            f"{np.median(inverted):.3f} m with the inverse poses: T_world_cam takes camera to world coordinates; is it "
            "the inverse? Then give np.linalg.inv(T_world_cam)",
            UserWarning,
            stacklevel=3,
        )
    elif agreed < LEAST_SHARE * len(given):
        warnings.warn(
            f"{agreed} of {len(given)} pixels that two frames share lie within the truncation range of {cut:.3f} m: "
            "T_world_cam takes camera to world coordinates, in metres; is it the inverse, or another unit?",
            UserWarning,
            stacklevel=3,
        )
    return used == 0


def _apart(near: list[Float32], models: list[CameraModel], poses: list[Array]) -> Array:
    """By how much depths differ, metres, where a frame's points lie in the next one, or in one half a clip away."""
    count = len(near)
    pairs = {(k, to) for k in range(count) for to in (k + 1, k + count // 2) if k < to < count}
    found = [np.zeros(0)]
    for k, to in sorted(pairs):
        back = np.linalg.inv(poses[to])
        points = models[k].unproject(models[k].pixel_grid(), near[k])[np.isfinite(near[k])][::7] @ poses[k][:3, :3].T
        points = (points + poses[k][:3, 3]) @ back[:3, :3].T + back[:3, 3]
        pixel = np.rint(models[to].project(points))
        height, width = near[to].shape
        inside = (pixel >= 0).all(axis=1) & (pixel[:, 0] < width) & (pixel[:, 1] < height)
        x, y = pixel[inside].astype(int).T
        off = np.abs(near[to][y, x] - points[inside, 2])
        found.append(off[np.isfinite(off)])
    return np.concatenate(found)


def _require_room(near: list[Float32], models: list[CameraModel], poses: list[Array], voxel_m: float) -> None:
    blocks: set[tuple[int, int, int]] = set()
    for depth, camera, T in zip(near, models, poses, strict=True):
        step = max(1, camera.width // 160)
        grid, sampled = camera.pixel_grid()[::step, ::step], depth[::step, ::step]
        # What samples leave out: a surface is at least as large as it looks.
        area = float(np.nansum(np.square(sampled.astype(float)))) * _size_at_one_metre(camera.unproject(grid))
        points = camera.unproject(grid, sampled).reshape(-1, 3)
        points = points[np.isfinite(points).all(axis=1)] @ T[:3, :3].T + T[:3, 3]
        blocks.update(map(tuple, np.unique(np.floor(points / (BLOCK * voxel_m)).astype(np.int64), axis=0).tolist()))
        # A surface's truncation band touches its block's neighbours, too.
        if max(len(blocks), area / (BLOCK * voxel_m) ** 2) > MOST_BLOCKS // 4:
            raise ValueError(
                f"voxel_m {voxel_m} is too small for this scene: the volume would need several GB; take larger voxels "
                "or a smaller max_depth_m"
            )


def _size_at_one_metre(rays: Array) -> float:
    """Area in m² that neighbouring rays (H, W, 3) enclose where z is 1 m, in the median."""
    across = np.linalg.norm(np.diff(rays[..., :2], axis=1), axis=-1)
    down = np.linalg.norm(np.diff(rays[..., :2], axis=0), axis=-1)
    if not (np.isfinite(across).any() and np.isfinite(down).any()):
        return 0.0
    return float(np.nanmedian(across) * np.nanmedian(down))


def _straightened(depth: Float32, image: Image, camera: CameraModel) -> tuple[Float32, Image, Camera]:
    """Depth and bytes as a pinhole with positive f_y has them; depth is that of the nearest pixel."""
    picture, pinhole = _bytes(image), pinhole_of(camera)
    if pinhole is not camera:
        at = camera.project(pinhole.unproject(pinhole.pixel_grid()))
        where = (at - pinhole.pixel_grid()).astype(np.float32)
        picture = ops.warp(picture, where, outside="zero", dtype=np.uint8)
        nearest = np.rint(at) - pinhole.pixel_grid()
        depth = ops.warp(depth, nearest.astype(np.float32))
    if pinhole.fy < 0:
        pinhole = Camera(
            width=pinhole.width, height=pinhole.height, fx=pinhole.fx, fy=-pinhole.fy, cx=pinhole.cx,
            cy=pinhole.height - 1 - pinhole.cy,
        )  # fmt: skip
        depth, picture = depth[::-1], picture[::-1]
    return np.ascontiguousarray(depth), np.ascontiguousarray(picture), pinhole


def _bytes(image: Image) -> Image:
    """RGB bytes; floats are taken as 0 … 1 where they are no larger, and 0 … 255 else."""
    if image.dtype != np.uint8:
        top = 65535.0 if image.dtype == np.uint16 else (1.0 if image.max() <= 1.0 else 255.0)
        image = np.rint(np.clip(image / top, 0.0, 1.0) * 255.0).astype(np.uint8)
    return image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)


def _mesh(
    frames: list[tuple[Float32, Image, Camera]], poses: list[Array], voxel_m: float, min_views: int
) -> PointCloud:
    with needed_by("fuse"):
        open3d: Any = importlib.import_module("open3d")
    core, device = open3d.core, open3d.core.Device("CPU:0")
    grid = open3d.t.geometry.VoxelBlockGrid(
        ("tsdf", "weight", "color"), (core.float32,) * 3, ((1,), (1,), (3,)), voxel_m, BLOCK, FIRST_BLOCKS, device
    )
    for (depth, picture, camera), T in zip(frames, poses, strict=True):
        if not np.isfinite(depth).any():
            continue
        farthest = 1.01 * float(np.nanmax(depth))
        points = camera.unproject(camera.pixel_grid(), depth)[np.isfinite(depth)] @ T[:3, :3].T + T[:3, 3]
        band = open3d.t.geometry.PointCloud(core.Tensor(points.astype(np.float32)))
        blocks = grid.compute_unique_block_coordinates(band, TRUNCATION)
        seen = open3d.t.geometry.Image(core.Tensor(np.nan_to_num(depth)))
        colour = open3d.t.geometry.Image(core.Tensor(picture.astype(np.float32) / 255.0))
        K, E = core.Tensor(camera.K), core.Tensor(np.ascontiguousarray(np.linalg.inv(T)))
        grid.integrate(blocks, seen, colour, K, E, 1.0, farthest, TRUNCATION)
    mesh = grid.extract_triangle_mesh(min_views - 0.5)
    return _in_order(
        mesh.vertex.positions.numpy(),
        np.rint(np.clip(mesh.vertex.colors.numpy(), 0, 1) * 255).astype(np.uint8),
        mesh.vertex.normals.numpy(),
        mesh.triangle.indices.numpy().astype(np.int32),
    )


def _in_order(points: Float32, colors: NDArray[np.uint8], normals: Float32, triangles: NDArray[np.int32]) -> PointCloud:
    """The mesh with vertices by z, y and x, and triangles by theirs: Open3D's threads leave them in any order."""
    keys = [*colors.T, *normals.T, *points.T]
    order = np.lexsort(keys)
    same = np.ones(max(len(order) - 1, 0), bool)
    for key in keys:
        same &= key[order[1:]] == key[order[:-1]]
    first = np.concatenate([np.ones(min(len(order), 1), bool), ~same])  # equal ones cannot be told apart: they are one
    place = np.empty(len(order), np.int32)
    place[order] = np.cumsum(first) - 1
    corners = place[triangles].reshape(-1, 3)
    turn = (np.argmin(corners, axis=1)[:, None] + np.arange(3)) % 3  # the side that is seen stays
    corners = np.take_along_axis(corners, turn, axis=1)
    chosen = order[first]
    return PointCloud(
        points=points[chosen],
        colors=colors[chosen],
        normals=normals[chosen],
        triangles=corners[np.lexsort(corners.T[::-1])],
    )
