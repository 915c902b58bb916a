"""What the cost of `mccnn_sgm` learns: to tell the true match from others, on rendered scenes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..nets.mc_cnn import MCCNNFast
from ._recipe_checks import made
from ._rendered import RenderedTask

#: By how much the true match must be more alike than a wrong one (Žbontar & LeCun, JMLR 2016, section 3.2).
MARGIN = 0.2
#: Rows of a scene that a step looks at; whole ones, so that matches stay inside.
ROWS = 48
#: A wrong match lies at least this far from the true one, pixels, and mostly not much farther.
NEAREST_WRONG, FARTHEST_WRONG = 2, 12


@dataclass(frozen=True, kw_only=True)
class Strip:
    """Some rows of a view of a scene, and how they are shown."""

    scene: int
    view: int = 0
    top: int = 0
    rows: int = ROWS
    gamma: tuple[float, float] = (1.0, 1.0)
    #: Weights of the three channels in the grey image.
    mix: tuple[float, float, float] = (0.299, 0.587, 0.114)
    seed: int = 0

    def at(self, image: NDArray[np.uint8], eye: int) -> Tensor:
        """The strip of an image (H, W, 3) as grey (1, 1, rows, W)."""
        rows = image[self.top : self.top + self.rows].astype(np.float32) / 255
        grey = np.power(rows, self.gamma[eye], dtype=np.float32) @ np.array(self.mix, np.float32)
        return torch.from_numpy(grey)[None, None]


class Task(RenderedTask):
    """Net, loss and scores of one training."""

    name = "mc_cnn"
    method = "stereo/mccnn_sgm"
    kind = "features"
    compact = True
    network = "geomvision.nets.mc_cnn.MCCNNFast"
    input_rule = "grey of any unit and size (the net frees it of mean and contrast)"

    def net(self) -> nn.Module:
        """The net with its first weights."""
        return made(MCCNNFast, self.recipe.network)

    def samples(self, step: int) -> list[Strip]:
        """What a step learns from, drawn from the seed and the step alone."""
        rng = np.random.default_rng([self.recipe.seed, step, 13])
        return [self._drawn(rng) for _ in range(self.recipe.batch)]

    def _drawn(self, rng: np.random.Generator) -> Strip:
        gamma = np.exp(rng.uniform(-0.4, 0.4) + rng.uniform(-0.1, 0.1, 2))
        mix = rng.dirichlet((2.0, 4.0, 1.0))
        return Strip(
            scene=self.recipe.validation_scenes + int(rng.integers(self.recipe.scenes)),
            view=int(rng.integers(2)),
            top=int(rng.integers(max(1, self.recipe.height - ROWS + 1))),
            gamma=(float(gamma[0]), float(gamma[1])),
            mix=(float(mix[0]), float(mix[1]), float(mix[2])),
            seed=int(rng.integers(2**31)),
        )

    def loss(self, net: nn.Module, sample: Strip) -> Tensor:
        """Hinge of each visible pixel's true match against a wrong one (eq. 6 of the paper)."""
        left, right, disparity, known = self._strip(sample)
        true, wrong = self._similarities(net, left, right, disparity, known, sample.seed)
        return torch.relu(MARGIN + wrong - true).sum() / max(1, true.numel())

    def validate(self, net: nn.Module) -> dict[str, float]:
        """How often a wrong match is held for more alike than the true one, on scenes never learnt from."""
        wins, total = 0, 0
        for index in range(self.recipe.validation_scenes):
            strip = Strip(scene=index, top=self.recipe.height // 4, rows=self.recipe.height // 2, seed=index)
            with torch.inference_mode():
                true, wrong = self._similarities(net, *self._strip(strip), strip.seed)
            wins, total = wins + int((wrong >= true).sum()), total + true.numel()
        return {"rendered scenes, wrong match preferred, percent": round(100 * wins / max(1, total), 3)}

    def _strip(self, strip: Strip) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        scene = self.scene(strip.scene, strip.view)
        rows = slice(strip.top, strip.top + strip.rows)
        disparity = torch.from_numpy(scene["disparity"][rows].astype(np.float32))
        known = ~disparity.isnan() & ~torch.from_numpy(scene["occluded"][rows].copy())
        return strip.at(scene["left"], 0), strip.at(scene["right"], 1), disparity, known

    @staticmethod
    def _similarities(
        net: nn.Module, left: Tensor, right: Tensor, disparity: Tensor, known: Tensor, seed: int
    ) -> tuple[Tensor, Tensor]:
        """Similarity of known pixels to their true match, and to one wrong match each."""
        width = disparity.shape[1]
        y, x = known.nonzero(as_tuple=True)
        match = (x - disparity[y, x]).round().long()
        rng = np.random.default_rng(seed)
        near = rng.integers(NEAREST_WRONG, FARTHEST_WRONG + 1, len(x))
        far = rng.integers(NEAREST_WRONG, width, len(x))
        distance = np.where(rng.random(len(x)) < 0.7, near, far) * rng.choice((-1, 1), len(x))
        other = match + torch.from_numpy(distance)
        inside = (match >= 0) & (match < width) & (other >= 0) & (other < width)
        y, x, match, other = (index[inside] for index in (y, x, match, other))
        features = [net(image)[0].float().permute(1, 2, 0) for image in (left, right)]
        here = features[0][y, x]
        return (here * features[1][y, match]).sum(1), (here * features[1][y, other]).sum(1)
