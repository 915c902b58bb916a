"""A small net of relative depth from one image, trained on rendered scenes alone."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ..method import option
from ._learned import LearnedDepth


@dataclass(frozen=True, kw_only=True)
class MonoSmall(LearnedDepth):
    """Depth of one image up to an unknown scale (`geomvision.nets.mono_small`).

    Trained with the scale-invariant error of Eigen et al. (NeurIPS 2014) on rendered rooms, tables and roads alone.
    `RelativeDepth.align_to` makes metres of it. It knows what our renderer shows: faces of things, floors, walls, what
    stands on what. People, plants, mirrors, pictures on walls and views straight down fool it.
    """

    net = Net("mono_small", "MonoSmall", 32, 32)
    kind = "depth_scale"

    weights: str = option("mono_small", "name of shipped weights, or path of a .safetensors file with its card")
