"""Which cue does a depth method use? One cue of a rendered object is changed, and the answer is plotted.

After van Dijk and de Croon (How Do Neural Networks See Depth in Single Images?, ICCV 2019), who moved and scaled pasted
cars; here the scene is rendered, so that every cue is exact and the truth is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..cameras import Array
from ..datasets._probe_scene import ProbeScene
from ..images import Image
from ..results import Depth
from ..samples import DepthSample

if TYPE_CHECKING:
    from ..depth._base import DepthMethod


@dataclass(frozen=True, kw_only=True)
class Cue:
    """What is set (a field of the scene), to which values, and what it means."""

    field: str
    values: tuple[float, ...]
    doc: str
    unit: str = ""


CUES: dict[str, Cue] = {
    "distance": Cue(
        field="distance_m", values=(7, 9, 12, 16, 21), unit="m", doc="the object drives away: all cues agree"
    ),
    "position": Cue(
        field="lift_m", values=(0, 0.15, 0.3, 0.45, 0.6), unit="m", doc="it floats: higher up in the image, of one size"
    ),
    "size": Cue(
        field="scale", values=(0.6, 0.8, 1, 1.25, 1.6), unit="times", doc="it grows where it stands: its foot stays"
    ),
    "colour": Cue(field="paint", values=(0, 1, 2, 3, 4), doc="it is painted anew"),
    "shadow": Cue(field="shadow", values=(1, 0), doc="it throws a shadow, or none"),
    "pitch": Cue(
        field="pitch_deg", values=(-3, -1.5, 0, 1.5, 3), unit="°", doc="the camera looks down: the horizon moves up"
    ),
    "roll": Cue(field="roll_deg", values=(-10, -5, 0, 5, 10), unit="°", doc="the camera is rolled"),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Response:
    """What a method says of the object while one cue changes; arrays are (N,), one value for each setting.

    `found_m` is the median depth over the object, NaN where the method gave none; `truth_m` the same of the truth;
    `cue_m` the depth that the cue alone would tell: by the row of the foot, by the size, or by a horizon that does
    not move; NaN where the cue tells no depth (colour, shadow, roll).
    """

    method: str
    cue: str
    settings: Array
    found_m: Array
    truth_m: Array
    cue_m: Array
    images: tuple[Image, ...] = ()

    @property
    def share(self) -> float:
        """How far the method follows the cue: the slope of ln found over ln cue; 0 not at all, 1 wholly.

        NaN where the cue tells no depth, or fewer than two answers are known.
        """
        known = np.isfinite(self.found_m) & np.isfinite(self.cue_m)
        if known.sum() < 2 or np.ptp(self.cue_m[known]) == 0:
            return float("nan")
        x, y = np.log(self.cue_m[known]), np.log(self.found_m[known])
        x = x - x.mean()
        return float(x @ y / (x @ x))

    @property
    def spread(self) -> float:
        """Largest over smallest answer, less 1, after division by the truth: 0 for a method that does not respond."""
        ratio = (self.found_m / self.truth_m)[np.isfinite(self.found_m)]
        return float(ratio.max() / ratio.min() - 1.0) if ratio.size else float("nan")


def probe(method: DepthMethod, cue: str, scene: ProbeScene | None = None) -> Response:
    """The response of a method to one cue of a rendered object.

    Relative depth is aligned to the truth of everything but the object, picture by picture.

    Args:
        method: any depth method that runs on one image; it is called by `on`.
        cue: a name of `CUES`.
        scene: what stays as it is; the default is a car 12 m ahead.

    Raises:
        ValueError: for another cue, or a method that needs more than the sample holds.
    """
    if cue not in CUES:
        raise ValueError(f"cue is {cue!r}; allowed are {', '.join(CUES)}")
    base, chosen = ProbeScene() if scene is None else scene, CUES[cue]
    found, truth, told, images = [], [], [], []
    for value in chosen.values:
        kind = type(getattr(base, chosen.field))
        varied = replace(base, **{chosen.field: kind(value)})
        sample = varied.sample()
        if "object" not in sample.masks:
            raise ValueError(f"the object is out of the picture with {chosen.field} = {value}")
        mask = sample.masks["object"]
        assert sample.depth is not None
        found.append(_median(_metres(method, sample)[mask]))
        truth.append(_median(np.asarray(sample.depth.m[mask], np.float64)))
        told.append(_told(cue, varied, sample, truth[-1] - varied.distance_m))
        images.append(sample.image)
    settings, found_m, truth_m, cue_m = (np.asarray(v, np.float64) for v in (chosen.values, found, truth, told))
    return Response(
        method=method.name(), cue=cue, settings=settings, found_m=found_m, truth_m=truth_m, cue_m=cue_m,
        images=tuple(images),
    )  # fmt: skip


def probes(method: DepthMethod, cues: Sequence[str] = tuple(CUES), scene: ProbeScene | None = None) -> list[Response]:
    """The responses to several cues; see `probe`."""
    return [probe(method, cue, scene) for cue in cues]


def _median(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")


def _metres(method: DepthMethod, sample: DepthSample) -> Array:
    estimate = method.on(replace(sample, depth=None))
    if isinstance(estimate, Depth):
        return np.asarray(estimate.m, np.float64)
    assert sample.depth is not None
    rest = np.where(sample.masks["object"], np.nan, sample.depth.m)
    return np.asarray(estimate.align_to(Depth(m=rest)).m, np.float64)


def _told(cue: str, scene: ProbeScene, sample: DepthSample, behind: float) -> float:
    """Depth by the cue alone; `behind` is how far the object's median depth lies behind its rear."""
    camera = sample.camera
    assert camera is not None
    ray = (scene.camera_height_m - scene.lift_m) / scene.distance_m  # of the rear's foot, for a level camera
    if cue == "distance":
        return scene.distance_m + behind
    if cue == "position":
        return scene.camera_height_m / ray + behind
    if cue == "size":
        return (scene.distance_m + behind) / scene.scale
    if cue == "pitch":
        pitch = np.radians(scene.pitch_deg)
        row = camera.cy + camera.fy * np.tan(np.arctan(ray) - pitch)
        below = (row - camera.cy) / camera.fy
        return float(scene.camera_height_m / below + behind) if below > 0 else float("nan")
    return float("nan")
