"""What a handful of matches allow of two views, and the motions in a matrix: what `pose/` methods are made of.

None of them looks for wrong matches or asks what speaks against an answer: `gv.pose.Essential`, `Fundamental` and
`Homography` do. HZ is Hartley & Zisserman, Multiple View Geometry, 2nd edition.

>>> import numpy as np
>>> from geomvision.cameras import pose
>>> from geomvision.geometry import essential
>>> T_1_0 = pose(translation=(0.6, 0.0, 0.8))
>>> any(np.allclose(T, T_1_0) for T in decompose_essential(essential(T_1_0)))
True
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .. import _core
from ..arguments import checked, matrix, pairs
from ..cameras import Array, CameraModel, pose
from ._observations import is_plain

#: Products of coordinates beyond it lose the digits that tell solutions apart.
LARGEST_PX = 1e7
#: A matrix whose product with its transpose is farther from I is no rotation.
ROUNDING = 1e-5


class PlaneMotion(NamedTuple):
    """One way to read a homography: X_1 = T_1_0 · X_0, for points of the plane ``normal @ X_0 = distance``.

    The translation of `T_1_0` is in units of that distance, which no homography tells.
    """

    T_1_0: Array
    normal: Array


def five_point_essentials(rays0: ArrayLike, rays1: ArrayLike) -> list[Array]:
    """Essential matrices of norm 1, at most ten, that five pairs of rays (5, 2) at z = 1 allow (Nistér, PAMI 2004).

    Rays are what `camera.normalised(pixels)` gives. Empty where the pairs leave more than that open: on a line, one
    pair twice, a camera that did not move. Raises ValueError unless there are five finite pairs.
    """
    return list(_core.five_point_essentials(*_counted(rays0, "rays0", rays1, "rays1", 5)))


def seven_point_fundamentals(points0: ArrayLike, points1: ArrayLike) -> list[Array]:
    """Fundamental matrices of norm 1, one or three, of seven pairs of pixels (7, 2) (HZ 11.1.2).

    Empty where the pairs leave more open, as above. Raises ValueError unless there are seven finite pairs.
    """
    return list(_core.seven_point_fundamentals(*_counted(points0, "points0", points1, "points1", 7)))


def eight_point_fundamental(points0: ArrayLike, points1: ArrayLike) -> list[Array]:
    """The fundamental matrix of norm 1 and rank 2 of eight pairs of pixels (N, 2) or more (Hartley, PAMI 1997).

    Least squares of x1ᵀ F x0 over normalised points: every pair counts, wrong ones as well. Empty where the pairs do
    not determine it: points of one plane, a camera that only turned. Raises ValueError for fewer than eight pairs.
    """
    return list(_core.eight_point_fundamental(*_counted(points0, "points0", points1, "points1", 8, more=True)))


def four_point_homography(points0: ArrayLike, points1: ArrayLike) -> list[Array]:
    """The homography H of norm 1 with x1 ~ H·x0 of four pairs of pixels (4, 2) (HZ 4.1).

    Empty where three points lie on a line, or turn over: no plane before both cameras does that. Raises ValueError
    unless there are four finite pairs.
    """
    return list(_core.four_point_homography(*_counted(points0, "points0", points1, "points1", 4)))


@checked
def decompose_essential(E: ArrayLike, *, tolerance: float = 0.1) -> list[Array]:
    """The four poses T_1_0 (4, 4) of an essential matrix, |t| = 1 (HZ 9.14).

    Points seen by both cameras lie before both for one of them at most: `triangulate` tells.

    Args:
        E: x1ᵀ E x0 = 0 for rays, of any scale and sign. Of F it is K1ᵀ F K0.
        tolerance: how far, as a share of E's norm, an essential matrix may be from it: those of noisy points are none.

    Raises:
        ValueError: for a matrix that is not finite, or whose singular values are not nearly s, s, 0.
    """
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance is {tolerance}; it must be above 0 and below 1")
    given = matrix(E, "E", 3, 3)
    values = np.linalg.svd(given / max(np.abs(given).max(), 1e-300), compute_uv=False)
    mean = values[:2].mean()
    off = np.linalg.norm(values - (mean, mean, 0.0))
    if not (off <= tolerance * np.linalg.norm(values) and mean > 0):
        told = ", ".join(f"{v:.3g}" for v in values)
        raise ValueError(f"E is no essential matrix: its singular values are as {told}; they must be as 1, 1, 0")
    rotations, translations, _ = _core.decompose_essential(given)
    return [pose(R, t) for R, t in zip(rotations, translations, strict=True)]


@checked
def decompose_homography(
    H: ArrayLike, camera0: CameraModel | None = None, camera1: CameraModel | None = None
) -> list[PlaneMotion]:
    """The motions that a homography allows: four, one where it is a rotation (Malis & Vargas, INRIA RR-6303, 2007).

    Points of the plane lie before the first camera for ``normal @ (x, y, 1) > 0``, which leaves two of the four.

    Args:
        H: x1 ~ H·x0, of any scale and sign.
        camera0: pinhole of the pixels in view 0; None: H is of rays, and
        camera1: that of view 1.

    Raises:
        ValueError: for a matrix that is not finite or singular: it shows a plane that a camera's centre lies on; for
            one camera without the other, or cameras with distortion: undistort the points first.
    """
    given = matrix(H, "H", 3, 3)
    given /= max(np.abs(given).max(), 1e-300)
    if (camera0 is None) != (camera1 is None):
        raise ValueError("one of camera0 and camera1 is None; give both of pixels, none of rays")
    if camera0 is not None and camera1 is not None:
        given = np.linalg.inv(_matrix_of(camera1, "camera1")) @ given @ _matrix_of(camera0, "camera0")
    every = plane_motions(given)
    if not len(every[0]):
        raise ValueError("H is singular; it must be invertible: a plane through a camera's centre is seen as a line")
    return [PlaneMotion(T_1_0=pose(R, t), normal=n) for R, t, n in zip(*every, strict=True)]


def plane_motions(H: Array) -> tuple[Array, Array, Array]:
    """Rotations (M, 3, 3), translations and normals (M, 3) of a homography of rays.

    None where H is singular, or so nearly that rounding leaves no rotations: H^T H has half of the digits.
    """
    rotations, translations, normals = _core.decompose_homography(np.ascontiguousarray(H))
    off = np.abs(rotations @ rotations.transpose(0, 2, 1) - np.eye(3))
    if not (off <= ROUNDING).all():
        return np.empty((0, 3, 3)), np.empty((0, 3)), np.empty((0, 3))
    return rotations, translations, normals


def _matrix_of(camera: CameraModel, name: str) -> Array:
    if not is_plain(camera):
        raise ValueError(f"{name} is no pinhole without distortion; it must be one: undistort the points first")
    return camera.K


def _counted(
    values0: ArrayLike, name0: str, values1: ArrayLike, name1: str, count: int, more: bool = False
) -> tuple[Array, Array]:
    first, second = pairs(values0, name0, values1, name1, largest=LARGEST_PX)
    if len(first) != count and not (more and len(first) > count):
        least = "at least " if more else ""
        raise ValueError(f"{name0} and {name1} hold {len(first)} pairs; there must be {least}{count}")
    return first, second
