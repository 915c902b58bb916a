"""What rendered scenes can be asked for, checked; and the values a scene draws for its knobs."""

from __future__ import annotations

import math
from dataclasses import Field, dataclass, field, fields
from typing import Any

import numpy as np

from ._layouts import LAYOUTS

Knob = float | tuple[float, float]
TASKS = ("stereo", "flow", "depth", "scene_flow", "pose")


def _limits(low: float, high: float, doc: str) -> dict[str, Any]:
    return {"doc": doc, "low": low, "high": high}


@dataclass(frozen=True, kw_only=True)
class SceneOptions:
    """Options of rendered scenes. A knob is a number, or a pair (low, high) from which each scene draws its own."""

    seed: int = 0
    count: int = 1000
    height: int = 375
    width: int = 450
    #: "stereo", "flow", "depth", "scene_flow" or "pose": which kind of sample indexing yields.
    task: str = "stereo"
    #: "mixed", which is of the first three, or one of "tabletop", "clutter", "street", "room", "road".
    layout: str = "mixed"
    #: No disparity is above this; most scenes fill 40 to 100 % of it.
    max_disparity: int = 64
    #: Pixels at object borders are shaded n x n times.
    supersampling: int = 2
    #: Left and right are exchanged: disparities become negative.
    swapped: bool = False
    #: Depth samples hold the pair that they are the left image of; one view alone renders in less than half the time.
    with_pair: bool = True

    textureless: Knob = field(default=(0.0, 0.25), metadata=_limits(0, 1, "share of surfaces that lose their texture"))
    repetition: Knob = field(
        default=(0.0, 0.15), metadata=_limits(0, 1, "share of surfaces with a strictly periodic texture")
    )
    specular: Knob = field(
        default=(0.0, 0.4), metadata=_limits(0, 1, "share of surfaces with a highlight, which moves with the camera")
    )
    thin_rods: Knob = field(default=0.0, metadata=_limits(0, 100, "thin rods added to the scene"))
    exposure: Knob = field(
        default=(-0.1, 0.1), metadata=_limits(-8, 8, "stops by which the right image, or frame 1, is brighter")
    )
    noise: Knob = field(
        default=(0.2, 1.6), metadata=_limits(0, 64, "standard deviation of the sensor noise in grey levels of 255")
    )
    blur: Knob = field(default=(0.2, 0.6), metadata=_limits(0, 10, "standard deviation of the lens blur in pixels"))
    motion: Knob = field(
        default=(2.0, 20.0), metadata=_limits(0, 200, "about how far camera and objects move between frames, in pixels")
    )
    vertical_misalignment: Knob = field(
        default=0.0, metadata=_limits(-50, 50, "pixels by which the right image lies too low")
    )
    rotation: Knob = field(default=0.0, metadata=_limits(-45, 45, "degrees by which the right camera is rolled"))
    # Each knob draws from the dice after those before it: new ones come last.
    mirrors: Knob = field(default=0.0, metadata=_limits(0, 1, "share of scenes with mirrors or polished surfaces"))
    panes: Knob = field(default=0.0, metadata=_limits(0, 1, "share of scenes with panes of glass"))
    roll: Knob = field(default=0.0, metadata=_limits(-45, 45, "degrees by which the camera, or the rig, is rolled"))

    def __post_init__(self) -> None:
        for name, low in (("seed", 0), ("count", 1), ("height", 16), ("width", 16), ("max_disparity", 4)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
                raise ValueError(f"Synthetic: {name} is {value!r}; it must be an integer of at least {low}")
        for name, allowed in (("task", TASKS), ("layout", ("mixed", *LAYOUTS)), ("supersampling", tuple(range(1, 9)))):
            if getattr(self, name) not in allowed:
                choices = ", ".join(map(repr, allowed))
                raise ValueError(f"Synthetic: {name} is {getattr(self, name)!r}; allowed are {choices}")
        for name in ("swapped", "with_pair"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"Synthetic: {name} is {getattr(self, name)!r}; it must be True or False")
        for knob in knobs():
            self._check_knob(knob)
        self._check_combinations()

    def _check_combinations(self) -> None:
        if self.swapped and not self.with_pair:
            raise ValueError("Synthetic: swapped exchanges the views of a pair; it needs with_pair=True")
        if self.task == "depth" and self.layout == "clutter":
            raise ValueError("Synthetic: the layout 'clutter' has no ground; task 'depth' takes the others")
        if self.task in ("flow", "scene_flow", "pose") and (
            self.swapped or self.vertical_misalignment or self.rotation
        ):
            raise ValueError("Synthetic: swapped, vertical_misalignment and rotation are for stereo pairs only")

    def _check_knob(self, knob: Field[Any]) -> None:
        low, high = knob.metadata["low"], knob.metadata["high"]
        given = getattr(self, knob.name)
        ends = given if isinstance(given, tuple) else (given, given)
        numbers = len(ends) == 2 and all(isinstance(e, int | float) and math.isfinite(e) for e in ends)
        if not numbers or not low <= ends[0] <= ends[1] <= high:
            raise ValueError(
                f"Synthetic: {knob.name} is {given!r}; it must be a number from {low} to {high}, "
                f"or a pair (low, high) of such ({knob.metadata['doc']})"
            )

    def random(self, index: int, stream: int) -> np.random.Generator:
        """Random numbers of scene `index`, independent for each `stream` of use."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([int(self.seed), index, stream])))

    def drawn(self, index: int) -> dict[str, float]:
        """The value each knob has in scene `index`."""
        rng, values = self.random(index, 2), {}
        for knob in knobs():
            given, dice = getattr(self, knob.name), rng.random()
            low, high = given if isinstance(given, tuple) else (given, given)
            values[knob.name] = float(low + dice * (high - low))
        return values


def knobs() -> list[Field[Any]]:
    """The fields that are knobs; their metadata says what they do and their range."""
    return [f for f in fields(SceneOptions) if "doc" in f.metadata]
