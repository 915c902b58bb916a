"""Rendered scenes with exact truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from ..cameras import Camera, StereoRig, inverse, pose
from ..images import Mask
from ..results import Disparity
from ._layouts import LAYOUTS, add_rods
from ._render import SKY, Hits, Sight, View, first_hits, namespace, occlusion, transfer
from ._scene import PERIODIC, POOR, Builder, Scene, rotation
from ._shade import blurred, exposed, radiance
from ..samples import StereoSample

Knob = float | tuple[float, float]


def _knob(default: Knob, doc: str, low: float, high: float) -> Any:
    return field(default=default, metadata={"doc": doc, "low": low, "high": high})


@dataclass(frozen=True, kw_only=True)
class Synthetic:
    """Ray-cast scenes: ``Synthetic(seed=7)[0]`` is a stereo pair whose disparity is known at every pixel.

    The same seed, index and options give the same bytes on every machine and in every process. Truth is that of
    the exact ray through each pixel centre; pictures are anti-aliased. A knob is a number, or a pair (low, high)
    from which each scene draws its own value.
    """

    seed: int = 0
    count: int = 1000
    height: int = 375
    width: int = 450
    #: "mixed" or one of "tabletop", "clutter", "street".
    layout: str = "mixed"
    #: Every disparity is below this; scenes fill 40 to 100 % of it.
    max_disparity: int = 64
    #: Pixels at object borders are shaded n x n times.
    supersampling: int = 2

    textureless: Knob = _knob((0.0, 0.35), "share of surfaces without texture", 0, 1)
    repetition: Knob = _knob((0.0, 0.15), "share of surfaces with a strictly periodic texture", 0, 1)
    specular: Knob = _knob((0.0, 0.4), "share of surfaces with a highlight, which moves with the camera", 0, 1)
    thin_rods: Knob = _knob(0.0, "thin rods added to the scene", 0, 100)
    exposure: Knob = _knob((-0.1, 0.1), "stops by which the right image is brighter", -4, 4)
    noise: Knob = _knob((0.2, 1.6), "standard deviation of the sensor noise in grey levels of 255", 0, 64)
    blur: Knob = _knob((0.3, 0.7), "standard deviation of the lens blur in pixels", 0, 10)
    vertical_misalignment: Knob = _knob(0.0, "pixels by which the right image lies too low", -50, 50)
    rotation: Knob = _knob(0.0, "degrees by which the right camera is rolled", -45, 45)
    #: Left and right are exchanged: disparities become negative.
    swapped: bool = False

    def __post_init__(self) -> None:
        for name, low in (("seed", 0), ("count", 1), ("height", 16), ("width", 16), ("max_disparity", 4)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
                raise ValueError(f"Synthetic: {name} is {value!r}; it must be an integer of at least {low}")
        if self.layout not in ("mixed", *LAYOUTS):
            raise ValueError(
                f"Synthetic: layout is {self.layout!r}; allowed are 'mixed', {', '.join(map(repr, LAYOUTS))}"
            )
        if self.supersampling not in range(1, 9):
            raise ValueError(f"Synthetic: supersampling is {self.supersampling!r}; it must be an integer from 1 to 8")
        for knob in self._knobs():
            low, high = knob.metadata["low"], knob.metadata["high"]
            given = getattr(self, knob.name)
            ends = given if isinstance(given, tuple) else (given, given)
            if len(ends) != 2 or not all(low <= end <= high for end in ends) or ends[0] > ends[1]:
                raise ValueError(
                    f"Synthetic: {knob.name} is {given!r}; it must be a number from {low} to {high}, "
                    f"or a pair (low, high) of such ({knob.metadata['doc']})"
                )

    @classmethod
    def _knobs(cls) -> list[Any]:
        return [f for f in fields(cls) if "doc" in f.metadata]

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[StereoSample]:
        return (self[index] for index in range(self.count))

    def __getitem__(self, index: int) -> StereoSample:
        if not -self.count <= index < self.count:
            raise IndexError(f"index {index} is outside a data set of {self.count} scenes")
        index = int(index) % self.count
        shot = self._shot(namespace("numpy"), index, "cpu")
        left = shot.hits[0]
        names = [shot.scene.objects[k].name for k in range(len(shot.scene.objects))]
        return StereoSample(
            name=f"synthetic-{self.seed}-{index}",
            left=shot.images[0].astype(np.uint8),
            right=shot.images[1].astype(np.uint8),
            rig=shot.rig,
            disparity=Disparity(px=shot.disparity[0], occluded=shot.occluded[0]),
            disparity_right=Disparity(px=shot.disparity[1], occluded=shot.occluded[1]),
            occluded=shot.occluded[0],
            max_disparity=self.max_disparity,
            masks=_masks(shot.scene, left.index, names),
        )

    def batch(self, indices: Sequence[int], device: Any = "cpu") -> dict[str, Any]:
        """Scenes as torch tensors on `device`: numpy renders for the CPU, torch for any other device.

        Returns ``left``, ``right`` float32 (B, 3, H, W) in [0, 1], ``disparity`` float32 (B, H, W) in pixels and
        ``occluded`` bool (B, H, W), of the left view.
        """
        import torch

        on_cpu = torch.device(device).type == "cpu"
        xp = namespace("numpy" if on_cpu else "torch")
        shots = [self._shot(xp, int(index) % self.count, device) for index in indices]

        def stacked(maps: list[Any]) -> Any:
            return torch.stack([torch.as_tensor(m, device=device) for m in maps])

        return {
            "left": stacked([s.images[0] for s in shots]).permute(0, 3, 1, 2).float() / 255.0,
            "right": stacked([s.images[1] for s in shots]).permute(0, 3, 1, 2).float() / 255.0,
            "disparity": stacked([s.disparity[0] for s in shots]).float(),
            "occluded": stacked([s.occluded[0] for s in shots]),
        }

    def scene(self, index: int) -> tuple[Scene, list[View], StereoRig]:
        """The scene behind sample `index`, its two views and their rig."""
        knobs, rng = self._drawn(index), self._random(index, 0)
        layout = self.layout if self.layout != "mixed" else str(rng.choice(list(LAYOUTS), p=[0.45, 0.25, 0.3]))
        focal = self.width * float(np.round(rng.uniform(*((0.55, 0.95) if layout == "street" else (0.8, 1.5))), 6))
        camera = Camera(
            width=self.width,
            height=self.height,
            fx=focal,
            fy=focal,
            cx=0.5 * self.width - 0.5,
            cy=0.5 * self.height - 0.5,
        )
        baseline = 0.54 if layout == "street" else float(np.round(rng.uniform(0.08, 0.25), 4))
        largest = self.max_disparity * float(rng.uniform(0.4, 1.0))
        builder = Builder(rng, camera, focal * baseline, knobs)
        scene = LAYOUTS[layout](builder, largest)
        if knobs["thin_rods"] >= 1:
            add_rods(builder, inverse(scene.T_camera_world), round(knobs["thin_rods"]), 0.2 * largest, largest)
            scene = replace(scene, objects=tuple(builder.objects))
        rig = StereoRig.rectified(camera, baseline)
        roll = pose(rotation(rz=knobs["rotation"]))
        faulty = replace(rig.right, cy=rig.right.cy + knobs["vertical_misalignment"])
        views = [View(rig.left, scene.T_camera_world), View(faulty, roll @ rig.T_right_left @ scene.T_camera_world)]
        if self.swapped:
            rig = StereoRig(left=rig.right, right=rig.left, T_right_left=inverse(rig.T_right_left))
            views.reverse()
        return scene, views, rig

    def _shot(self, xp: Any, index: int, device: Any) -> _Shot:
        scene, views, rig = self.scene(index)
        sights = [Sight(scene, view) for view in views]
        hits = [first_hits(xp, sight, device) for sight in sights]
        disparity, occluded = [], []
        for sign, (here, there), seen in zip((1.0, -1.0), (sights, sights[::-1]), hits, strict=True):
            x, y, q = transfer(xp, here, there, seen)
            column = xp.arange(self.width, dtype=xp.float64, device=device)[None, :]
            disparity.append((column - x) * sign)
            occluded.append(occlusion(xp, there, x, y, q))
        linear = radiance(xp, sights, hits, self.supersampling)
        return _Shot(scene, rig, hits, self._sensor(xp, linear, index, device), disparity, occluded)

    def _sensor(self, xp: Any, linear: list[Any], index: int, device: Any) -> list[Any]:
        """Lens and sensor: what the two cameras make of the light. Values are whole grey levels, float32."""
        knobs, rng = self._drawn(index), self._random(index, 1)
        gain, images = float(np.round(2.0 ** rng.uniform(-0.7, 0.9), 6)), []
        for side, image in enumerate(linear):
            right = side == (0 if self.swapped else 1)
            stops = knobs["exposure"] if right else 0.0
            grain = None
            if knobs["noise"] > 0:
                drawn = rng.standard_normal(tuple(image.shape), dtype=np.float32) * np.float32(knobs["noise"])
                grain = xp.asarray(drawn, device=device)
            factor = gain * float(np.round(2.0**stops, 9))
            images.append(exposed(xp, blurred(xp, image, knobs["blur"]), factor, grain))
        return images

    def _random(self, index: int, stream: int) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, index, stream])))

    def _drawn(self, index: int) -> dict[str, float]:
        """The value each knob has in scene `index`."""
        rng, values = self._random(index, 2), {}
        for knob in self._knobs():
            given, dice = getattr(self, knob.name), rng.random()
            low, high = given if isinstance(given, tuple) else (given, given)
            values[knob.name] = float(low + dice * (high - low))
        return values


@dataclass(frozen=True, eq=False)
class _Shot:
    """Everything about a rendered pair; maps for the left and the right view."""

    scene: Scene
    rig: StereoRig
    hits: list[Hits]
    images: list[Any]
    disparity: list[Any]
    occluded: list[Any]


def _masks(scene: Scene, index: np.ndarray, names: list[str]) -> Mapping[str, Mask]:
    """Visible regions by object name, and by what makes them hard."""
    shown = np.unique(index)
    kinds: dict[str, list[int]] = {"sky": [SKY]}
    for k in shown[shown >= 0]:
        material = scene.objects[k].material
        kinds.setdefault(names[k], []).append(k)
        for label, applies in (
            ("textureless", material.kind in POOR),
            ("repetitive", material.kind in PERIODIC),
            ("specular", material.gloss > 0),
            ("thin", names[k].startswith("rod")),
        ):
            if applies:
                kinds.setdefault(label, []).append(k)
    masks = {}
    for label, members in kinds.items():
        chosen = np.zeros(len(names) + 1, dtype=bool)  # SKY = -1 is the last
        chosen[members] = True
        masks[label] = chosen[index]
    return {label: mask for label, mask in masks.items() if mask.any()}
