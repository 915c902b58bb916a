"""What a depth net learns without truth: images must look alike, seen from one another by its depth.

From a clip of one camera, whose motion a pose net learns along (Zhou et al., CVPR 2017; Godard et al., Monodepth2, ICCV
2019) or matched points tell; from pairs, whose rig is known, so that depth is in metres (Garg et al., ECCV 2016); from
both, where cameras see each other's past and future, too (Guizilini et al., full surround monodepth, RA-L 2022).
"""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .. import weights
from ..cameras import Camera
from ..depth import METHODS
from ..depth._learned import FOCAL_PX, METRIC, LearnedDepth
from ..nets.pose_net import PoseNet
from ._depth_frames import DepthFrames, Rig, held_out
from ._depth_looks import Loaded, Look, Views, drawn, loaded, stacked
from ._depth_motion import DepthAndMotion
from ._depth_objective import Objective
from ._rendered import ShippedTask
from ._self_supervised import warn_of_worse
from ._start import Start
from ._taught_mono import MonoNet
from .depth_adaptation_recipe import DepthAdaptationRecipe

#: What is not known yet of a camera: its focal length in image widths, 53° from side to side.
FOCAL = 1.0
#: Kinds of depth by which things can be seen from elsewhere.
SCALED = (METRIC, "depth_scale")
#: Frames that are judged at a validation, about.
JUDGED = 16


class SelfSupervisedDepth(ShippedTask):
    """The task of a depth net that learns from images without truth."""

    preparing = "reading"
    recipe: DepthAdaptationRecipe

    def __init__(
        self,
        name: str,
        recipe: DepthAdaptationRecipe,
        folder: Path,
        *,
        folders: Sequence[Path],
        rigs: Sequence[Rig],
        start: Start | None,
    ) -> None:
        self.taught = MonoNet.of(name)
        self.name, self.method, self.start = f"{name}_adapted", f"depth/{name}", start
        self.network, self.folder = self.taught.path, folder
        if self.taught.kind not in SCALED:
            told = (
                f"depth/{name} tells {self.taught.kind}, which may be shifted: nothing can be seen by it from elsewhere"
            )
            raise ValueError(f"{told}; nets that learn from images alone tell {' or '.join(SCALED)}")
        self.metric = len(folders) > 1
        self.moving = not self.metric or recipe.over_time
        self.frames = DepthFrames(folders, recipe.frames, least=2 if self.moving else 1)
        self._check_rigs(rigs, recipe)
        size = self.frames.size
        self.height, self.width = _seen(name, recipe.width, size)
        self.given = tuple(rigs) or (_unknown(size),)
        self.rigs = tuple(rig.resized(self.width, self.height) for rig in self.given)
        known = [[[list(map(float, c.parameters)) for c in rig.cameras], rig.T.tolist()] for rig in self.given]
        source = hashlib.sha256(json.dumps([self.frames.key, known]).encode()).hexdigest()[:12]
        network = dict(recipe.network) | ({"metric": self.metric} if self._says("metric") else {})
        entries = {"network": network} if start is None else start.entries
        self.recipe = dataclasses.replace(recipe, source=source, **entries)
        self.learnt: list[int] = []
        self.held_out: list[int] = []
        self.poses: NDArray[np.float64] | None = None
        self.before: dict[str, float] = {}

    def _says(self, argument: str) -> bool:
        return argument in inspect.signature(self.taught.make).parameters

    def _check_rigs(self, rigs: Sequence[Rig], recipe: DepthAdaptationRecipe) -> None:
        """Raise where cameras and what is asked for do not go together."""
        cameras, count = min((len(rig.cameras) for rig in rigs), default=0), len(self.frames.files)
        if len(rigs) > 1 and (len(rigs) != self.frames.listed or self.moving or recipe.learn_camera):
            told = f"{len(rigs)} calibrations were given for {self.frames.listed} images"
            raise ValueError(f"{told}; give one, or of pairs that are alone in time one for each")
        if len({(type(c), len(c.parameters)) for rig in rigs for c in rig.cameras[:1]}) > 1:
            raise ValueError("calibrations are of several camera models; all must be of one")
        if not rigs and (self.metric or not recipe.learn_camera):
            told = "a rig, whose baseline says what a metre is" if self.metric else "a camera, or have it learnt"
            raise ValueError(f"{self.method} learns from {count} folder(s) of images: give {told} (camera)")
        if rigs and cameras < count:
            raise ValueError(f"images of {count} cameras, but the calibration has {cameras}: give that of the rig")
        if self.metric and recipe.poses == "solved" and recipe.over_time:
            raise ValueError("poses of a rig over time are learnt: poses must be 'net', their length is then in metres")
        if not self.metric and self.taught.kind == METRIC and not self._says("metric"):
            told = f"{self.method} says metres, which images of one moving camera do not tell"
            raise ValueError(f"{told}: give pairs and their rig (right, camera)")

    def net(self) -> DepthAndMotion:
        """The depth net with the weights that it starts from, and what is learnt beside it."""
        recipe = self.recipe
        depth = self.taught.make(**recipe.network)
        if self.start is not None:
            depth.load_state_dict(self.start.state)
        learnt = self.moving and recipe.poses == "net"
        pose = PoseNet(width=recipe.pose_width, **recipe.pose_network) if learnt else None
        return DepthAndMotion(depth, pose, learn_camera=recipe.learn_camera)

    def written(self, net: nn.Module) -> nn.Module:
        """The depth net alone."""
        assert isinstance(net, DepthAndMotion)
        return net.depth

    @property
    def kind(self) -> str:  # type: ignore[override]
        """Metres of the canonical camera, or depth up to its scale."""
        return f"depth_m of a focal length of {FOCAL_PX:g} px" if self.metric else "depth_scale"

    @property
    def input_rule(self) -> str:  # type: ignore[override]
        """What the net takes."""
        return f"RGB, 0 … 255; learnt at {self.width}x{self.height} pixels: side_px = {max(self.width, self.height)}"

    @property
    def scene_count(self) -> int:
        """How many frames are read."""
        return self.frames.count * len(self.frames.files)

    def prepare(self, workers: int, advance: Callable[[int], None]) -> None:  # noqa: ARG002
        """Read the frames, find their poses where matched points shall tell them, and judge the net as it is."""
        self.frames.prepare(self.height, self.width, advance)
        known: NDArray[np.bool_] = np.ones(self.frames.count, bool)
        if self.moving and self.recipe.poses == "solved":
            self.poses = self._solved()
            known = np.asarray(np.isfinite(self.poses).all(axis=(1, 2)))
        if self.moving and known.sum() < 2:
            raise ValueError(f"{self.frames.source}: fewer than 2 frames found a place among the others")
        self.known = np.flatnonzero(known).tolist()
        self.held_out = held_out(len(self.known))
        self.learnt = [index for index in range(len(self.known)) if index not in self.held_out]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.recipe.seed)
            self.before = self._scores(self.net().eval())

    def _solved(self) -> NDArray[np.float64]:
        """Poses that were found before, or are now."""
        stored = self.folder / f"poses-{self.recipe.source}.npy"
        if not stored.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            np.save(stored, self.frames.solved(self.given[0].cameras[0]))
        found: NDArray[np.float64] = np.load(stored)
        return found

    @property
    def training_data(self) -> str:
        """What was learnt from."""
        what = "pairs" if self.metric else "frames"
        before = "" if self.start is None else f"; before: {self.start.training_data}"
        return f"{len(self.learnt)} {what} of the user's own {self.frames.source.name}, without truth{before}"

    def card(self, steps: int, scores: dict[str, float], training_run: dict[str, Any]) -> weights.Card:
        """The card; licence and use are those of the weights that it started from. Warns where frames match worse."""
        warn_of_worse(self.before, scores)
        card = super().card(steps, scores, training_run)
        return card if self.start is None else self.start.passed_on(card)

    def samples(self, step: int) -> list[Look]:
        """What a step learns from, drawn from the seed and the step alone."""
        return drawn(self.recipe, step, self.known, self.learnt, len(self.frames.files), self.moving)

    def load(self, sample: Look) -> Loaded:
        """The pictures of a look."""
        by_first = self.moving and self.recipe.poses == "net"
        return loaded(sample, self.frames, self.recipe.jitter, by_first)

    @staticmethod
    def stacked(samples: list[Loaded], device: torch.device) -> Views:
        """Tensors on a device."""
        return stacked(samples, device)

    def loss(self, net: nn.Module, sample: Look) -> Tensor:
        """The loss of one look, on the CPU."""
        return self.batch_loss(net, self.stacked([self.load(sample)], torch.device("cpu")))

    def batch_loss(self, net: nn.Module, batch: Views) -> Tensor:
        """The mean loss of a batch."""
        assert isinstance(net, DepthAndMotion)
        with torch.autocast(batch.images.device.type, enabled=False):
            return self.objective(net, batch)

    @property
    def chosen(self) -> tuple[Rig, ...]:
        """The rigs of the frames that are read."""
        first, count = self.frames.first, self.frames.count
        return self.rigs[first : first + count] if len(self.rigs) > 1 else self.rigs

    @property
    def objective(self) -> Objective:
        """What the net is judged by."""
        return Objective(self.taught, self.recipe, self.chosen, self.metric, self.poses)

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Photometric scores of the net, and what they were before."""
        scores = self._scores(net)
        return scores | {f"{name}, before": value for name, value in self.before.items()}

    def _scores(self, net: nn.Module) -> dict[str, float]:
        """How unlike the frames that are judged are to others, seen by the net's depth; every pixel counts."""
        assert isinstance(net, DepthAndMotion)
        judged = self.held_out or self.learnt
        device = next(net.parameters()).device
        plain = dataclasses.replace(self.recipe, mask=False, smooth=0.0, consistent=0.0, points=0.0, scales=1)
        fixed = dataclasses.replace(plain, batch=1, jitter=0.0, coarse_share=0.0, settle=0.0)
        costs, depths = [], []
        for number, at in enumerate(judged[:: max(1, len(judged) // JUDGED)]):
            (look,) = drawn(fixed, number, self.known, [at], len(self.frames.files), self.moving)
            batch = self.stacked([self.load(look)], device)
            objective = Objective(self.taught, fixed, self.chosen, self.metric, self.poses)
            with torch.inference_mode():
                costs.append(float(objective(net, batch)))
                depths.append(float(objective.depth(net, batch.shown[:, 0], [(look.time, look.camera)]).median()))
        where = f"{len(costs)} {'held-out' if self.held_out else 'learnt'} frames"
        unit = "m" if self.metric else "the clip's unit"
        return {
            f"{where}, 1000 x photometric cost": round(1000 * float(np.mean(costs)), 3),
            f"{where}, median depth, {unit}": round(float(np.mean(depths)), 3),
        }


def _seen(name: str, side_px: int, size: tuple[int, int]) -> tuple[int, int]:
    """Height and width that a method's net is shown of images of a size, before it has weights that may say more."""
    method: Any = METHODS[name]
    return LearnedDepth.seen(method(side_px=side_px), *size)


def _unknown(size: tuple[int, int]) -> Rig:
    """A camera that is not known yet, of square pixels, of images of a size."""
    focal = FOCAL * size[1]
    whole = Camera(width=size[1], height=size[0], fx=focal, fy=focal, cx=(size[1] - 1) / 2, cy=(size[0] - 1) / 2)
    return Rig((whole,), np.eye(4)[None])
