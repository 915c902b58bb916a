"""The loss of self-supervised depth: looks, seen from one another by the net's depth and the cameras' motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..cameras import CameraModel
from ..depth._learned import FOCAL_PX
from ..images import Float32
from ..losses import monocular
from ..losses.point_clouds import point_cloud_loss
from ..losses.rigid import depth_consistency, reproject, unit_points
from ..nets.pose_net import PoseNet
from ._depth_frames import Rig
from ._depth_hints import as_seen, hinted
from ._depth_looks import Views
from ._depth_motion import DepthAndMotion, Steps
from ._depth_movers import contested
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
    #: By camera and time, (H, W): pixels that are learnt; None: all.
    kept: Sequence[Sequence[NDArray[np.bool_]]] | None = None
    #: By camera and time, 1 / depth (H, W) by a stereo method, NaN where unknown; None: no hints.
    hints: Sequence[Sequence[Float32]] | None = None

    def __call__(self, net: DepthAndMotion, batch: Views) -> Tensor:
        """The mean loss of a batch. Raises FloatingPointError when the net's depth is no number any more."""
        recipe, look = self.recipe, batch.looks[0]
        inverses = self.inverse_depths(net, batch.shown[:, 0], [(each.time, each.camera) for each in batch.looks])
        if not bool(inverses[-1].detach().isfinite().all()):
            raise FloatingPointError("the net's depth is not finite: start anew with a smaller learning rate")
        views = [self._view(net, batch, n) for n in range(1, batch.images.shape[1])]
        if look.progress < recipe.settle:
            return self._settled(net, inverses, batch, views)
        full_size = look.progress >= recipe.coarse_share
        weight = self._kept(batch)
        total = net.untouched()
        if recipe.flow and full_size:
            learnt, standing = self._contested(net, batch, inverses[-1], views)
            total, weight = total + learnt, standing if weight is None else weight * standing
        compared = inverses[-recipe.scales :] if full_size else inverses
        options = {"full_size": full_size, "mask": recipe.mask, "smooth": recipe.smooth, "weight": weight}
        total = total + self._alike(net, batch, compared, views, **options)
        if recipe.consistent or recipe.points:
            total = total + self._agreement(net, batch, inverses[-1], views[-1])
        if recipe.hints:
            total = total + recipe.hinted * self._hinted(net, batch, inverses[-1], views[0])
        return total

    def _hinted(self, net: DepthAndMotion, batch: Views, inverse: Tensor, view: monocular.View) -> Tensor:
        """What the stereo method's depth teaches; `view` is the other image of the pair."""
        assert self.hints is not None
        here = [(each.time, each.camera) for each in batch.looks]
        hint = torch.from_numpy(np.stack([self.hints[k][time] for time, k in here]))[:, None].to(inverse)
        look = as_seen(view, self.rigs[0].cameras[here[0][1]], self._numbers(net, here))
        return hinted(batch.images[:, 0], inverse, hint, look)

    def _kept(self, batch: Views) -> Tensor | None:
        """Which pixels are learnt, (B, 1, H, W); None where all are."""
        if self.kept is None:
            return None
        masks = np.stack([self.kept[look.camera][look.time] for look in batch.looks])
        return torch.from_numpy(masks)[:, None].to(batch.images)

    def _contested(
        self, net: DepthAndMotion, batch: Views, inverse: Tensor, views: Sequence[monocular.View]
    ) -> tuple[Tensor, Tensor]:
        """What flow and masks learn from frames of other times, and how much pixels stand still in all of them."""
        movers = net.movers
        if movers is None:
            raise ValueError("no masks of what moves are learnt: the recipe's flow is ''")
        look, here = batch.looks[0], [(each.time, each.camera) for each in batch.looks]
        then = [view for view, (time, camera) in zip(views, look.others, strict=True) if time != look.time]
        camera, numbers = self.rigs[0].cameras[look.camera], self._numbers(net, here)
        found = [contested(movers, self.recipe, batch.images[:, 0], inverse, v, camera, numbers) for v in then]
        learnt = torch.stack([each for each, _ in found]).mean()
        return learnt, torch.stack([standing for _, standing in found]).amin(dim=0)

    def standing(self, net: DepthAndMotion, batch: Views) -> Tensor:
        """How much pixels of the frames that are learnt stand still, 0 … 1, (B, 1, H, W), by the net's masks."""
        inverse = self.inverse_depths(net, batch.shown[:, 0], [(each.time, each.camera) for each in batch.looks])[-1]
        views = [self._view(net, batch, n) for n in range(1, batch.images.shape[1])]
        return self._contested(net, batch, inverse, views)[1]

    def _alike(
        self,
        net: DepthAndMotion,
        batch: Views,
        inverses: Sequence[Tensor],
        views: Sequence[monocular.View],
        **options: Any,
    ) -> Tensor:
        """How unlike the frames that are learnt are to the others, seen by these inverse depths."""
        recipe, here = self.recipe, [(each.time, each.camera) for each in batch.looks]
        return monocular.self_supervised(
            batch.images[:, 0],
            inverses,
            views,
            self.rigs[0].cameras[here[0][1]],
            parameters=self._numbers(net, here),
            least=recipe.least,
            edge=recipe.edge,
            **options,
        )

    def _settled(
        self, net: DepthAndMotion, inverses: Sequence[Tensor], batch: Views, views: Sequence[monocular.View]
    ) -> Tensor:
        """|ln D / D₀|, D₀ one depth for all; motions that are learnt are found as if D₀ were the depth of everything.

        At D₀ the baseline of a rig moves things by SETTLED of the image's width. It is the unit where poses have one
        already or are learnt as steps, and `UNSETTLED` beside the small motions with which a pose net begins.
        """
        depths = []
        for look in batch.looks:
            rig = self._rig(look.time)
            baseline = max(float(np.linalg.norm(T[:3, 3] - rig.T[look.camera][:3, 3])) for T in rig.T)
            camera = rig.cameras[look.camera]
            aside = baseline * _focal(camera) / (SETTLED * camera.width)
            depths.append(aside if self.metric else UNSETTLED if isinstance(net.pose, PoseNet) else 1.0)
        wanted = inverses[0].new_tensor(depths).view(-1, 1, 1, 1)
        total = torch.stack([(inverse.log() + wanted.log()).abs().mean() for inverse in inverses]).mean()
        if net.pose is not None:
            flat = [(1 / wanted).expand_as(inverse) for inverse in inverses]
            total = total + self._alike(net, batch, flat, views, full_size=False, mask=False, smooth=0.0)
        return total + net.untouched()

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
        if isinstance(net.pose, Steps):
            return net.pose.motion(ends).to(like)
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
