"""``geomvision pose``: where the second of two photographs was taken, in words, with what speaks against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import io
from ..cameras import Array, Camera, CameraModel
from ..geometry import Matches, match_features
from ..geometry._rotations import vector_of
from ..images import Image
from ..io._files import write_json
from ..packages import needed_by
from ..pose.essential import Essential
from ..report.maps import eight_bit
from ..results import RelativePose
from ..results.relative_pose import DEGENERACIES
from .outputs import spare
from .saying import say

#: Matches drawn at most, and the width of each drawn image, pixels.
DRAWN, DRAWN_PX = 150, 800
GREEN, RED = (40, 220, 90), (235, 60, 50)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the flags say: as in ``geomvision pose --help``."""

    cameras: tuple[Path, ...] = ()
    fov_deg: float | None = None
    out: Path | None = None
    picture: Path | None = None


def run(first: Path, second: Path, choices: Choices) -> RelativePose:
    """Find the pose of two image files and say it. ValueError where there is none."""
    _check(choices)
    for flag, path in (("--out", choices.out), ("--picture", choices.picture)):
        spare(f"{flag} {path}", [] if path is None else [path], (first, second, *choices.cameras))
    images = [io.read_image(path) for path in (first, second)]
    if images[0].shape == images[1].shape and np.array_equal(images[0], images[1]):
        raise ValueError(f"{first} and {second} are the same image, pixel for pixel")
    cameras = _cameras(choices, images)
    found = match_features(*images, features=4000)
    if len(found) < Essential.least_matches:
        raise ValueError(
            f"{len(found)} of {found.features[0]} and {found.features[1]} features match; {Essential.least_matches} at "
            "least are needed: do both photographs show the same thing, from not too different sides?"
        )
    result = Essential()(found.points0, found.points1, *cameras)
    if result.T_1_0 is None:
        reasons = "; ".join(DEGENERACIES[name] for name in sorted(result.degeneracies))
        raise ValueError(f"no pose of {len(found)} matches: {reasons}")
    lines = told(result, len(found))
    if choices.fov_deg is not None:
        lines.append(
            f"note: the focal length is a guess from {choices.fov_deg:g}°: a wrong one turns the pose by degrees"
        )
    for line in lines:
        say(line)
    if choices.out is not None:
        write_json(choices.out, as_dict(result, len(found)))
        say(f"wrote {choices.out}")
    if choices.picture is not None:
        io.write_image(choices.picture, drawn(images, found, result))
        say(f"wrote {choices.picture}: matches that agree in green")
    return result


def told(result: RelativePose, matches: int) -> list[str]:
    """The pose in words."""
    angle, axis = _turn(result.rotation)
    lines = [f"matches: {int(result.inliers.sum())} of {matches} agree, to {result.noise_px:.2f} px"]
    covariance = _covariance(result)
    doubts = None if covariance is None else np.degrees(np.sqrt(np.diag(covariance)))
    doubt = "" if doubts is None else f" ± {np.linalg.norm(doubts[:3]):.2f}°"
    lines.append(f"turned:  {angle:.2f}°{doubt} about ({axis[0]:+.2f}, {axis[1]:+.2f}, {axis[2]:+.2f})")
    if np.any(result.translation):
        x, y, z = -result.rotation.T @ result.translation
        words = f"{abs(x):.2f} {'right' if x >= 0 else 'left'}, {abs(y):.2f} {'down' if y >= 0 else 'up'}"
        words += f", {abs(z):.2f} {'ahead' if z >= 0 else 'back'}"
        doubt = "" if doubts is None else f" ± {np.linalg.norm(doubts[3:]):.2f}°"
        lines.append(f"moved:   {words}{doubt}; how far is not known: the length is given as 1")
    else:
        lines.append("moved:   not at all, or not so far that these matches tell")
    return lines + [f"but:     {name}: {DEGENERACIES[name]}" for name in sorted(result.degeneracies)]


def as_dict(result: RelativePose, matches: int) -> dict[str, Any]:
    """The pose as numbers and words."""
    covariance = _covariance(result)
    return {
        "T_1_0": result.pose.tolist(),
        "matches": matches,
        "inliers": int(result.inliers.sum()),
        "noise_px": result.noise_px if np.isfinite(result.noise_px) else None,
        "covariance": None if covariance is None else covariance.tolist(),
        "degeneracies": sorted(result.degeneracies),
    }


def _covariance(result: RelativePose) -> Array | None:
    """None also where it is not determined: JSON has no NaN."""
    known = result.covariance is not None and np.isfinite(result.covariance).all()
    return result.covariance if known else None


def drawn(images: Sequence[Image], found: Matches, result: RelativePose) -> Image:
    """Both images beside each other, some of the matches as lines: green where they agree, red else."""
    with needed_by("geomvision pose"):
        import cv2

    shown, scales = [], []
    for image in images:
        scale = min(1.0, DRAWN_PX / image.shape[1])
        colour = eight_bit(image)
        colour = np.repeat(colour[..., None], 3, axis=2) if colour.ndim == 2 else colour
        size = (round(image.shape[1] * scale), max(1, round(image.shape[0] * scale)))
        shown.append(cv2.resize(colour, size, interpolation=cv2.INTER_AREA))
        scales.append(scale)
    height = max(part.shape[0] for part in shown)
    padded = [np.pad(part, ((0, height - part.shape[0]), (0, 0), (0, 0))) for part in shown]
    picture: Image = np.ascontiguousarray(np.concatenate(padded, axis=1))
    chosen = np.random.default_rng(0).permutation(len(found))[:DRAWN]
    for k in sorted(chosen, key=lambda k: bool(result.inliers[k])):
        ends = found.points0[k] * scales[0], found.points1[k] * scales[1] + (shown[0].shape[1], 0)
        (x0, y0), (x1, y1) = (np.rint(end).astype(int).tolist() for end in ends)
        cv2.line(picture, (x0, y0), (x1, y1), GREEN if result.inliers[k] else RED, 1, cv2.LINE_AA)
    return picture


def _turn(R: Array) -> tuple[float, Array]:
    """Angle in degrees and axis of a rotation; the axis of none is 0."""
    vector = vector_of(R)
    angle = float(np.linalg.norm(vector))
    axis: Array = vector / angle if angle > 1e-9 else np.zeros(3)
    return float(np.degrees(angle)), axis


def _cameras(choices: Choices, images: Sequence[Image]) -> list[CameraModel]:
    if len(choices.cameras) == 1:
        try:
            rig = io.read_rig(choices.cameras[0], image=images[0])
        except io.FormatError:
            pass  # one camera, for both
        else:
            size, wanted = images[1].shape[1::-1], (rig.right.width, rig.right.height)
            if size != wanted:
                told = f"{wanted[0]}x{wanted[1]} pixels, but the second image is {size[0]}x{size[1]}"
                raise ValueError(f"the right camera of {choices.cameras[0]} is for images of {told}")
            say("cameras: the rig's left one took the first photograph, its right one the second")
            return [rig.left, rig.right]
    if choices.fov_deg is None:
        paths = choices.cameras * 2 if len(choices.cameras) == 1 else choices.cameras
        return [io.read_camera(path, image=image) for path, image in zip(paths, images, strict=True)]
    cameras: list[CameraModel] = []
    for image in images:
        height, width = image.shape[:2]
        # The angle is that of the longer side, however the camera was held.
        f = max(width, height) / 2 / float(np.tan(np.radians(choices.fov_deg) / 2))
        cameras.append(Camera(width=width, height=height, fx=f, fy=f, cx=(width - 1) / 2, cy=(height - 1) / 2))
    return cameras


def _check(choices: Choices) -> None:
    if bool(choices.cameras) == (choices.fov_deg is not None):
        raise ValueError(
            "say which camera: --camera FILE (twice where the cameras differ), or --fov DEGREES for a guess: the angle "
            "along the longer side, about 65 for a phone's main camera"
        )
    if len(choices.cameras) > 2:
        raise ValueError(
            f"--camera was given {len(choices.cameras)} times; once for both photographs, or once for each"
        )
    if choices.fov_deg is not None and not 1 <= choices.fov_deg <= 150:
        raise ValueError(f"--fov is {choices.fov_deg}; it must be degrees between 1 and 150")
    for flag, path, endings in (("--out", choices.out, (".json",)), ("--picture", choices.picture, (".png", ".jpg"))):
        if path is not None and (path.suffix.lower() not in endings or path.is_dir() or not path.parent.is_dir()):
            raise ValueError(
                f"{flag} {path}: it must be a file that ends with {' or '.join(endings)}, in a folder that exists"
            )
