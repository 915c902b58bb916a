"""What the models share that have Brown's distortion on their plane."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import numbers
from ._base import Array
from ._brown import NAMES, Brown
from ._focal import QUARTER


def as_coefficients(distortion: ArrayLike) -> tuple[float, ...]:
    """Coefficients as numbers; a row or a column of them, as OpenCV has it, will do."""
    given = numbers("", "distortion", distortion)
    if given.size != max((*given.shape, 0 if given.ndim else 1)) or given.ndim > 2 or given.ndim == 0:
        raise ValueError(f"distortion has shape {given.shape}; it must be a list, a row or a column of coefficients")
    return tuple(float(v) for v in given.ravel())


class Distorted:
    """A model with a field `distortion`, kept as given: its length says what is estimated."""

    distortion: tuple[float, ...]

    def _check_distortion(self, counts: tuple[int, ...]) -> None:
        object.__setattr__(self, "distortion", as_coefficients(self.distortion))
        if len(self.distortion) not in counts:
            allowed = ", ".join(map(str, counts))
            names = " ".join(NAMES[: counts[-1]])
            raise ValueError(
                f"{len(self.distortion)} distortion coefficients were given; allowed are {allowed}: {names}"
            )
        if not all(np.isfinite(self.distortion)):
            raise ValueError(f"distortion must be finite, given {self.distortion}")
        if any(abs(v) >= np.pi / 2 for v in self.distortion[12:]):
            raise ValueError(f"the sensor's tilt is {self.distortion[12:]}; it must be within ±π/2 radians")

    @property
    def is_distorted(self) -> bool:
        """Whether any distortion coefficient differs from zero."""
        return any(self.distortion)

    @property
    def distortion_limit(self) -> float:
        """The radius on the undistorted plane up to which the model sees: there distortion may fold the image over."""
        return self._brown.limit if self.is_distorted else float("inf")

    @property
    def distortion_table(self) -> tuple[Array, Array]:
        """Radii up to the limit and what radial distortion makes of them, growing (1025,)."""
        return self._brown.table

    @cached_property
    def _brown(self) -> Brown:
        return Brown(self.distortion + (0.0,) * (14 - len(self.distortion)))

    def _bent(self, plane: Array) -> Array:
        return self._brown(plane) if self.is_distorted else plane

    def _bent_jacobians(self, plane: Array, by_point: Array, by_shape: Array) -> tuple[Array, Array, Array]:
        """The distorted plane, by the points, and by the model's own numbers and then the coefficients."""
        if not self.distortion:
            return plane, by_point, by_shape
        moved, by_plane, by_all = self._brown.derivatives(plane)
        by_coefficients = by_all[..., : len(self.distortion)]
        return moved, by_plane @ by_point, np.concatenate([by_plane @ by_shape, by_coefficients], axis=-1)

    def _straight(self, plane: Array) -> Array:
        return self._brown.inverse(plane) if self.is_distorted else plane

    @property
    def _coefficients(self) -> dict[str, float]:
        return dict(zip(NAMES, self.distortion, strict=False))

    def _turned(self, quarter_turns: int) -> dict[str, Any]:
        """Tangential and prism terms are vectors (p2, p1), (s1, s3), (s2, s4) and turn with the frame."""
        d = list(self._brown.coefficients)
        if quarter_turns % 2 and d[12] and d[13]:
            raise ValueError("a sensor tilted about both axes has no such model after a quarter turn; turn by two")
        turn = np.linalg.matrix_power(QUARTER[:2, :2], quarter_turns)
        for x, y in ((3, 2), (8, 10), (9, 11), (12, 13)):
            d[x], d[y] = (float(v) for v in turn @ (d[x], d[y]))
        return {"distortion": tuple(v + 0.0 for v in d[: len(self.distortion)])}
