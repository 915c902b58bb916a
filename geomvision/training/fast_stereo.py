"""What `fast_stereo` learns: as `refined_sgm`, from whose weights it begins."""

from __future__ import annotations

from torch import nn

from .. import weights
from ..nets.fast_stereo import FastStereo
from . import refined_sgm
from .recipe import StereoRecipe


class Task(refined_sgm.Task):
    """Net, loss and scores of one training."""

    name = "fast_stereo"
    method = "stereo/fast_stereo"
    network = "geomvision.nets.fast_stereo.FastStereo"
    recipe: StereoRecipe

    def net(self) -> nn.Module:
        """The net with its first weights: those of the recipe's refiner, where it names one, and new ones beside them.

        Raises WeightsError when that refiner has other weights than the net.
        """
        net = FastStereo(**self.recipe.network)
        if self.recipe.refiner:
            state, card = weights.load(self.recipe.refiner)
            weights.put_into(net, net.state_dict() | state, card)
        return net

    @property
    def training_data(self) -> str:
        """What was learnt from."""
        if not self.recipe.refiner:
            return super().training_data
        before = weights.load(self.recipe.refiner)[1].training_data
        return f"{super().training_data}; the refiner's weights before: {before}"
