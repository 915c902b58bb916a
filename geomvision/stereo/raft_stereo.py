"""RAFT-Stereo: all columns of a row compared, looked up again and again by recurrent units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..images import ImageError, as_pair
from ..learned import Net
from ..method import option
from ..results import Disparity
from ._learned import LearnedStereo


@dataclass(frozen=True, kw_only=True)
class RAFTStereo(LearnedStereo):
    """RAFT-Stereo, 11.1 million parameters (Lipson, Teed & Deng, 3DV 2021).

    There is no range to choose: a pixel is compared with its whole row, so that disparities may be as large as the
    image is wide, and negative where points appear so. Correlations are computed where they are looked up; no volume
    is held. Weights of the authors (keys ``module.cnet.conv1.weight`` …) are taken by path. The result is dense,
    without confidence.
    """

    net = Net(
        "raft_stereo",
        "RAFTStereo",
        32,
        64,
        public="public_raft_stereo.raft_stereo",
        origin="princeton-vl/RAFT-Stereo (raftstereo-sceneflow.pth …)",
    )

    weights: str = option(
        "raft_stereo", "name of shipped weights, or path of a .safetensors file with its card or of a .pth"
    )
    iterations: int = option(32, "of the recurrent units", minimum=1, maximum=1000)
    tolerance: float = option(
        0.0,
        "end before when an iteration changes nothing by more; 0 never does",
        unit="px",
        minimum=0,
        maximum=1e4,
    )

    def along(self, pairs: Iterable[tuple[Any, Any]]) -> Iterator[Disparity]:
        """Disparities of a clip's pairs (left, right), each estimate begun from the one before: a warm start.

        Raises:
            ImageError: when images are none, or differ in size or dtype, within a pair or from the pair before.
        """
        memory: dict[str, Any] = {}
        before: tuple[int, ...] = ()
        for left, right in pairs:
            pair = as_pair(left, right)
            size = pair[0].shape[:2]
            if before not in ((), size):
                raise ImageError(f"a pair is {size[1]}x{size[0]} pixels, the one before {before[1]}x{before[0]}")
            before = size
            disparity: Disparity = self.execute(*pair, memory)
            yield disparity

    def _arguments(self, memory: dict[str, Any]) -> dict[str, Any]:
        return {"iterations": self.iterations, "tolerance": self.tolerance, "initial": memory.get("coarse")}
