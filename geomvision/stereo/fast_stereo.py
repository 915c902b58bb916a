"""Semi-global matching, then a small net that goes on matching with features of its own."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import without_weights
from ..method import option
from .refined_sgm import RefinedSGM


@dataclass(frozen=True, kw_only=True)
class FastStereo(RefinedSGM):
    """SGM refined by a net of 0.8 M parameters that matches again, too (`geomvision.nets.fast_stereo`).

    At a quarter of the size learned features are compared along the row around the estimate so far, and a recurrent
    unit corrects it a few times (Lipson, Teed & Deng, 3DV 2021). All else is as in `refined_sgm`: every pixel gets an
    estimate, `confidence` is the probability that it is less than one pixel off, and the net saw rendered scenes only.
    """

    NET = ("fast_stereo", "FastStereo")

    weights: str = option("fast_stereo", "name of shipped weights, or path of a .safetensors file with its card")

    def refusal(self, name: str) -> str | None:
        """Without weights nothing runs."""
        return without_weights(self.weights) or super().refusal(name)
