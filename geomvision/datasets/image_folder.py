"""A folder of images without truth: single images, frames in order, or pairs."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Literal

from .. import io
from ..cameras import Camera, StereoRig
from ..images import Image
from ..samples import DepthSample, FlowSample, StereoSample
from ._base import Listed
from ._files import fitting, partner, pictures

Task = Literal["depth", "flow", "stereo"]
Sample = DepthSample | FlowSample | StereoSample


class ImageFolder(Listed[Sample, tuple[Path, ...]]):
    """One sample per image ("depth"), per image and the next ("flow"), or per pair of ``left/`` and ``right/``.

    Images are taken by name, numbers in names by value, those of folders below, too, in order; flow never leads from
    one folder into another.

    Args:
        path: the folder.
        task: "depth", "flow" or "stereo".
        camera: that took all images; None where nobody knows it. Of "depth" and "flow".
        rig: that took all pairs, rectified. Of "stereo".

    Raises:
        DatasetError: when there is no image or pair; the message tells the layout. ValueError for another task, for a
            camera of pairs, and a rig of single images. Reading raises FormatError where the size is not the camera's.
    """

    layout = "images (*.png, *.jpg, …), of stereo left/NAME.png and right/NAME.png"

    def __init__(
        self, path: str | Path, *, task: Task = "depth", camera: Camera | None = None, rig: StereoRig | None = None
    ) -> None:
        if task not in ("depth", "flow", "stereo"):
            raise ValueError(f"task is {task!r}; allowed are depth, flow, stereo")
        if (camera if task == "stereo" else rig) is not None:
            raise ValueError(f"task is {task!r}; it takes {'rig, no camera' if task == 'stereo' else 'camera, no rig'}")
        self.task, self.camera, self.rig = task, camera, rig
        super().__init__(path)

    def _found(self) -> dict[str, tuple[Path, ...]]:
        found: dict[str, tuple[Path, ...]] = {}
        folders = [self.path, *(each for each in sorted(self.path.rglob("*")) if each.is_dir())]
        for folder in folders:
            files = pictures(folder)
            if self.task == "stereo":
                rights = [folder.parent / "right" / file.name for file in files] if folder.name == "left" else []
                pairs = list(zip(files, rights, strict=False))
                sets: list[tuple[Path, ...]] = [pair for pair in pairs if pair[1].is_file()]
            elif self.task == "flow":
                sets = list(pairwise(files))
            else:
                sets = [(file,) for file in files]
            found |= {each[0].relative_to(self.path).as_posix(): each for each in sets}
        return found

    def read(self, name: str) -> Sample:
        """Read one image, or two."""
        files = self._of(name)
        first = self._checked(files[0])
        if self.task == "depth":
            return DepthSample(name=name, image=first, camera=self.camera)
        second = partner(files[1], first)
        if self.task == "flow":
            return FlowSample(name=name, frame0=first, frame1=second, camera=self.camera)
        return StereoSample(name=name, left=first, right=second, rig=self.rig)

    def _checked(self, path: Path) -> Image:
        image = io.read_image(path)
        camera = self.camera if self.rig is None else self.rig.left
        if camera is not None:
            fitting(path, (camera.height, camera.width), image)
        return image
