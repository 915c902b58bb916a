"""Truth and calibration beside KITTI's images, 2012 and 2015."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from .. import io
from ..cameras import Array, StereoRig
from ..images import Image, Mask
from ..io._files import naming
from ..io.kitti import Pair
from ..results import Disparity, Flow
from ._files import disparity_map, fitting, flow_map, mask_map, of_size

Map = TypeVar("Map", Disparity, Flow)


def disparity_truth(
    root: Path,
    name: str,
    image: Image,
    occ: tuple[str, ...] = ("disp_occ", "disp_occ_0"),
    noc: tuple[str, ...] = ("disp_noc", "disp_noc_0"),
) -> tuple[Disparity | None, Mask | None]:
    """Disparity, occluded pixels included where there is such truth, and which these are, where both files tell."""
    paths = _file(root, name, *occ), _file(root, name, *noc)
    return _both(*paths, lambda path: disparity_map(path, io.read_kitti_disparity(path), image))


def flow_truth(root: Path, name: str, image: Image) -> tuple[Flow | None, Mask | None]:
    """Flow, as `disparity_truth`."""
    paths = _file(root, name, "flow_occ"), _file(root, name, "flow_noc")
    return _both(*paths, lambda path: flow_map(path, io.read_kitti_flow(path), image))


def foreground(root: Path, name: str, image: Image) -> dict[str, Mask]:
    """The mask "foreground" of obj_map; {} where there is none."""
    path = _file(root, name, "obj_map")
    return {} if path is None else {"foreground": mask_map(path, image)}


def reflective(root: Path, name: str, image: Image) -> dict[str, Mask]:
    """The mask "reflective": where the truth of what reflects alone has values (2012); {} where there is none."""
    path = _file(root, name, "disp_refl_occ", "disp_refl_noc")
    return {} if path is None else {"reflective": disparity_map(path, io.read_kitti_disparity(path), image).valid}


def rectified_rig(root: Path, name: str, image: Image, cameras: Pair) -> StereoRig | None:
    """The rig of the frame's calibration; None where there is none."""
    paths = [root / folder / f"{name}.txt" for folder in ("calib", "calib_cam_to_cam")]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        return None
    with naming(path, "KITTI calibration of a rectified pair"):
        rig = io.kitti_rig(io.read_kitti_calib(path), image.shape[1], image.shape[0], cameras)
        of_size(path, rig.left)
        return rig


def check_rectified_size(path: Path, entries: Mapping[str, Array], number: str, image: Image) -> None:
    """FormatError unless an image has the size that calib_cam_to_cam.txt tells of a camera's rectified ones."""
    size = entries.get(f"S_rect_{number}")
    if size is not None:
        fitting(path, tuple(int(side) for side in size[::-1]), image)


def _file(root: Path, name: str, *folders: str) -> Path | None:
    files = (root / folder / f"{name}_10.png" for folder in folders)
    return next((file for file in files if file.is_file()), None)


def _both(occ: Path | None, noc: Path | None, read: Callable[[Path], Map]) -> tuple[Map | None, Mask | None]:
    """Truth with occluded pixels where there is such, and which these are, where both files tell."""
    every, seen = (None if path is None else read(path) for path in (occ, noc))
    hidden = None if every is None or seen is None else every.valid & ~seen.valid
    return seen if every is None else every, hidden
