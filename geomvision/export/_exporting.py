"""Export, and the comparison without which no file stays."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..datasets import Synthetic
from ..exported import FileCard, Runner
from ..method import Method
from ..results import Depth, RelativeDepth
from ..stereo._refining import Refining
from . import _forms
from ._plans import ExportError, Size, planned

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The largest difference that a file may have: pixels of disparity and flow, shares of the largest depth.
TOLERANCE = 0.01


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A file that was written, and how far it is from its method."""

    path: Path
    card: FileCard
    size_bytes: int
    #: The largest difference between results of the file and of the method on a rendered scene, by the scene's
    #: (height, width): pixels, or of depth, shares of the largest.
    differences: Mapping[Size, float]

    @property
    def largest(self) -> float:
        """The largest of the differences."""
        return max(self.differences.values())


def export(
    method: Method,
    path: str | os.PathLike[str],
    *,
    to: str | None = None,
    size: Size = (384, 512),
    dynamic: bool = False,
    tolerance: float = TOLERANCE,
) -> Exported:
    """Write the net of a method to a file that is a method by itself, and compare both on a rendered scene.

    Args:
        method: with its options and weights.
        path: of the file: .onnx, .pt2 (torch-export) or .pt (torchscript). One that is there is replaced at the end.
        to: the form, "onnx", "torch-export" or "torchscript"; None takes what the path says.
        size: height and width of images, pixels. Sides become multiples of what the net takes.
        dynamic: images of other sizes, too; the comparison is made at a second size then.
        tolerance: the largest difference allowed, see `TOLERANCE`.

    Raises:
        ExportError: when the method has no such form, or differs by more than allowed; no file is left then.
        BackendError: when the method cannot run here, for want of weights.
        ModuleNotFoundError: without the packages of the form (``pip install 'geomvision[onnx]'``).
    """
    path = Path(path)
    form = _forms.form_of(path, to)
    if min(size) < 16:
        raise ExportError(f"size is {size[0]} x {size[1]}; height and width must be at least 16 pixels")
    if not tolerance >= 0:
        raise ExportError(f"tolerance is {tolerance}; it must be at least 0")
    plan = planned(method, size, dynamic=dynamic)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".export-") as folder:
        passing = Path(folder) / path.name
        _forms.write(plan, passing, form)
        card, runner = _forms.opened(passing)
        sizes = [size]
        if card.size is None:
            every = (size, (size[0] * 3 // 4, size[1] + 40))
            sizes = [(max(rows, card.least), max(columns, card.least)) for rows, columns in every]
        found = {each: difference(method, card, runner, each) for each in sizes}
        if not max(found.values()) <= tolerance:
            told = ", ".join(f"{apart:.3g} at {rows} x {columns}" for (rows, columns), apart in found.items())
            raise ExportError(
                f"{path} would differ from {card.method} by {told}; {tolerance:.3g} is allowed: not written"
            )
        size_bytes = passing.stat().st_size
        passing.replace(path)
    return Exported(path=path, card=card, size_bytes=size_bytes, differences=found)


def difference(method: Method, card: FileCard, runner: Runner, size: Size) -> float:
    """The largest difference of a file's result from its method's, on a scene rendered at this height and width.

    Pixels; of depth, shares of the largest. Infinite where one has an estimate and the other none.
    """
    rows, columns = size
    sample: Any = Synthetic(seed=11, width=columns, height=rows, task=card.task, count=1)[0]
    exact: Any = method.with_options(precision="float32") if isinstance(method, Refining) else method
    wanted, got = _values(exact.on(sample)), _values(_result(card, runner, sample))
    gaps = np.isnan(wanted)
    if wanted.shape != got.shape or not np.array_equal(gaps, np.isnan(got)):
        return float("inf")
    if gaps.all():
        return 0.0
    apart = float(np.abs(wanted - got)[~gaps].max())
    return apart / max(float(np.abs(wanted[~gaps]).max()), 1e-12) if card.task == "depth" else apart


def _result(card: FileCard, runner: Runner, sample: Any) -> Any:
    """What a file says of a sample."""
    if card.task == "stereo":
        from ..stereo._exported import disparity

        return disparity(card, runner, sample.left, sample.right)
    if card.task == "flow":
        from ..flow._exported import flow

        return flow(card, runner, sample.frame0, sample.frame1)
    from ..depth._exported import depth

    return depth(card, runner, sample.image, sample.camera)


def _values(result: Any) -> NDArray[np.float64]:
    if isinstance(result, Depth):
        return result.m.astype(np.float64)
    return np.asarray(result.values if isinstance(result, RelativeDepth) else result.px, np.float64)
