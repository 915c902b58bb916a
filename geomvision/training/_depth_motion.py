"""What is learnt beside depth: how the camera moved, and which camera it was."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..cameras import CameraModel
from ..losses.rigid import inverses, motions
from ..nets.pose_net import PoseNet
from ._depth_movers import Movers


class Steps(nn.Module):
    """How the camera moved from each frame of a clip to the next, as numbers that are learnt: no net guesses them.

    All pairs of frames share them, so that poses agree over the whole clip. They say nothing about other clips.
    """

    def __init__(self, frames: int) -> None:
        super().__init__()
        #: Axis times angle, radians, and translation: (frames − 1, 6).
        self.numbers = nn.Parameter(torch.zeros(frames - 1, 6))

    def motion(self, ends: Sequence[tuple[int, int]]) -> Tensor:
        """T_j_i (B, 4, 4) of pairs (i, j) of frames."""
        numbers = self.numbers.float()
        steps, found = motions(numbers[:, :3], numbers[:, 3:]), []
        for first, last in ((min(pair), max(pair)) for pair in ends):
            T = torch.eye(4, dtype=steps.dtype, device=steps.device)
            for k in range(first, last):
                T = steps[k] @ T
            found.append(T)
        backwards = torch.tensor([there < here for here, there in ends], device=steps.device)
        T = torch.stack(found)
        return torch.where(backwards[:, None, None], inverses(T), T)


class DepthAndMotion(nn.Module):
    """A depth net; a pose net or steps where poses are learnt, numbers of the camera, and masks, where these are."""

    def __init__(
        self,
        depth: nn.Module,
        pose: PoseNet | Steps | None,
        *,
        learn_camera: bool = False,
        movers: Movers | None = None,
    ) -> None:
        super().__init__()
        self.depth = depth
        self.pose = pose
        self.movers = movers
        #: ln of the factors of both focal lengths, and the centre's shift in widths and heights of the image.
        self.bend = nn.Parameter(torch.zeros(4)) if learn_camera else None

    def numbers(self, camera: CameraModel) -> Tensor | None:
        """The camera's parameters as they are learnt so far; None where they are not.

        Of models whose first four numbers are focal lengths and centre; what follows them stays as it is.
        """
        if self.bend is None:
            return None
        given = torch.as_tensor(camera.parameters, dtype=self.bend.dtype, device=self.bend.device)
        size = self.bend.new_tensor([camera.width, camera.height])
        focal, centre = given[:2] * self.bend[:2].exp(), given[2:4] + size * self.bend[2:]
        return torch.cat([focal, centre, given[4:]])

    def untouched(self) -> Tensor:
        """0, a function of all that is learnt: what a step does not ask for has a slope of 0 then."""
        return 0.0 * torch.stack([each.sum() for each in self.parameters()]).sum()

    def motion(self, image0: Tensor, image1: Tensor, backwards: Tensor) -> Tensor:
        """T_1_0 (B, 4, 4) of image 0 to image 1, each (B, 3, H, W); where `backwards` (B,), image 1 is the earlier one.

        The pose net is shown pairs in the order of time alone: one motion for a pair, whichever frame is learnt.
        """
        assert isinstance(self.pose, PoseNet)
        turn = backwards.view(-1, 1, 1, 1)
        first, second = torch.where(turn, image1, image0), torch.where(turn, image0, image1)
        T = motions(*self.pose(first, second))
        return torch.where(turn[..., 0], inverses(T), T)
