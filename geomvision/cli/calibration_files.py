"""Which images belong to which camera and to each other, and what a calibration is written as."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .. import io
from ..geometry import Calibration, StereoCalibration
from ..io._files import write_json
from ..io.camera_json import camera_as_dict

IMAGES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".pgm", ".ppm", ".webp")
#: Two groups of files are two cameras when so large a share of the smaller one has a partner.
PAIRED = 0.5


@dataclass(frozen=True)
class CameraFiles:
    """One camera's name and images, None where only the other camera has one."""

    name: str
    paths: tuple[Path | None, ...]


def expanded(given: Sequence[Path]) -> list[Path]:
    """Files as named; the images of folders; what patterns match where the shell did not expand them."""
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in IMAGES)
            if not inside:
                raise ValueError(f"{path} holds no images ({', '.join(IMAGES)})")
            found += inside
        elif path.exists() or not re.search(r"[*?\[]", path.name):
            found.append(path)
        else:
            matches = sorted(path.parent.glob(path.name))
            if not matches:
                raise ValueError(f"{path} matches no file")
            found += matches
    twice = [path for n, path in enumerate(found) if path in found[:n]]
    if twice:
        raise ValueError(f"{twice[0]} is given twice")
    return found


def cameras_of(paths: Sequence[Path], one_camera: bool = False) -> list[CameraFiles]:
    """One camera, or two whose images pair by their names.

    Two folders are two cameras; so are names in one folder that differ beside their numbers (left07, right07), and
    names whose first number has two values (cam0_07, cam1_07). The first one given is the left one, unless it is
    called right.
    """
    groups = {} if one_camera else _groups(paths)
    if len(groups) > 2:
        names = ", ".join(groups)
        raise ValueError(f"images of {len(groups)} cameras were given: {names}; one or two can be calibrated at once")
    if len(groups) < 2:
        return [CameraFiles("camera", tuple(paths))]
    (first, left), (second, right) = sorted(groups.items(), key=lambda group: group[0] == "right")
    if _partners(left, right) < PAIRED * min(len(left), len(right)):  # cam0_07 and cam1_07, each in its folder
        left, right = (_by_number(list(side.values()), constant=False) for side in (left, right))
    keys, partners = list(dict.fromkeys([*left, *right])), _partners(left, right)
    if partners < PAIRED * min(len(left), len(right)):
        raise ValueError(
            f"of {len(left)} images of {first} and {len(right)} of {second}, {partners} pair by their numbers: give "
            "partners the same number, or say --one-camera"
        )
    keys.sort()
    return [CameraFiles(name, tuple(side.get(key) for key in keys)) for name, side in ((first, left), (second, right))]


def _groups(paths: Sequence[Path]) -> dict[str, dict[tuple[Any, ...], Path]]:
    """Images of each camera by what tells them apart."""
    folders = list(dict.fromkeys(path.parent for path in paths))
    if len(folders) > 1:
        names = [folder.resolve().name for folder in folders]
        names = names if len(set(names)) == len(names) else [str(folder) for folder in folders]
        return {
            name: _by_number([path for path in paths if path.parent == folder])
            for name, folder in zip(names, folders, strict=True)
        }
    words: dict[str, list[Path]] = {}
    for path in paths:
        words.setdefault(re.sub(r"\d+", "#", path.stem), []).append(path)
    if len(words) == 2:
        names = [word.replace("#", "").strip("_- .") or word for word in words]
        names = names if names[0] != names[1] else list(words)
        return {name: _by_number(group) for name, group in zip(names, words.values(), strict=True)}
    cameras: dict[str, list[Path]] = {}
    if len(words) == 1:
        for path in paths:
            numbers = re.findall(r"\d+", path.stem)
            cameras.setdefault(numbers[0] if len(numbers) > 1 else "", []).append(path)
    if len(cameras) == 2:
        return {name: _by_number(group, skip=1) for name, group in cameras.items()}
    return {}


def _partners(left: dict[tuple[Any, ...], Path], right: dict[tuple[Any, ...], Path]) -> int:
    return sum(key in right for key in left)


def _by_number(paths: Sequence[Path], skip: int = 0, constant: bool = True) -> dict[tuple[Any, ...], Path]:
    """Files by the numbers in their names where these differ, else by their names; without those that all share."""
    numbers = [tuple(int(n) for n in re.findall(r"\d+", path.stem)[skip:]) for path in paths]
    if not constant and len({len(each) for each in numbers}) == 1:
        changing = [len(set(column)) > 1 for column in zip(*numbers, strict=True)]
        numbers = [tuple(n for n, changes in zip(each, changing, strict=True) if changes) for each in numbers]
    if len(set(numbers)) == len(paths) and all(numbers):
        return dict(zip(numbers, paths, strict=True))
    return {(path.stem,): path for path in paths}


def write(path: Path, result: Calibration | StereoCalibration) -> str:
    """Write the camera or rig; what was written, in words.

    YAML is OpenCV's where it has the models, else Kalibr's; JSON holds everything but residuals, and `io.read_rig` and
    `io.read_camera` take all of them.
    """
    if path.suffix.lower() == ".json":
        write_json(path, as_dict(result))
        return f"{path}, all numbers as JSON"
    if isinstance(result, StereoCalibration):
        return f"{path}, {io.write_rig(path, result.rig)}"
    return f"{path}, {io.write_camera(path, result.camera)}"


def as_dict(result: Calibration | StereoCalibration) -> dict[str, Any]:
    """A calibration as numbers, lists and words."""
    if isinstance(result, StereoCalibration):
        return {
            "rms_px": result.rms_px,
            "T_right_left": result.rig.T_right_left.tolist(),
            "baseline_m": result.rig.baseline_m,
            "sigma": dict(result.sigma),
            "parameter_names": list(result.parameter_names),
            "covariance": result.covariance.tolist(),
            "warnings": list(result.warnings),
            "left": as_dict(result.left),
            "right": as_dict(result.right),
        }
    names = [view.name for view in result.views]
    return {
        "camera": camera_as_dict(result.camera),
        "sigma": dict(result.sigma),
        "covariance": result.covariance.tolist(),
        "rms_px": result.rms_px,
        "board": asdict(result.board),
        "coverage": asdict(result.coverage),
        "images": [
            {"name": name, "rms_px": rms, "T_camera_board": T.tolist()}
            for name, rms, T in zip(names, result.per_image_rms, result.poses, strict=True)
        ],
        "warnings": list(result.warnings),
    }
