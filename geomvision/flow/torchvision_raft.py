"""torchvision's RAFT, as a peer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from ..images import Image
from ..method import backend, option
from ..results import Flow
from ..weights import loaded_by
from ._adapted import AdaptedFlow

if TYPE_CHECKING:
    from torch import Tensor

#: torchvision's enumeration of weights, by model.
WEIGHTS = {"raft_large": "Raft_Large_Weights", "raft_small": "Raft_Small_Weights"}


@dataclass(frozen=True, kw_only=True)
class TorchvisionRAFT(AdaptedFlow):
    """`torchvision.models.optical_flow`: RAFT and RAFT-S (Teed & Deng, ECCV 2020) with torchvision's weights.

    Weights are named as there: "C_T_V2", "C_T_SKHT_V2" … or "DEFAULT". The border is repeated up to sides that are
    multiples of 8, at least 128.
    """

    package: ClassVar[str] = "torchvision"
    stride: ClassVar[int] = 8

    model: str = option("raft_large", "RAFT, or RAFT-S", choices=tuple(WEIGHTS))
    iterations: int = option(12, "of the recurrent unit", minimum=1, maximum=1000)

    @backend("torchvision", requires="torchvision", extra="torchvision")
    def _torchvision(self, frame0: Image, frame1: Image) -> Flow:
        return self._call(frame0, frame1)

    def _estimates(self, *images: Tensor) -> list[Tensor]:
        net = _net(self.model, *self._named())
        scaled = ((image / 255 - 0.5) / 0.5 for image in images)
        estimates: list[Tensor] = net(*scaled, num_flow_updates=self.iterations)
        return estimates


@lru_cache(maxsize=2)
def _net(model: str, weights: str, written_ns: int) -> Any:
    from torchvision.models import optical_flow

    from .. import weights as files

    known = getattr(optical_flow, WEIGHTS[model])
    with loaded_by("torchvision", f"{model} with weights {weights!r}"):
        if written_ns:
            net = getattr(optical_flow, model)(weights=None)
            net.load_state_dict(files.load_torch(weights), strict=True)
        elif weights not in known.__members__:
            raise ValueError(f"it is no file, and torchvision knows {', '.join(known.__members__)}")
        else:
            net = getattr(optical_flow, model)(weights=known[weights], progress=False)
    return net.eval()
