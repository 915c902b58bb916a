"""A clip on disk: frames of a moving camera, with poses and depth where there are any."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from .. import io
from ..cameras import Array, Camera
from ..geometry import DepthRegistration
from ..images import Image
from ..results import Depth
from ..samples import Clip, DepthSample
from ._base import Dataset, empty, existing_folder
from ._files import fitting, partner, pictures
from ._poses import read_poses

_LAYOUT = (
    "frame-000000.color.png, frame-000000.pose.txt and, where there is depth, frame-000000.depth.png, as 7-Scenes has "
    "them; or color_000.png, depth_000.png and one poses.txt with 16 numbers a line"
)


class PosedClip(Dataset[DepthSample]):
    """One sample per frame of a posed RGB-D or colour clip: its depth, and the clip around it (Shotton et al., 2013).

    Frames come by name, numbers in names by value, and so do lines of ``poses.txt``. Poses are camera to world, row by
    row, in metres; rotations are made exact. Depth is PNG of 16 bits, 0 and 65535 where there is none. Neither layout
    has a calibration, so the camera is given.

    Args:
        path: the folder.
        camera: that took all colour frames.
        depth_scale: depth values per metre.
        around: frames before and after a sample's that its clip has.
        every: how many frames lie between them: baselines grow with it.
        registration: of a depth camera beside the colour camera, which maps are brought to. None: they are its own.

    Raises:
        DatasetError: when there are no frames; the message tells the layout. ValueError for numbers below 1. Reading
            raises FormatError for missing or damaged poses, where there are not as many as frames, and for images of
            other sizes than the camera.
    """

    def __init__(
        self,
        path: str | Path,
        camera: Camera,
        *,
        depth_scale: float = 1000.0,
        around: int = 2,
        every: int = 1,
        registration: DepthRegistration | None = None,
    ) -> None:
        if around < 1 or every < 1 or not depth_scale > 0:
            given = f"around is {around}, every {every}, depth_scale {depth_scale}"
            raise ValueError(f"{given}; the first two are 1 or more, the last is positive")
        self.path, self.registration = existing_folder(path, _LAYOUT), registration
        self.camera, self.depth_scale, self.around, self.every = camera, depth_scale, around, every
        if not self._colours:
            raise empty(self.path, _LAYOUT)

    @property
    def names(self) -> list[str]:
        """Frame numbers as the files have them: "000000" or "000" and on."""
        return list(self._colours)

    @cached_property
    def _colours(self) -> dict[str, Path]:
        files = pictures(self.path, (".png", ".jpg", ".jpeg"))
        scenes = {file.name[6:].partition(".")[0]: file for file in files if ".color." in file.name}
        return scenes or {file.stem[6:]: file for file in files if file.stem.startswith("color_")}

    @cached_property
    def T_world_cam(self) -> Array:
        """Poses (N, 4, 4) of all frames."""
        table = self.path / "poses.txt"
        if table.is_file():
            return read_poses(table, len(self))
        return np.concatenate([read_poses(self.path / f"frame-{name}.pose.txt", 1) for name in self.names])

    def read(self, name: str) -> DepthSample:
        """Read one frame, its depth, and the frames around it; at the ends of the clip there are fewer."""
        at = self.names.index(name)
        reach = range(at - self.around * self.every, at + self.around * self.every + 1, self.every)
        chosen = [k for k in reach if 0 <= k < len(self)]
        image, depth, path = self.image(name), self.depth(name), self._depth_file(name)
        fitting(self._colours[name], image.shape, np.empty((self.camera.height, self.camera.width), np.uint8))
        if depth is not None and path is not None:
            fitting(path, depth.size, image)
        frames = tuple(image if k == at else partner(self._colours[self.names[k]], image) for k in chosen)
        T = self.T_world_cam[chosen]
        return DepthSample(
            name=name,
            image=image,
            camera=self.camera,
            depth=depth,
            clip=Clip(frames=frames, cameras=self.camera, T_world_cam=T, reference=chosen.index(at)),
        )

    def clip(self) -> Clip:
        """All frames, in order, with their poses: what `depth.FromMotion().clip` takes."""
        frames = tuple(io.read_image(path) for path in self._colours.values())
        return Clip(frames=frames, cameras=self.camera, T_world_cam=self.T_world_cam)

    def image(self, name: str) -> Image:
        """The colours of one frame."""
        return io.read_image(self._colours[name])

    def depth(self, name: str) -> Depth | None:
        """The depth of one frame, metres; None where the folder has none."""
        path = self._depth_file(name)
        stored = None if path is None else Depth(m=io.read_scaled(path, scale=self.depth_scale, invalid=(0, 65535)))
        return stored if stored is None or self.registration is None else self.registration.registered(stored)

    def _depth_file(self, name: str) -> Path | None:
        files = (self.path / f"frame-{name}.depth.png", self.path / f"depth_{name}.png")
        return next((file for file in files if file.is_file()), None)
