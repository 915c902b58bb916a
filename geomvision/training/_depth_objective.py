"""The loss of self-supervised depth: looks, seen from one another by the net's depth and the cameras' motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..cameras import CameraModel
from ..depth._learned import FOCAL_PX
from ..losses import monocular
from ..losses.point_clouds import point_cloud_loss
from ..losses.rigid import depth_consistency, reproject, unit_points
from ._depth_frames import Rig
from ._depth_looks import Views
from ._depth_motion import DepthAndMotion
from ._taught_mono import MonoNet
from .depth_adaptation_recipe import DepthAdaptationRecipe

#: 1 / depth, at least: 1 / (1e4 m).
FARTHEST = 1e-4
#: Share of the width that things are moved by at the depth that nets begin with, and that depth where motions are
#: learnt, which are about a hundredth at first.
SETTLED, UNSETTLED = 0.05, 0.3
#: Time and camera of an image.
Place = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Objective:
    """What a depth net, and what is learnt beside it, is judged by."""

    taught: MonoNet
    recipe: DepthAdaptationRecipe
    #: Of images as the net sees them: one for all times, or one for each.
    rigs: Sequence[Rig]
    #: Whether the net learns metres.
    metric: bool
    #: T_k_w (N, 4, 4) of camera 0 at all times; None where they are learnt.
    poses: NDArray[np.float64] | None = None

    def __call__(self, net: DepthAndMotion, batch: Views) -> Tensor:
        """The mean loss of a batch. Raises FloatingPointError when the net's depth is no number any more."""
        recipe, look = self.recipe, batch.looks[0]
        inverses = self.inverse_depths(net, batch.shown[:, 0], [(each.time, each.camera) for each in batch.looks])
        if not bool(inverses[-1].detach().isfinite().all()):
            raise FloatingPointError("the net's depth is not finite: start anew with a smaller learning rate")
        if look.progress < recipe.settle:
            return self._settled(net, inverses, batch)
        views = [self._view(net, batch, n) for n in range(1, batch.images.shape[1])]
        full_size = look.progress >= recipe.coarse_share
        here = [(each.time, each.camera) for each in batch.looks]
        total = monocular.self_supervised(
            batch.images[:, 0],
            inverses[-recipe.scales :] if full_size else inverses,
            views,
            self.rigs[0].cameras[look.camera],
            parameters=self._numbers(net, here),
            least=recipe.least,
            mask=recipe.mask,
            full_size=full_size,
            smooth=recipe.smooth,
            edge=recipe.edge,
        )
        if recipe.consistent or recipe.points:
            total = total + self._agreement(net, batch, inverses[-1], views[-1])
        return total + 0.0 * torch.stack([each.mean() for each in inverses]).sum()  # also what is not compared here

    def _settled(self, net: DepthAndMotion, inverses: Sequence[Tensor], batch: Views) -> Tensor:
        """|ln D / D₀|, D₀ one depth for all.

        At D₀ the baseline of a rig moves things by SETTLED of the image's width. It is the unit where poses have one
        already, and `UNSETTLED` beside the small motions with which a pose net begins.
        """
        depths = []
        for look in batch.looks:
            rig = self._rig(look.time)
            baseline = max(float(np.linalg.norm(T[:3, 3] - rig.T[look.camera][:3, 3])) for T in rig.T)
            camera = rig.cameras[look.camera]
            aside = baseline * _focal(camera) / (SETTLED * camera.width)
            depths.append(aside if self.metric else 1.0 if self.poses is not None else UNSETTLED)
        wanted = inverses[0].new_tensor(depths).view(-1, 1, 1, 1).log()
        total = torch.stack([(inverse.log() + wanted).abs().mean() for inverse in inverses]).mean()
        unused = [net.bend, *(() if net.pose is None else net.pose.parameters())]
        return total + 0.0 * torch.stack([each.sum() for each in unused if each is not None] or [total]).sum()

    def inverse_depths(self, net: DepthAndMotion, image: Tensor, at: Sequence[Place]) -> list[Tensor]:
        """1 / depth at the sizes of the net's estimates, coarse to fine, each a whole number of times smaller.

        `at`: time and camera of each image (B, 3, H, W).
        """
        focal = [_focal(self._rig(time).cameras[k]) / FOCAL_PX if self.metric else 1.0 for time, k in at]
        factor = image.new_tensor(focal).view(-1, 1, 1, 1)
        found = []
        for estimate in net.depth.estimates(self.taught.fitted(image)):  # type: ignore[operator]
            depth = net.depth.raised(*estimate)[:, :1, : image.shape[2], : image.shape[3]].float()  # type: ignore[operator]
            inverse = 1 / (factor * depth).clamp(max=1 / FARTHEST)
            times = max(1, round(image.shape[3] / estimate[0].shape[3]))
            whole = image.shape[2] % times == 0 and image.shape[3] % times == 0
            found.append(functional.avg_pool2d(inverse, times) if whole and times > 1 else inverse)
        return found

    def _rig(self, time: int) -> Rig:
        return self.rigs[0] if len(self.rigs) == 1 else self.rigs[time]

    def _numbers(self, net: DepthAndMotion, at: Sequence[Place]) -> Tensor | None:
        """Parameters of the cameras at these places: learnt, (P,), or of each, (B, P); None where one serves all."""
        if len(self.rigs) == 1:
            return net.numbers(self.rigs[0].cameras[at[0][1]])
        like = next(net.parameters())
        rows = [np.asarray(self._rig(time).cameras[k].parameters, float) for time, k in at]
        return torch.from_numpy(np.stack(rows)).to(like)

    def _view(self, net: DepthAndMotion, batch: Views, n: int) -> monocular.View:
        """The n-th of the other frames, and how its camera stood to that of the frame that is learnt."""
        camera, image = batch.looks[0].camera, batch.images[:, n]
        there = [look.others[n - 1] for look in batch.looks]
        to = np.stack([self._rig(time).T[k] for time, k in there])
        back = np.stack([np.linalg.inv(self._rig(look.time).T[camera]) for look in batch.looks])
        T = torch.from_numpy(to).to(image) @ self._moved(net, batch, n) @ torch.from_numpy(back).to(image)
        if there[0][1] == camera and len(self.rigs) == 1:
            return monocular.View(image, T)
        return monocular.View(image, T, self.rigs[0].cameras[there[0][1]], self._numbers(net, there))

    def _moved(self, net: DepthAndMotion, batch: Views, n: int) -> Tensor:
        """T (B, 4, 4) of camera 0 from the time of the frame that is learnt to that of the n-th other one."""
        like, ends = batch.images, [(look.time, look.others[n - 1][0]) for look in batch.looks]
        if all(here == there for here, there in ends):
            return torch.eye(4, dtype=like.dtype, device=like.device).expand(len(ends), 4, 4)
        if self.poses is not None:
            T = np.stack([self.poses[there] @ np.linalg.inv(self.poses[here]) for here, there in ends])
            return torch.from_numpy(T).to(like)
        assert batch.first is not None
        backwards = torch.tensor([there < here for here, there in ends], device=like.device)
        return net.motion(batch.first[:, 0], batch.first[:, n], backwards)

    def _agreement(self, net: DepthAndMotion, batch: Views, inverse: Tensor, view: monocular.View) -> Tensor:
        """What the depth of the last of the other frames says of the first one's."""
        recipe, cameras = self.recipe, self.rigs[0].cameras
        ends = [(look.time, look.camera) for look in batch.looks], [look.others[-1] for look in batch.looks]
        here, there = (cameras[end[0][1]] for end in ends)
        other = self.inverse_depths(net, batch.shown[:, -1], ends[1])[-1]
        numbers = tuple(self._numbers(net, end) for end in ends)
        found = reproject(1 / inverse, view.T, here, there, parameters0=numbers[0], parameters1=numbers[1])
        total = inverse.new_zeros(())
        if recipe.consistent:
            total = total + recipe.consistent * depth_consistency(found, 1 / other)
        if recipe.points:
            units = unit_points(there, other, numbers[1])
            total = total + recipe.points * point_cloud_loss(found, 1 / other, there, units=units)
        return total

    def depth(self, net: DepthAndMotion, image: Tensor, at: Sequence[Place]) -> Tensor:
        """Depth (B, 1, H, W) as the training understands it: metres, or up to scale."""
        return 1 / self.inverse_depths(net, image, at)[-1]


def _focal(camera: CameraModel) -> float:
    """The geometric mean of both focal lengths, pixels."""
    return float(np.sqrt(abs(camera.parameters[0] * camera.parameters[1])))
