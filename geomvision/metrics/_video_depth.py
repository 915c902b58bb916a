"""How steady the depth of a video is: depth carried on by the camera's motion against that of the next frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arguments import checked
from ..cameras import Array, CameraModel, inverse
from ..results import Depth, RelativeDepth
from ..samples import DepthSample
from ._affine_fit import fitted
from ._base import Ratio
from ._comparison import Float64, compare_sizes


@checked
def video_depth(
    estimates: Sequence[Depth | RelativeDepth], samples: Sequence[DepthSample], *, cap_m: float = 80.0
) -> dict[str, Ratio]:
    """Temporal consistency of depth over the frames of a posed clip (TAE of Chen et al., Video Depth Anything, 2025).

    Each frame's points are moved into the next frame and into the one before by the true poses; the nearest point that
    falls on a pixel is compared with the depth estimated there. A wrong depth that moves as a scene would has no error:
    it says how steady, not how right. Parts of the scene that move by themselves count as error.

    Relative maps are aligned to the truth first, all frames by **one** scale and shift: fitted frame by frame, flicker
    would be taken out with them.

    Args:
        estimates: one for each frame in order, all of one kind.
        samples: the same frames, each with a `clip` whose poses are known; their own depth where maps are relative.
        cap_m: depths beyond do not count; aligned ones are clipped to it.

    Returns:
        "TAE", mean |Z' − Z| / Z in percent, Z being what the frame's own estimate says and Z' what is carried there;
        "delta1", percent of pixels where one is less than 1.25 times the other; "density", percent of the points
        that fall into the next frame where that has an estimate. Each is the mean over pairs of frames and both ways.

    Raises:
        ValueError: for fewer than two frames, other numbers of samples, kinds that differ, poses or truth that lack,
            and sizes that differ. TypeError: for what is no depth.
    """
    poses = _poses(estimates, samples)
    depths = _in_metres(estimates, samples, cap_m)
    cameras = [sample.camera for sample in samples if sample.camera is not None]
    if len(cameras) < len(samples):
        raise ValueError(f"video_depth: {len(samples) - len(cameras)} samples have no camera; each needs its own")
    sums: dict[str, list[Ratio]] = {"TAE": [], "delta1": [], "density": []}
    for k in range(len(depths) - 1):
        for a, b in ((k, k + 1), (k + 1, k)):
            carried = _carried(depths[a], cameras[a], cameras[b], inverse(poses[b]) @ poses[a])
            fell, both = ~np.isnan(carried), ~np.isnan(carried + depths[b])
            z, there = carried[both], depths[b][both]
            wrong = np.abs(z - there) / there
            near = np.maximum(z / there, there / z) < 1.25
            for name, values in (("TAE", wrong), ("delta1", near), ("density", both[fell])):
                sums[name].append(Ratio(float(values.mean()), 1.0, "percent") if values.size else Ratio(0.0, 0.0))
    return {
        name: Ratio(sum(r.total for r in ratios), sum(r.count for r in ratios), "percent")
        for name, ratios in sums.items()
    }


def _poses(estimates: Sequence[Any], samples: Sequence[DepthSample]) -> list[Array]:
    if len(estimates) != len(samples) or len(samples) < 2:
        given = f"{len(estimates)} estimates and {len(samples)} samples"
        raise ValueError(f"video_depth: there are {given}; they must be as many, 2 or more")
    kinds = [getattr(each, "kind", "metres") for each in estimates if isinstance(each, Depth | RelativeDepth)]
    if len(kinds) < len(estimates):
        wrong = next(type(each).__name__ for each in estimates if not isinstance(each, Depth | RelativeDepth))
        raise TypeError(f"video_depth: estimates hold a {wrong}; each must be a Depth or RelativeDepth")
    if len(set(kinds)) > 1:
        raise ValueError(f"video_depth: the estimates are {', '.join(sorted(set(kinds)))}; all must be of one kind")
    poses = []
    for estimate, sample in zip(estimates, samples, strict=True):
        compare_sizes(estimate.size, sample.image.shape[:2], "image")
        if sample.clip is None or sample.clip.T_world_cam is None:
            raise ValueError(f"video_depth: {sample.name!r} has no clip with poses (Clip.T_world_cam)")
        poses.append(sample.clip.T_world_cam[sample.clip.reference])
    return poses


def _in_metres(estimates: Sequence[Any], samples: Sequence[DepthSample], cap_m: float) -> list[Float64]:
    """Metres (H, W) of each frame up to the cap, NaN elsewhere; relative maps by one scale and shift of all frames."""
    if isinstance(estimates[0], Depth):
        maps = [estimate.m.astype(np.float64) for estimate in estimates]
        return [np.where(m <= cap_m, m, np.nan) for m in maps]
    missing = [sample.name for sample in samples if sample.depth is None]
    if missing:
        raise ValueError(f"video_depth: {missing[0]!r} has no depth, by which relative maps are aligned")
    inverted = estimates[0].kind == "disparity_affine"
    values = np.stack([estimate.values.astype(np.float64) for estimate in estimates])
    truth = np.stack([sample.depth.m.astype(np.float64) for sample in samples if sample.depth is not None])
    known = ~np.isnan(values) & (truth <= cap_m)
    if not known.any():
        raise ValueError("video_depth: no pixel has both an estimate and a true depth within the cap")
    target = 1.0 / truth[known] if inverted else truth[known]
    aligned = np.full(values.shape, np.nan)
    estimated = ~np.isnan(values)
    aligned[estimated] = fitted(values[known], target, values[estimated])
    if inverted:
        aligned = 1.0 / np.maximum(aligned, 1.0 / cap_m)
    return list(np.clip(aligned, 1e-3, cap_m))


def _carried(depth: Float64, camera: CameraModel, other: CameraModel, T_other_camera: Array) -> Float64:
    """The nearest depth that falls on each pixel of the other frame, NaN where none does."""
    points = camera.unproject(camera.pixel_grid(), depth)[~np.isnan(depth)]
    moved = points @ T_other_camera[:3, :3].T + T_other_camera[:3, 3]
    moved = moved[moved[:, 2] > 0]
    with np.errstate(invalid="ignore"):
        pixels = np.rint(other.project(moved))
    inside = (pixels >= 0).all(axis=1) & (pixels < (other.width, other.height)).all(axis=1)
    x, y = pixels[inside].astype(np.int64).T
    nearest = np.full(other.width * other.height, np.inf)
    np.minimum.at(nearest, y * other.width + x, moved[inside, 2])
    return np.where(np.isfinite(nearest), nearest, np.nan).reshape(other.height, other.width)
