"""What a depth net learns without truth: images must look alike, seen from one another by its depth.

From a clip of one camera, whose motion a pose net learns along (Zhou et al., CVPR 2017; Godard et al., Monodepth2, ICCV
2019) or matched points tell; from pairs, whose rig is known, so that depth is in metres (Garg et al., ECCV 2016); from
both, where cameras see each other's past and future, too (Guizilini et al., full surround monodepth, RA-L 2022).
"""

from __future__ import annotations

import copy
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
from ..depth._learned import FOCAL_PX, METRIC
from ..images import Float32, Mask
from ..nets.pose_net import PoseNet
from ._depth_checks import require_together, seen, unknown
from ._depth_frames import DepthFrames, Rig, held_out
from ._depth_hints import hints_of
from ._depth_looks import Loaded, Look, Views, drawn, loaded, stacked
from ._depth_motion import DepthAndMotion, Steps
from ._depth_movers import Movers
from ._depth_objective import Objective
from ._infinite_depth import holes, told
from ._rendered import ShippedTask
from ._self_supervised import warn_of_worse
from ._start import Start
from ._taught_mono import MonoNet
from .depth_adaptation_recipe import DepthAdaptationRecipe

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
        self.says_metric = "metric" in inspect.signature(self.taught.make).parameters
        require_together(self, rigs, recipe)
        size = self.frames.size
        self.height, self.width = seen(name, recipe.width, size)
        self.given = tuple(rigs) or (unknown(size),)
        self.rigs = tuple(rig.resized(self.width, self.height) for rig in self.given)
        known = [[[list(map(float, c.parameters)) for c in rig.cameras], rig.T.tolist()] for rig in self.given]
        source = hashlib.sha256(json.dumps([self.frames.key, known]).encode()).hexdigest()[:12]
        network = dict(recipe.network) | ({"metric": self.metric} if self.says_metric else {})
        entries = {"network": network} if start is None else start.entries
        self.recipe = dataclasses.replace(recipe, source=source, **entries)
        self.learnt: list[int] = []
        self.held_out: list[int] = []
        self.poses: NDArray[np.float64] | None = None
        #: What a first round leaves out: times of frames, and by camera and time the pixels that are kept.
        self.left_out: list[int] = []
        self.kept: list[list[Mask]] | None = None
        self.hints: tuple[list[Float32], list[Float32]] | None = None
        self.before: dict[str, float] = {}

    def net(self) -> DepthAndMotion:
        """The depth net with the weights that it starts from, and what is learnt beside it."""
        recipe = self.recipe
        depth = self.taught.make(**recipe.network)
        if self.start is not None:
            depth.load_state_dict(self.start.state)
        pose: PoseNet | Steps | None = None
        if self.moving and recipe.poses != "solved":
            net = recipe.poses == "net"
            pose = PoseNet(width=recipe.pose_width, **recipe.pose_network) if net else Steps(self.frames.count)
        movers = Movers(recipe.flow, recipe.mask_width) if recipe.flow else None
        return DepthAndMotion(depth, pose, learn_camera=recipe.learn_camera, movers=movers)

    def groups(self, net: DepthAndMotion) -> list[dict[str, Any]]:
        """What is learnt at the recipe's rate, and a flow net that has learnt before at a share of it."""
        before = [] if net.movers is None else list(net.movers.flow.parameters())
        known = {id(each) for each in before}
        anew = [each for each in net.parameters() if id(each) not in known]
        return [{"params": anew}, *([{"params": before, "share": self.recipe.flow_rate}] if before else [])]

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
        known[self.left_out] = False
        if self.moving and self.recipe.poses == "solved":
            self.poses = self._solved()
            known &= np.isfinite(self.poses).all(axis=(1, 2))
        if known.sum() < (2 if self.moving else 1):
            told = f"{len(self.left_out)} have depth without end, which may be left out as infinite = 'pixels', too"
            raise ValueError(f"{self.frames.source}: too few frames have a place among the others; {told}")
        if self.recipe.hints:
            rigs = self._read(self.given)
            self.hints = hints_of(self.frames, rigs, self.recipe.hints, self.height, self.width)
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
        whole = f"{len(self.learnt)} {what} of the user's own {self.frames.source.name}, without truth"
        if self.recipe.infinite == "frames":
            whole = f"{whole}; {len(self.left_out)} others had holes of infinite depth"
        return f"{whole}{before}"

    def card(self, steps: int, scores: dict[str, float], training_run: dict[str, Any]) -> weights.Card:
        """The card; licence and use are those of the weights that it started from. Warns where frames match worse."""
        warn_of_worse(self.before, scores)
        card = super().card(steps, scores, training_run)
        return card if self.start is None else self.start.passed_on(card)

    @property
    def first_round(self) -> SelfSupervisedDepth | None:
        """The training whose depth tells what this one leaves out; None where there is one round."""
        if not self.recipe.infinite:
            return None
        first = copy.copy(self)
        first.recipe = dataclasses.replace(self.recipe, infinite="", steps=self.recipe.first_steps or self.recipe.steps)
        return first

    def leave_out(self, net: nn.Module) -> None:
        """What the first round's net made deeper than the ground is not learnt from."""
        assert isinstance(net, DepthAndMotion)
        recipe, judge, device = self.recipe, self.objective, next(net.parameters()).device
        found: list[list[Mask | None]] = []
        for k, images in enumerate(self.frames.images):
            found.append([])
            for time, image in enumerate(images):
                shown = torch.from_numpy(image).permute(2, 0, 1)[None].float().to(device)
                with torch.inference_mode():
                    depth = judge.depth(net, shown, [(time, k)])[0, 0].cpu().numpy()
                camera = self.chosen[time if len(self.chosen) > 1 else 0].cameras[k]
                found[k].append(holes(depth, camera.unproject(camera.pixel_grid()), times=recipe.beneath))
        self.left_out, self.kept = told(found, recipe.infinite, recipe.hole_share, recipe.hole_margin)

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
        """The rigs of the frames that are read, at the size that the net sees."""
        return self._read(self.rigs)

    def _read(self, rigs: tuple[Rig, ...]) -> tuple[Rig, ...]:
        first, count = self.frames.first, self.frames.count
        return rigs[first : first + count] if len(rigs) > 1 else rigs

    @property
    def objective(self) -> Objective:
        """What the net is judged by."""
        return Objective(self.taught, self.recipe, self.chosen, self.metric, self.poses, self.kept, self.hints)

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Photometric scores of the net, and what they were before."""
        scores = self._scores(net)
        return scores | {f"{name}, before": value for name, value in self.before.items()}

    def _scores(self, net: nn.Module) -> dict[str, float]:
        """How unlike the frames that are judged are to others, seen by the net's depth; every pixel counts."""
        assert isinstance(net, DepthAndMotion)
        judged = self.held_out or self.learnt
        device = next(net.parameters()).device
        plain = dataclasses.replace(
            self.recipe, mask=False, smooth=0.0, consistent=0.0, points=0.0, scales=1, flow="", hints=""
        )
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
