"""KITTI's files: disparity, flow and depth in 16-bit PNG, and calibration (Geiger et al. 2012, Menze et al. 2015).

Disparity and depth are value / 256, 0 unknown. Flow is RGB: dx = (R − 2¹⁵) / 64, dy = (G − 2¹⁵) / 64, and B is
1 where the flow is known (OpenCV hands these channels over as B, G, R; `read_image` has turned them).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..cameras import Camera, StereoRig, inverse, pose
from ..images import Float32, Image
from ._files import FormatError, PathLike, read_text
from .image import read_image
from .scaled import read_scaled, require_png16, to_uint16, write_png16

SCALE = 256.0


def read_kitti_disparity(path: PathLike) -> Float32:
    """Disparity (H, W) in pixels, NaN where unknown. Raises FormatError unless it is a grey 16-bit PNG."""
    require_png16(path, 1, "KITTI disparity")
    return read_scaled(path, scale=SCALE)


def write_kitti_disparity(path: PathLike, px: Float32) -> None:
    """Write disparity; NaN becomes 0, and known values at least 1/256 px, as in the devkit.

    Raises ValueError for disparities below 0 or above 255.996 px, which the format cannot hold.
    """
    write_png16(path, to_uint16(path, px, scale=SCALE, what="disparity in pixels"))


def read_kitti_depth(path: PathLike) -> Float32:
    """Depth (H, W) in metres, NaN where unknown. Raises FormatError unless it is a grey 16-bit PNG."""
    require_png16(path, 1, "KITTI depth")
    return read_scaled(path, scale=SCALE)


def write_kitti_depth(path: PathLike, m: Float32) -> None:
    """Write depth in metres; NaN becomes 0. Raises ValueError for depths beyond 255.996 m."""
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
    flow = np.asarray(px)
    if flow.ndim != 3 or flow.shape[2] != 2 or flow.size == 0 or flow.dtype.kind not in "fui":
        raise ValueError(f"{path}: flow is {flow.dtype} of shape {flow.shape}; it must be numbers (H, W, 2)")
    known = ~np.isnan(flow).any(axis=2)
    stored = np.rint(np.where(known[..., None], flow, 0.0).astype(np.float64) * 64 + 32768)
    outside = int(np.count_nonzero((stored < 0) | (stored > 65535)))
    if outside:
        raise ValueError(f"{path}: KITTI flow holds −512 to 511.98 px; {outside} components lie outside: use .flo")
    pixels = np.concatenate([stored, np.ones_like(stored[..., :1])], axis=2) * known[..., None]
    write_png16(path, pixels.astype(np.uint16))


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


def kitti_rig(
    calib: Mapping[str, NDArray[np.float64]],
    width: int,
    height: int,
    cameras: Literal["grey", "colour"] = "grey",
) -> StereoRig:
    """The rectified rig of the grey (P0, P1) or the colour (P2, P3) cameras for images of this size.

    From P = K [I | t], the baseline is the x component of t_left − t_right. Its y and z components, millimetres
    that remain of the colour cameras' calibration, are left out: the published images are row-aligned.

    Raises:
        ValueError: when a projection matrix is missing or none.
    """
    first, second = {"grey": (0, 1), "colour": (2, 3)}[cameras]
    left, right = _projection(calib, first), _projection(calib, second)
    if not np.allclose(left[:, :3], right[:, :3]):
        raise ValueError(f"P{first} and P{second} have different K: these cameras are not rectified together")
    camera = Camera.from_matrix(left[:, :3], width, height)
    shift = np.linalg.solve(left[:, :3], right[:, 3] - left[:, 3])
    if shift[0] >= 0:
        raise ValueError(f"P{second} lies {shift[0]:.3f} m to the left of P{first}: the two are swapped")
    return StereoRig(left=camera, right=camera, T_right_left=pose(translation=(shift[0], 0.0, 0.0)))


def kitti_rig_of(calib: Mapping[str, NDArray[np.float64]], image: Image) -> StereoRig:
    """The rig of the cameras that took `image`: the colour ones for RGB, where the calibration has them, else the grey.

    The two differ: the colour cameras stand 4 mm nearer to each other. Raises ValueError as `kitti_rig` does.
    """
    height, width = image.shape[:2]
    has_colour = any(name in calib for name in ("P3", "P_rect_03"))
    return kitti_rig(calib, width, height, "colour" if image.ndim == 3 and has_colour else "grey")


def kitti_raw_rig(calib: Mapping[str, NDArray[np.float64]], cameras: Literal["grey", "colour"] = "colour") -> StereoRig:
    """The rig as it recorded, before rectification: K, D, R, T and S of cameras 00 and 01, or 02 and 03.

    From calib_cam_to_cam.txt, where X_camera = R X_00 + T, and S is (width, height). The rotations, written with
    seven digits, are taken as the nearest true ones.

    Raises:
        ValueError: when an entry is missing or has another length.
    """
    lenses, poses = [], []
    for number in {"grey": ("00", "01"), "colour": ("02", "03")}[cameras]:
        entry = {}
        for name, size in (("K", 9), ("D", 5), ("R", 9), ("T", 3), ("S", 2)):
            values = calib.get(f"{name}_{number}")
            if values is None or values.size != size:
                found = "missing" if values is None else f"{values.size} numbers"
                raise ValueError(
                    f"{name}_{number} is {found}; a calibration of recorded images has {size} numbers there"
                )
            entry[name] = values
        width, height = (int(v) for v in entry["S"])
        lenses.append(Camera.from_matrix(entry["K"], width, height, entry["D"]))
        u, _, vt = np.linalg.svd(entry["R"])
        poses.append(pose(u @ vt, entry["T"]))
    return StereoRig(left=lenses[0], right=lenses[1], T_right_left=poses[1] @ inverse(poses[0]))


def _projection(calib: Mapping[str, NDArray[np.float64]], number: int) -> NDArray[np.float64]:
    for name in (f"P{number}", f"P_rect_{number:02d}"):
        if name in calib:
            if calib[name].shape != (3, 4):
                raise ValueError(f"{name} has {calib[name].size} numbers; a projection matrix has 12")
            return calib[name]
    raise ValueError(f"the calibration has no P{number} and no P_rect_{number:02d}; it has {', '.join(calib)}")
