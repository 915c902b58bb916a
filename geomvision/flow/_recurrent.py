"""What RAFT and RAFT-S share in use: iterations, an early end, and clips whose frames begin where the last ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..images import as_pair
from ..method import option
from ..results import Flow
from ._learned import LearnedFlow

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class RecurrentFlow(LearnedFlow):
    """Flow by a recurrent unit."""

    iterations: int = option(12, "of the recurrent unit", minimum=1, maximum=1000)
    tolerance: float = option(
        0.0, "end before when an iteration changes no flow by more; 0 never does", unit="px", minimum=0, maximum=1e4
    )

    def along(self, frames: Iterable[Any]) -> Iterator[Flow]:
        """Flow of each frame of a clip to the next, each estimate begun from the one before, carried along itself.

        A warm start (Teed & Deng, ECCV 2020, section 3.3): the coarse flow is splatted forward, holes take the nearest.

        Raises:
            ImageError: when frames are no images, or differ in size or dtype.
        """
        memory: dict[str, Any] = {}
        before = None
        for frame in frames:
            if before is not None:
                pair = as_pair(before, frame, ("a frame", "the next"))
                flow: Flow = self.execute(*pair, memory)
                yield flow
            before = frame

    def _arguments(self, memory: dict[str, Any]) -> dict[str, Any]:
        last = memory.get("coarse")
        initial = None if last is None else carried(last)
        return {"iterations": self.iterations, "tolerance": self.tolerance, "initial": initial}


def carried(flow: Tensor) -> Tensor:
    """The flow (1, 2, h, w) where it leads to: the mean of what lands on a pixel, the nearest where nothing does."""
    import torch
    from scipy import ndimage

    from .. import ops

    field = np.ascontiguousarray(flow[0].permute(1, 2, 0).numpy())
    landed = ops.splat(field, field, mode="average")
    empty = np.isnan(landed).any(axis=2)
    if empty.all():
        return torch.zeros_like(flow)
    nearest = ndimage.distance_transform_edt(empty, return_distances=False, return_indices=True)
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(landed[tuple(nearest)], 2, 0)[None]))
