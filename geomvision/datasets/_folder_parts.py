"""Files of a scene folder: its meta data, images, masks and cameras, each of the size of the image it belongs to."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import io
from ..cameras import Camera
from ..images import Image, Mask
from ..io._files import naming, read_text
from ..results import Depth
from ._base import DatasetError
from ._files import fitting

IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".pgm", ".ppm")
LAYOUT = (
    "stereo/SCENE/left.png, right.png, disp.pfm or disp.png; flow/SCENE/frame0.png, frame1.png, flow.flo or "
    "flow.png; depth/SCENE/color*.png, depth*.png; twoview/SCENE/image0.png, image1.png; each SCENE with a meta.json "
    "that tells scales and cameras; "
    "or one of these task folders, or one scene folder"
)


def read_meta(scene: Path) -> dict[str, Any]:
    """The scene's meta.json, empty when there is none. Raises FormatError when it is no JSON object."""
    path = scene / "meta.json"
    if not path.exists():
        return {}
    try:
        meta = json.loads(read_text(path, "a JSON object"))
    except json.JSONDecodeError as error:
        raise io.FormatError(path, f"is no JSON ({error})", "a JSON object") from error
    if not isinstance(meta, dict):
        raise io.FormatError(path, f"holds a {type(meta).__name__}", "a JSON object")
    return meta


def find_image(scene: Path, stem: str, endings: tuple[str, ...] = IMAGE_ENDINGS) -> Path | None:
    return next((scene / (stem + ending) for ending in endings if (scene / (stem + ending)).is_file()), None)


def required(scene: Path, stem: str) -> Path:
    """The image with this stem. DatasetError where there is none."""
    path = find_image(scene, stem)
    if path is None:
        raise DatasetError(f"{scene} has no image {stem}.png or .jpg; expected {LAYOUT}")
    return path


def number(scene: Path, meta: Mapping[str, Any], name: str, *, above: float = -math.inf) -> float | None:
    """A number of the meta data; None where it has none. FormatError where it is no finite one above a bound."""
    value = meta.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not (above < value < math.inf):
        bound = f" above {above:g}" if above > -math.inf else ""
        raise io.FormatError(scene / "meta.json", f"says {name} is {value!r}", f"a finite number{bound}")
    return float(value)


def invalid_values(scene: Path, meta: Mapping[str, Any]) -> int | Sequence[int] | None:
    """What images hold where nothing is known: 0 unless the meta data say others, or null. FormatError for odd ones."""
    value = meta.get("invalid_value", 0)
    every = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(each, int) and not isinstance(each, bool) for each in every):
        raise io.FormatError(
            scene / "meta.json", f"says invalid_value is {value!r}", "a whole number, several, or null"
        )
    return value if value is None or isinstance(value, int) else tuple(every)


def depth_of(scene: Path, meta: Mapping[str, Any], stem: str) -> tuple[Path, Depth] | None:
    """A scene's depth image as it is stored, and its path; None where there is none."""
    path = find_image(scene, stem, (".pfm", ".png"))
    if path is None or path.suffix == ".pfm":
        return None if path is None else (path, io.read_depth(path))
    scale = number(scene, meta, "depth_scale", above=0)
    return path, io.read_depth(path, scale=scale, invalid=invalid_values(scene, meta))


def read_objects(path: Path, left: Image, names: Sequence[str]) -> dict[str, Mask]:
    """Masks by class of a left image of one of these names. FormatError where they are of another size."""
    masks = io.read_masks(path, names)
    for mask in masks.values():
        if mask.shape != left.shape[:2]:
            given, wanted = (f"masks of {shape[1]}x{shape[0]} pixels" for shape in (mask.shape, left.shape))
            raise io.FormatError(path, f"holds {given}", f"{wanted}, as the left image")
    return masks


def objects_of(scene: Path, image: Image, stem: str, suffix: str = "") -> dict[str, Mask]:
    """Classes of the image with this stem and suffix, where the scene has annotations."""
    paths = (scene / name for name in ("objects.json", "objects.xml", f"objects{suffix}.png"))
    path = next((path for path in paths if path.is_file()), None)
    return {} if path is None else read_objects(path, image, [stem + suffix])


def grey_mask(path: Path, image: Image) -> Image | None:
    """The values of a mask, (H, W) of the image's size; None where there is no file. FormatError for another size."""
    if not path.exists():
        return None
    values = io.read_image(path)
    fitting(path, values.shape, image)
    return values if values.ndim == 2 else values[..., 0]


def camera_of(scene: Path, intrinsics: Any, image: Image) -> Camera:
    """The camera of an image from fx, fy, cx and cy of the meta data."""
    with naming(scene / "meta.json", "intrinsics with fx, fy, cx and cy in pixels"):
        fx, fy, cx, cy = (float(intrinsics[key]) for key in ("fx", "fy", "cx", "cy"))
        return Camera(width=image.shape[1], height=image.shape[0], fx=fx, fy=fy, cx=cx, cy=cy)
