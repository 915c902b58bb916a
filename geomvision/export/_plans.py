"""What is exported of a method: its net as a module of tensors alone, and the card of the file."""

from __future__ import annotations

import copy
import hashlib
import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .. import weights as files
from ..depth._learned import FOCAL_PX, LearnedDepth
from ..depth._scaled import ScaledDepth
from ..exported import FileCard
from ..flow._learned import LearnedFlow
from ..learned import Learned, at_least, loaded
from ..licences import licence_of
from ..method import Method
from ..stereo._learned import LearnedStereo, RangedStereo
from ..stereo._refining import Refining, _net

Size = tuple[int, int]
#: Inputs by task; those of a net that refines; and what channels are called, from the first.
INPUTS = {"stereo": ("left", "right"), "flow": ("frame0", "frame1"), "depth": ("image",)}
MATCHED = ("disparity", "confidence")
CHANNELS = {"stereo": ("disparity",), "flow": ("x", "y"), "depth": ("depth",)}


class ExportError(ValueError):
    """A method that cannot be exported so; the message says why and what to do."""


@dataclass(frozen=True)
class Plan:
    """A net to export: from tensors (1, C, H, W) float32 to one (1, K, H, W)."""

    net: nn.Module
    card: FileCard
    #: Height and width of the tensors that it is traced with.
    size: Size

    def examples(self) -> tuple[Tensor, ...]:
        """Tensors of that size."""
        random = torch.Generator().manual_seed(0)
        images = [name for name in self.card.inputs if name not in MATCHED]
        found = [255 * torch.rand((1, 3, *self.size), generator=random) for _ in images]
        if len(images) == len(self.card.inputs):
            return tuple(found)
        return *found, *(torch.rand((1, 1, *self.size), generator=random) for _ in MATCHED)


def unexportable(method: Method, *, dynamic: bool = False) -> str | None:
    """Why a method is not exported, or None where it can be tried."""
    if isinstance(method, Refining):
        return f"{method.name()} counts columns while it is traced: give a size, not dynamic" if dynamic else None
    if not isinstance(method, LearnedStereo | LearnedFlow | LearnedDepth):
        told = "is not one net of ours on images alone"
        return f"{method.task}/{method.name()} {told}: geomvision methods {method.task} tells what it is"
    if getattr(method, "tolerance", 0):
        return f"{method.name()} ends early with tolerance={getattr(method, 'tolerance', 0)}; a file cannot: leave it 0"
    if getattr(method, "mirrored", False):
        return f"{method.name()} looks twice with mirrored=True; a file holds one look: leave it False"
    if dynamic and isinstance(method, ScaledDepth) and getattr(method._loaded(), "stereo", False):
        return f"{method.name()} with these weights knows metres at one size: give a size, not dynamic"
    return None


def planned(method: Method, size: Size, *, dynamic: bool) -> Plan:
    """The net of a method for images of this size, or where dynamic, of any; ExportError where there is none."""
    reason = unexportable(method, dynamic=dynamic)
    if reason is not None:
        raise ExportError(reason)
    method.chosen_backend()  # refuses weights that are not there, or not allowed
    if isinstance(method, Refining):
        return _refining(method, size)
    assert isinstance(method, Learned)
    return _of_images(method, size, dynamic=dynamic)


def _common(method: Any) -> dict[str, Any]:
    """What every card says."""
    from .. import __version__

    licence = licence_of(method.weights)
    return {
        "task": method.task,
        "method": f"{method.task}/{method.name()}",
        "options": method.options(),
        "version": __version__,
        "weights_sha256": hashlib.sha256(files.find(method.weights).read_bytes()).hexdigest(),
        "licence": licence.spdx,
        "commercial_use": licence.commercial_use,
    }


def _refining(method: Refining, size: Size) -> Plan:
    matcher = method.matcher()
    net = _net((method.NET, *method.OTHERS), *files.version(method.weights))
    card = FileCard(
        **_common(method),
        inputs=(*INPUTS["stereo"], *MATCHED),
        levels="any",
        size=size,
        fit="exact",
        matcher={"method": matcher.name(), "options": matcher.options()},
        channels=("disparity", "confidence", "occluded"),
        kind="disparity_px",
        lowest=0.0 if method.min_disparity >= 0 else None,
    )
    return Plan(_Refines(net).eval(), card, size)


def _of_images(method: Learned, size: Size, *, dynamic: bool) -> Plan:
    import numpy as np

    net: Any = loaded(method.net, *files.version(method.weights))
    if hasattr(net, "correlation"):
        net = copy.deepcopy(net)
        net.correlation = "torch"  # one volume and its pyramid: a lookup is a few operators then, not hundreds
    memory: dict[str, Any] = {"camera": None}
    blank = np.zeros((*size, 3), np.uint8)
    (shown, *_) = method._given((blank,) * len(INPUTS[method.task]), memory)
    # Torch takes a size of one unit for a constant: open sizes begin at two.
    least = max(method.net.least, 2 * method.net.stride) if dynamic else method.net.least
    seen = at_least(shown.shape, method.net.stride, least)
    stretched = fixed = False
    if isinstance(method, LearnedDepth):
        fixed = method.seen(100, 1000) == method.seen(1000, 100)
        stretched = fixed or method.side_px > 0
    whole = _OfImages(net, method._arguments(memory)).eval()
    with torch.inference_mode():
        count = whole(*(torch.zeros(1, 3, *seen) for _ in INPUTS[method.task])).shape[1]
    names = CHANNELS[method.task]
    further = ("confidence",) if hasattr(method, "granularity") and count == 2 else ()
    card = FileCard(
        **_common(method),
        inputs=INPUTS[method.task],
        size=None if dynamic and not fixed else seen,
        multiple=method.net.stride,
        least=least,
        fit="stretch" if stretched else "border",
        side_px=getattr(method, "side_px", 0) if stretched else 0,
        channels=(*names, *further, *(f"further {k}" for k in range(count - len(names) - len(further)))),
        **_meant(method, memory, seen),
    )
    return Plan(whole, card, seen)


def _meant(method: Learned, memory: dict[str, Any], seen: Size) -> dict[str, Any]:
    """What the card says of the result."""
    if isinstance(method, LearnedFlow):
        return {"kind": "flow_px"}
    if isinstance(method, RangedStereo):
        above = method.name() == "anynet" and method.min_disparity >= 0
        return {
            "kind": "disparity_px",
            "first_px": memory["searched"].start,
            "lowest": 0.0 if above else None,
        }
    if isinstance(method, LearnedStereo):
        return {"kind": "disparity_px"}
    assert isinstance(method, LearnedDepth)
    scale = 1.0
    inverse = method.name() == "monodepth2"
    if inverse and method._loaded().stereo:  # type: ignore[attr-defined]
        from ..depth.monodepth2 import KITTI_FX, KITTI_FY

        scale = FOCAL_PX / math.sqrt(KITTI_FX * seen[1] * KITTI_FY * seen[0])
    return {"kind": method._said(), "focal_px": FOCAL_PX, "scale": scale, "inverse_resized": inverse}


class _OfImages(nn.Module):
    """The last estimate of a net at full size."""

    def __init__(self, net: Any, arguments: dict[str, Any]) -> None:
        super().__init__()
        self.net, self.arguments = net, arguments

    def forward(self, *images: Tensor) -> Tensor:
        """(B, 3, H, W) each, to (B, K, H, W)."""
        *_, last = self.net.estimates(*images, **self.arguments)
        maps: Tensor = self.net.raised(*last).float()
        return maps


class _Refines(nn.Module):
    """Disparity, confidence and the probability that a pixel is occluded."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, *given: Tensor) -> Tensor:
        """Left, right, disparity and confidence, (B, ·, H, W), to (B, 3, H, W)."""
        refined = self.net(*given)
        return torch.cat([refined.disparity, refined.confidence.sigmoid(), refined.occluded.sigmoid()], dim=1)
