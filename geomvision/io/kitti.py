"""KITTI's files: disparity, flow and depth in 16-bit PNG, and calibration (Geiger et al. 2012, Menze et al. 2015).

Disparity and depth are value / 256, 0 unknown. Flow is RGB: dx = (R − 2¹⁵) / 64, dy = (G − 2¹⁵) / 64, and B is
1 where the flow is known (OpenCV hands these channels over as B, G, R; `read_image` has turned them).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arguments import checked, numbers
from ..cameras import Camera, StereoRig, inverse, pose
from ..cameras.poses import nearest_rotation
from ..images import Float32, Image
from ._files import FormatError, PathLike, read_text, write_bytes
from .image import read_image
from .scaled import read_scaled, require_png16, to_uint16, write_png16

if TYPE_CHECKING:
    from ..geometry import Rectification

SCALE = 256.0
Pair = Literal["grey", "colour"]


def read_kitti_disparity(path: PathLike) -> Float32:
    """Disparity (H, W) in pixels, NaN where unknown. Raises FormatError unless it is a grey 16-bit PNG."""
    require_png16(path, 1, "KITTI disparity")
    return read_scaled(path, scale=SCALE)


def write_kitti_disparity(path: PathLike, px: Float32) -> None:
    """Write disparity (H, W) in pixels; NaN becomes 0, and known values at least 1/256 px, as in the devkit.

    Raises ValueError for disparities below 0 or above 255.996 px, which the format cannot hold.
    """
    write_png16(path, to_uint16(path, px, scale=SCALE, what="disparity in pixels"))


def read_kitti_depth(path: PathLike) -> Float32:
    """Depth (H, W) in metres, NaN where unknown. Raises FormatError unless it is a grey 16-bit PNG."""
    require_png16(path, 1, "KITTI depth")
    return read_scaled(path, scale=SCALE)


def write_kitti_depth(path: PathLike, m: Float32) -> None:
    """Write depth (H, W) in metres; NaN becomes 0. Raises ValueError for depths beyond 255.996 m."""
    write_png16(path, to_uint16(path, m, scale=SCALE, what="depth in metres"))


def read_kitti_flow(path: PathLike) -> Float32:
    """Flow (H, W, 2) as (dx, dy) in pixels, NaN where unknown. Raises FormatError unless it is RGB of 16 bits."""
    require_png16(path, 3, "KITTI flow")
    stored = read_image(path)
    flow = ((stored[..., :2].astype(np.float32) - 32768) / 64).astype(np.float32)
    flow[stored[..., 2] == 0] = np.nan
    return flow


def write_kitti_flow(path: PathLike, px: ArrayLike) -> None:
    """Write flow rounded to 1/64 px; NaN becomes (0, 0, 0).

    Raises ValueError for another shape, and for components outside −512 … 511.98 px.
    """
    flow = numbers("", f"{path}: flow", px)
    if flow.ndim != 3 or flow.shape[2] != 2 or flow.size == 0:
        raise ValueError(f"{path}: flow is {flow.dtype} of shape {flow.shape}; it must be numbers (H, W, 2)")
    known = ~np.isnan(flow).any(axis=2)
    stored = np.rint(np.where(known[..., None], flow, 0.0).astype(np.float64) * 64 + 32768)
    outside = int(np.count_nonzero((stored < 0) | (stored > 65535)))
    if outside:
        raise ValueError(f"{path}: KITTI flow holds −512 to 511.98 px; {outside} components lie outside: use .flo")
    pixels = np.concatenate([stored, np.ones_like(stored[..., :1])], axis=2) * known[..., None]
    write_png16(path, pixels.astype(np.uint16))


@checked
def read_kitti_calib(path: PathLike) -> dict[str, NDArray[np.float64]]:
    """The lines ``name: numbers`` of calib.txt or calib_cam_to_cam.txt, shaped where the length tells.

    12 numbers are (3, 4), 9 are (3, 3), others stay flat; dates and other lines without numbers are left out.

    Raises:
        FormatError: when the file is missing or has no such line.
    """
    expected = "KITTI calibration: lines like 'P0: 12 numbers'"
    entries: dict[str, NDArray[np.float64]] = {}
    for line in read_text(path, expected).splitlines():
        name, colon, rest = line.partition(":")
        try:
            numbers = np.array([float(word) for word in rest.split()])
        except ValueError:
            continue  # calib_time: 09-Jan-2012 13:57:47
        if colon and numbers.size:
            shape = {12: (3, 4), 9: (3, 3)}.get(numbers.size, (numbers.size,))
            entries[name.strip()] = numbers.reshape(shape)
    if not entries:
        raise FormatError(path, "has no such line", expected)
    return entries


@checked
def kitti_rig(
    calib: Mapping[str, NDArray[np.float64]],
    width: int,
    height: int,
    cameras: Pair = "grey",
) -> StereoRig:
    """The rectified rig of the grey (P0, P1) or the colour (P2, P3) cameras for images of this size.

    From P = K [I | t], the baseline is the x component of t_left − t_right. Its y and z components, millimetres
    that remain of the colour cameras' calibration, are left out: the published images are row-aligned.

    Raises:
        ValueError: when a projection matrix is missing or none, or the file says that rectified images have another
            size: images as recorded have the rig of `kitti_raw_rig`.
    """
    first, second = {"grey": (0, 1), "colour": (2, 3)}[cameras]
    size = calib.get(f"S_rect_{first:02d}")
    if size is not None and tuple(size) != (width, height):
        rectified, given = f"{size[0]:.0f}x{size[1]:.0f}", f"{width}x{height}"
        raise ValueError(f"rectified images are {rectified}, not {given}: for images as recorded take kitti_raw_rig")
    left, right = _projection(calib, first), _projection(calib, second)
    if not np.allclose(left[:, :3], right[:, :3]):
        raise ValueError(f"P{first} and P{second} have different K: these cameras are not rectified together")
    camera = Camera.from_matrix(left[:, :3], width, height)
    shift = np.linalg.solve(left[:, :3], right[:, 3] - left[:, 3])
    if shift[0] >= 0:
        raise ValueError(f"P{second} lies {shift[0]:.3f} m to the left of P{first}: the two are swapped")
    return StereoRig(left=camera, right=camera, T_right_left=pose(translation=(shift[0], 0.0, 0.0)))


@checked
def kitti_raw_rig(calib: Mapping[str, NDArray[np.float64]], left: int = 0, right: int = 1) -> StereoRig:
    """The rig of two cameras as they recorded (calib_cam_to_cam.txt: S, K, D, R, T), before rectification.

    Raises:
        ValueError: when an entry is missing or is no camera or rotation.
    """
    cameras, poses = [], []
    for number in (left, right):
        names = [f"{kind}_{number:02d}" for kind in "SKDRT"]
        missing = [name for name in names if name not in calib]
        if missing:
            raise ValueError(f"the calibration has no {', '.join(missing)}; it has {', '.join(calib)}")
        size, K, distortion, R, T = (calib[name] for name in names)
        if size.size != 2 or T.size != 3:
            raise ValueError(f"{names[0]} has {size.size} numbers and {names[4]} has {T.size}; they must have 2 and 3")
        cameras.append(Camera.from_matrix(K, round(float(size[0])), round(float(size[1])), distortion))
        poses.append(pose(nearest_rotation(R), T))  # camera 0 to this one
    return StereoRig(left=cameras[0], right=cameras[1], T_right_left=poses[1] @ inverse(poses[0]))


@checked
def kitti_entries(rig: StereoRig, rectification: Rectification | None = None) -> dict[str, NDArray[np.float64]]:
    """What `write_kitti_calib` writes of a rig: of a rectified one P0 and P1, which `kitti_rig` reads back.

    Of any other S, K, D, R and T of the cameras 00 and 01, which `kitti_raw_rig` reads back, and with its
    `rectification` (of `geometry.rectify`) S_rect, R_rect and P_rect of both, for `kitti_rig`.

    Raises:
        ValueError: for cameras that are no pinholes with k1 k2 p1 p2 k3 or fewer, a rectified rig whose cameras differ
            (doffs), or a rectification without a rig.
    """
    if rectification is None and rig.is_rectified:
        return dict(zip(("P0", "P1"), projections(rig), strict=True))
    entries: dict[str, Any] = {}
    for number, camera, T in ((0, rig.left, np.eye(4)), (1, rig.right, rig.T_right_left)):
        if not isinstance(camera, Camera) or any(camera.distortion[5:]):
            raise ValueError("KITTI's files hold pinhole cameras with k1 k2 p1 p2 k3, and no others")
        entries[f"S_{number:02d}"] = np.array([camera.width, camera.height], float)
        entries[f"K_{number:02d}"] = camera.K
        entries[f"D_{number:02d}"] = np.array([*camera.distortion, *[0.0] * 5][:5])
        entries[f"R_{number:02d}"], entries[f"T_{number:02d}"] = T[:3, :3], T[:3, 3]
    if rectification is not None:
        projected, views = projections(new_rig(rectification)), (rectification.left, rectification.right)
        for number, view, P in zip((0, 1), views, projected, strict=True):
            entries[f"S_rect_{number:02d}"] = np.array(view.size, float)
            entries[f"R_rect_{number:02d}"] = cast(Any, view.transform).rotation  # of a rig it is a turn
            entries[f"P_rect_{number:02d}"] = P
    return entries


@checked
def write_kitti_calib(path: PathLike, entries: Mapping[str, ArrayLike]) -> None:
    """Write lines ``name: numbers`` that `read_kitti_calib` reads back exactly, atomically."""
    lines = [f"{name}: {' '.join(repr(float(v)) for v in np.ravel(np.asarray(e)))}" for name, e in entries.items()]
    write_bytes(path, ("\n".join(lines) + "\n").encode())


def kitti_rig_of(calib: Mapping[str, NDArray[np.float64]], image: Image) -> StereoRig:
    """The rig of the cameras that took `image`: the colour ones for RGB, where the calibration has them, else the grey.

    The two differ: the colour cameras stand 4 mm nearer to each other. Raises ValueError as `kitti_rig` does.
    """
    height, width = image.shape[:2]
    has_colour = any(name in calib for name in ("P3", "P_rect_03"))
    return kitti_rig(calib, width, height, "colour" if image.ndim == 3 and has_colour else "grey")


def new_rig(rectification: Rectification) -> StereoRig[Any]:
    """The rig of a rectification; ValueError where it has none."""
    found = getattr(rectification, "rig", None)
    if not isinstance(found, StereoRig):
        raise ValueError("rectification has no rig, it knows no metres; it must be one of geometry.rectify")
    return found


def projections(rig: StereoRig[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """P of both cameras of a rectified rig, [K | 0] and [K | (-f·B, 0, 0)]."""
    left, right = rig.left, rig.right
    if not np.array_equal(left.K, right.K):
        raise ValueError(f"the rig's doffs are {rig.doffs_px:g} px; they must be 0: rectify with alpha=0 makes them so")
    P = np.zeros((2, 3, 4))
    P[:, :, :3] = left.K
    P[1, 0, 3] = -left.fx * rig.baseline_m
    return P[0], P[1]


def _projection(calib: Mapping[str, NDArray[np.float64]], number: int) -> NDArray[np.float64]:
    for name in (f"P{number}", f"P_rect_{number:02d}"):
        if name in calib:
            if calib[name].shape != (3, 4):
                raise ValueError(f"{name} has {calib[name].size} numbers; a projection matrix has 12")
            return calib[name]
    raise ValueError(f"the calibration has no P{number} and no P_rect_{number:02d}; it has {', '.join(calib)}")
