"""Two clouds without known partners: the rigid motion that lays one on the other."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arguments import checked, points
from ..cameras import Array, check_pose
from ..results.alignment import Alignment
from ._rotations import rotation_of
from .alignment import align_points, unknown_alignment

ErrorKind = Literal["point_to_point", "point_to_plane"]

#: Neighbours that tell a normal.
NEIGHBOURS = 12
#: A step of fewer radians, and of a smaller share of the farthest coordinate, is the last.
END = 1e-6
#: Fewer points are looked up by one thread: that is sooner than to wake others.
MANY = 10_000
#: Directions whose information is below this share of the largest are open.
OPEN = 1e-9


@checked
def icp(
    source: ArrayLike,
    target: ArrayLike,
    *,
    error: ErrorKind = "point_to_plane",
    T_target_source: ArrayLike | None = None,
    trim: float = 0.8,
    max_distance_m: float = math.inf,
    max_iterations: int = 50,
    num_threads: int = 0,
) -> Alignment:
    """Iterative closest point: the rigid motion that lays `source` on `target`, found from a start nearby.

    Each step pairs every point with the nearest of `target`, keeps the nearest pairs and makes their error small:
    distances by `align_points` (Besl & McKay, PAMI 1992), or distances along the target's normals, linearised (Chen &
    Medioni, 1992), which takes fewer steps where there are surfaces. Normals are the least axes of 12 neighbours. Of
    the pairs a share `trim` counts (Chetverikov et al., ICPR 2002). It ends at a minimum near the start, which need not
    be the right one: that what it keeps lies close, `rms_m`, is all there is to tell.

    Args:
        source: points (N, 3), metres.
        target: points (M, 3), metres.
        error: what is made small.
        T_target_source: 4x4 pose to start from; None: none.
        trim: share of the nearest pairs that count, above 0 to 1.
        max_distance_m: pairs farther apart do not count.
        max_iterations: steps at most.
        num_threads: of the search; 0 takes every core. Results do not depend on it.

    Returns:
        The alignment. Flags beside those of `align_points`: ``"undetermined"``, it is not known, since the pairs leave
        a direction open (a plane on itself); ``"not_converged"``, the last step allowed was not the last one needed.

    Raises:
        ValueError: for wrong shapes, numbers that are not finite or not allowed, a start that is no pose.
    """
    p, q = points(source, "source", 3), points(target, "target", 3)
    if not 0 < trim <= 1 or not max_distance_m > 0 or max_iterations < 1:
        given = f"trim is {trim}, max_distance_m {max_distance_m}, max_iterations {max_iterations}"
        raise ValueError(f"{given}; allowed are above 0 to 1, above 0, and 1 or more")
    T = np.eye(4) if T_target_source is None else check_pose(T_target_source, "T_target_source")
    if min(len(p), len(q)) < 3:
        return unknown_alignment(np.zeros(len(p), bool), False, ("too_few_points",))
    return _laid(p, q, T, error == "point_to_plane", (trim, max_distance_m), max_iterations, num_threads)


def _laid(
    p: Array, q: Array, T: Array, along_normals: bool, limits: tuple[float, float], steps: int, num_threads: int
) -> Alignment:
    """The steps from T on; `limits` are the share of pairs that count and how far apart they may be."""
    from scipy.spatial import cKDTree

    tree, workers = cKDTree(q), num_threads or (-1 if len(p) > MANY else 1)
    normals = _normals(tree, q, workers) if along_normals else None
    reach = float(np.abs(q).max())
    done = False
    for _ in range(steps):
        moved = p @ T[:3, :3].T + T[:3, 3]
        index, kept = _paired(tree, moved, *limits, workers)
        step = _step(moved[kept], q[index[kept]], None if normals is None else normals[index[kept]])
        if isinstance(step, Alignment):
            return unknown_alignment(kept, False, step.flags)
        T = step @ T
        done = bool(np.abs(step[:3, :3] - np.eye(3)).max() <= END and np.abs(step[:3, 3]).max() <= END * reach)
        if done:
            break
    moved = p @ T[:3, :3].T + T[:3, 3]
    index, kept = _paired(tree, moved, *limits, workers)
    return _told(T, moved, q[index], kept, None if normals is None else normals[index], done)


def _normals(tree: Any, q: Array, workers: int) -> Array:
    """The axis (M, 3) of least extent of each point's neighbours."""
    _, near = tree.query(q, k=min(NEIGHBOURS, len(q)), workers=workers)
    around = q[near] - q[near].mean(axis=1, keepdims=True)
    _, axes = np.linalg.eigh(np.einsum("nki,nkj->nij", around, around))
    return np.asarray(axes[..., 0])


def _paired(tree: Any, moved: Array, trim: float, limit: float, workers: int) -> tuple[Any, NDArray[np.bool_]]:
    """The nearest target of each point, and which pairs count."""
    distance, index = tree.query(moved, workers=workers)
    count = max(3, math.ceil(trim * len(moved)))
    kept = np.zeros(len(moved), bool)
    kept[np.argsort(distance, kind="stable")[:count]] = True
    return index, kept & (distance <= limit)


def _step(moved: Array, target: Array, normals: Array | None) -> Array | Alignment:
    """The motion (4, 4) that makes the pairs' error smaller; an alignment with flags where there is none."""
    if normals is None or len(moved) < 3:
        found = align_points(moved, target)
        return found.T_target_source if found.is_known else found
    centre = moved.mean(axis=0)
    rows, off = _rows(moved - centre, target - moved, normals)
    information = rows.T @ rows
    if _is_open(information):
        return unknown_alignment(np.zeros(len(moved), bool), False, ("undetermined",))
    turn, shift = np.split(np.linalg.solve(information, rows.T @ off), 2)
    step = np.eye(4)
    step[:3, :3] = rotation_of(turn)
    step[:3, 3] = shift + centre - step[:3, :3] @ centre
    return step


def _rows(p: Array, off: Array, normals: Array | None) -> tuple[Array, Array]:
    """Derivatives (K, 6) of the errors by a small rotation and translation, and the errors (K,)."""
    if normals is not None:
        return np.hstack([np.cross(p, normals), normals]), np.asarray((off * normals).sum(axis=1))
    turned = np.zeros((len(p), 3, 6))
    turned[:, 0, 1], turned[:, 0, 2], turned[:, 1, 2] = p[:, 2], -p[:, 1], p[:, 0]
    turned[:, 1, 0], turned[:, 2, 0], turned[:, 2, 1] = -p[:, 2], p[:, 1], -p[:, 0]
    turned[:, :, 3:] = np.eye(3)
    return turned.reshape(-1, 6), off.reshape(-1)


def _is_open(information: Array) -> bool:
    """Whether the pairs leave a direction open, rotations measured by how far they move the points."""
    scale = np.sqrt(np.maximum(np.diag(information), 0.0))
    if not (scale > 0).all():
        return True
    values = np.linalg.eigvalsh(information / np.outer(scale, scale))
    return bool(values[0] < OPEN * values[-1])


def _told(
    T: Array, moved: Array, target: Array, kept: NDArray[np.bool_], normals: Array | None, done: bool
) -> Alignment:
    """The alignment with what the pairs say of it."""
    p, off = moved[kept], (target - moved)[kept]
    rows, errors = _rows(p - p.mean(axis=0), off, None if normals is None else normals[kept])
    information, freedom = rows.T @ rows, len(errors) - 6
    known = freedom > 0 and not _is_open(information)
    return Alignment(
        rotation=T[:3, :3],
        translation_m=T[:3, 3],
        scale=1.0,
        rms_m=math.sqrt(float((off**2).sum(axis=1).mean())),
        inliers=kept,
        covariance=np.linalg.inv(information) * float(errors @ errors) / freedom if known else np.full((6, 6), np.nan),
        flags=() if done else ("not_converged",),
    )
