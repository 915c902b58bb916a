"""What is learnt beside depth: how the camera moved, and which camera it was."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..cameras import CameraModel
from ..losses.rigid import inverses, motions


class DepthAndMotion(nn.Module):
    """A depth net, a pose net where poses are learnt, and numbers of the camera where these are."""

    def __init__(self, depth: nn.Module, pose: nn.Module | None, *, learn_camera: bool = False) -> None:
        super().__init__()
        self.depth = depth
        self.pose = pose
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

    def motion(self, image0: Tensor, image1: Tensor, backwards: Tensor) -> Tensor:
        """T_1_0 (B, 4, 4) of image 0 to image 1, each (B, 3, H, W); where `backwards` (B,), image 1 is the earlier one.

        The pose net is shown pairs in the order of time alone: one motion for a pair, whichever frame is learnt.
        """
        assert self.pose is not None
        turn = backwards.view(-1, 1, 1, 1)
        first, second = torch.where(turn, image1, image0), torch.where(turn, image0, image1)
        T = motions(*self.pose(first, second))
        return torch.where(turn[..., 0], inverses(T), T)
