"""A dense prediction transformer small enough to train at home (after Ranftl et al., ICCV 2021)."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ._learned import LearnedDepth


@dataclass(frozen=True, kw_only=True)
class DPTSmall(LearnedDepth):
    """Inverse depth of one image up to an unknown scale and shift, by a vision transformer.

    `geomvision.nets.dpt` is of any size; weights say which they are of. A transformer of so few images knows less of
    them than a convolutional net does. No weights ship with this package.
    """

    net = Net("dpt", "DPT", 32, 32)
    kind = "disparity_affine"
