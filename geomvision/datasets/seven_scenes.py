"""7-Scenes: Kinect sequences of seven rooms for relocalisation (Shotton et al., CVPR 2013)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from .. import io
from ..cameras import Camera
from ..io._files import read_text
from ..samples import Clip, DepthSample
from ._base import DatasetError, Listed
from ._files import depth_map, fitting, optional
from ._poses import read_poses

_SPLIT = "lines 'sequence1', 'sequence2', …"
#: Published of the depth camera, for 640x480.
CAMERA = Camera(width=640, height=480, fx=585.0, fy=585.0, cx=320.0, cy=240.0)


class SevenScenes(Listed[DepthSample, Path]):
    """One sample per frame, named ``chess/seq-01/frame-000000``, with depth and a clip of one frame for its pose.

    Depth is in millimetres, 0 and 65535 where there is none; poses are camera to world, metres. The published camera
    is that of depth; colour was not calibrated, and a small shift between the two remains.

    Args:
        path: the folder of scenes, a scene, or a sequence.
        split: only the sequences of each scene's ``TrainSplit.txt`` ("train") or ``TestSplit.txt`` ("test"); None: all.
        camera: another camera than the published one.

    Raises:
        DatasetError: when there is no frame, or no list of the split; the message tells the layout.
    """

    layout = (
        "chess/seq-01/frame-000000.color.png, frame-000000.depth.png and frame-000000.pose.txt, and of splits "
        "chess/TrainSplit.txt and TestSplit.txt"
    )

    def __init__(
        self, path: str | Path, *, split: Literal["train", "test"] | None = None, camera: Camera = CAMERA
    ) -> None:
        if split not in (None, "train", "test"):
            raise ValueError(f"split is {split!r}; allowed are 'train', 'test' and None")
        self.split, self.camera = split, camera
        super().__init__(path)

    def _found(self) -> dict[str, Path]:
        files = [f for depth in ("", "*/", "*/*/") for f in sorted(self.path.glob(f"{depth}frame-*.color.*"))]
        if self.split is not None:
            scenes = {scene: self._sequences(scene) for scene in {file.parents[1] for file in files}}
            files = [file for file in files if file.parent.name in scenes[file.parents[1]]]
        names = (file.relative_to(self.path).as_posix().partition(".color")[0] for file in files)
        return dict(zip(names, files, strict=True))

    def _sequences(self, scene: Path) -> set[str]:
        path = scene / f"{str(self.split).capitalize()}Split.txt"
        if not path.is_file():
            raise DatasetError(f"{scene} has no {path.name}, which tells the split; expected {self.layout}")
        numbers = [re.fullmatch(r"sequence(\d+)", line.strip()) for line in read_text(path, _SPLIT).splitlines()]
        found = {f"seq-{int(number[1]):02d}" for number in numbers if number}
        if not found:
            raise io.FormatError(path, "names no sequence", _SPLIT)
        return found

    def read(self, name: str) -> DepthSample:
        """Read one frame."""
        file = self._of(name)
        stem = file.name.partition(".color")[0]
        image = io.read_image(file)
        fitting(file, (self.camera.height, self.camera.width), image)
        depth, pose = file.with_name(f"{stem}.depth.png"), file.with_name(f"{stem}.pose.txt")
        T = optional(pose, read_poses, 1)
        return DepthSample(
            name=name,
            image=image,
            camera=self.camera,
            depth=optional(
                depth, lambda path: depth_map(path, io.read_scaled(path, scale=1000.0, invalid=(0, 65535)), image)
            ),
            clip=None if T is None else Clip(frames=(image,), cameras=self.camera, T_world_cam=T),
        )
