"""The nets of one image that can be taught, and how each is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..depth import METHODS
from ..depth._learned import METRIC, LearnedDepth
from ._recipe_checks import made
from ._taught import TaughtNet

#: A net of any size of images still sees no scene in fewer pixels.
LEAST = 32


@dataclass(frozen=True, kw_only=True)
class MonoNet(TaughtNet):
    """A net of depth from one image that can be taught, and is called as its method calls it."""

    #: Of a `RelativeDepth`, or "metric".
    kind: str
    #: Height and width that it takes, where it takes but one size.
    size: tuple[int, int] | None = None

    @classmethod
    def of(cls, name: str, network: Mapping[str, Any] | None = None) -> MonoNet:
        """The net of a method, as "mono_small". ValueError where the method has none.

        `network` are its arguments: of some nets, they decide whether it says metres.
        """
        method: Any = METHODS[name]
        if not issubclass(method, LearnedDepth):
            raise ValueError(f"depth/{name} has no net that learns from images")
        net = method.net
        make: type[nn.Module] = getattr(importlib.import_module(f"geomvision.nets.{net.module}"), net.name)
        kind = METRIC if network is not None and _says_metres(make, network) else method.kind
        return cls(make=make, stride=net.stride, least=max(net.least, LEAST), kind=kind, size=method.size)

    @property
    def metric(self) -> bool:
        """Whether it says metres, of the canonical camera (`LearnedDepth`)."""
        return self.kind == METRIC

    def __call__(self, net: nn.Module, image: Tensor, *told: Tensor) -> Tensor:
        """The last estimate (B, 1, H, W) of images (B, 3, H, W), 0 … 255, of any size that its method would show it.

        `told` is what is known of depth, where the net takes it (`depth._told`), of a size that the net takes.
        """
        height, width = image.shape[2:]
        taught: Any = net
        *_, last = taught.estimates(self.fitted(image), *told)
        raised: Tensor = taught.raised(*last)
        return raised[:, :1, :height, :width].float()


def _says_metres(make: type[nn.Module], network: Mapping[str, Any]) -> bool:
    """Whether a net of these arguments says that it does."""
    with torch.device("meta"):
        return bool(getattr(made(make, network), "metric", False))
