"""The lens models calibration can estimate, and a camera of each to start from for a field of view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from ...cameras import Camera, CameraModel, ExtendedUnifiedCamera, KannalaBrandt, UnifiedCamera

Start = tuple[float, float, float, float]


@dataclass(frozen=True)
class LensModel:
    """A model by name: `make` builds it from a size, (fx, fy, cx, cy) and a shape; `radius` is its r(θ) for f = 1.

    `shapes` and `views_deg` (diagonal fields of view) are what the search starts from.
    """

    make: Callable[[int, int, Start, float], CameraModel]
    radius: Callable[[float, float], float]
    shapes: tuple[float, ...] = (0.0,)
    views_deg: tuple[float, ...] = (4.0, 10.0, 20.0, 40.0, 60.0, 80.0, 100.0, 120.0)
    perspective: bool = False

    def starts(self, width: int, height: int, known: Start | None = None) -> list[CameraModel]:
        """Cameras over the model's fields of view; one with the intrinsics `known` first."""
        half = float(np.hypot(width, height)) / 2
        found = [] if known is None else [self.make(width, height, known, self.shapes[0])]
        for shape, view in product(self.shapes, self.views_deg):
            f = half / self.radius(np.radians(view) / 2, shape)
            found.append(self.make(width, height, (f, f, (width - 1) / 2, (height - 1) / 2), shape))
        return found


def _brown(count: int) -> LensModel:
    def make(width: int, height: int, start: Start, _: float) -> CameraModel:
        fx, fy, cx, cy = start
        return Camera(width=width, height=height, fx=fx, fy=fy, cx=cx, cy=cy, distortion=(0.0,) * count)

    return LensModel(make, lambda angle, _: float(np.tan(angle)), perspective=True)


def _fisheye(width: int, height: int, start: Start, _: float) -> CameraModel:
    fx, fy, cx, cy = start
    return KannalaBrandt(width=width, height=height, fx=fx, fy=fy, cx=cx, cy=cy)


def _unified(width: int, height: int, start: Start, alpha: float) -> CameraModel:
    fx, fy, cx, cy = start
    return UnifiedCamera(width=width, height=height, fx=fx, fy=fy, cx=cx, cy=cy, alpha=alpha)


def _mei(width: int, height: int, start: Start, alpha: float) -> CameraModel:
    fx, fy, cx, cy = start
    distortion = (0.0,) * 4
    return UnifiedCamera(width=width, height=height, fx=fx, fy=fy, cx=cx, cy=cy, alpha=alpha, distortion=distortion)


def _extended(width: int, height: int, start: Start, alpha: float) -> CameraModel:
    fx, fy, cx, cy = start
    return ExtendedUnifiedCamera(width=width, height=height, fx=fx, fy=fy, cx=cx, cy=cy, alpha=alpha)


def _unified_radius(angle: float, alpha: float) -> float:
    return float(np.sin(angle) / (alpha + (1 - alpha) * np.cos(angle)))


#: Fields of view and sphere positions that wide-angle lenses have.
WIDE_DEG = (60.0, 90.0, 120.0, 150.0, 180.0, 220.0)
ALPHAS = (0.35, 0.6)

#: Names for `calibrate(model=…)`.
MODELS: dict[str, LensModel] = {
    "pinhole": _brown(0),
    "brown4": _brown(4),
    "brown5": _brown(5),
    "brown8": _brown(8),
    "brown12": _brown(12),
    "brown14": _brown(14),
    "fisheye": LensModel(_fisheye, lambda angle, _: angle, views_deg=WIDE_DEG),
    "ucm": LensModel(_unified, _unified_radius, ALPHAS, WIDE_DEG),
    "mei": LensModel(_mei, _unified_radius, ALPHAS, WIDE_DEG),
    "eucm": LensModel(_extended, _unified_radius, ALPHAS, WIDE_DEG),
}


def lens_model(name: str) -> LensModel:
    """The model of a name. ValueError lists the names."""
    if name not in MODELS:
        raise ValueError(f"model is {name!r}; allowed are {', '.join(MODELS)}")
    return MODELS[name]
