"""TUM RGB-D: hand-held Kinect sequences with poses of a tracking system (Sturm et al., IROS 2012)."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from .. import io
from ..cameras import Array, Camera
from ..images import Image
from ..io._files import below, naming, read_text
from ..io.tum import tum_camera
from ..results import Depth
from ..samples import Clip, DepthSample
from ._base import Listed
from ._files import depth_map

_LIST = "lines 'timestamp filename'; # begins a comment"
_SEQUENCES = ("freiburg1", "freiburg2", "freiburg3")


class TUMRGBD(Listed[DepthSample, tuple[float, Path]]):
    """One sample per colour image, named by its timestamp, with the depth image that is next in time.

    Depth is 5000 a metre, registered to the colour image. The pose is the trajectory's next in time
    (``groundtruth.txt``, T_world_camera), in a clip of one frame. What is farther away than `within_s` is
    unknown. The camera is that of the sequence (``freiburg1`` to ``freiburg3`` in the folder's name), as published,
    with its distortion.

    Args:
        path: the folder of one sequence.
        camera: that of sequences of others in this layout; None: by the folder's name.
        within_s: how far times may differ, seconds.

    Raises:
        DatasetError: when there is no list of colour images; the message tells the layout. FormatError for a damaged
            one. ValueError for a time that is not positive, and where the name tells no camera and none is given.
    """

    layout = "rgb.txt, depth.txt, groundtruth.txt, rgb/1305031102.175304.png and depth/1305031102.160407.png"

    def __init__(self, path: str | Path, *, camera: Camera | None = None, within_s: float = 0.02) -> None:
        if not within_s > 0:
            raise ValueError(f"within_s is {within_s}; it must be positive, seconds")
        self.within_s = within_s
        super().__init__(path)
        names = [each for each in _SEQUENCES if each in self.path.resolve().name]
        if camera is None and not names:
            told = f"{self.path}: the folder's name has none of {', '.join(_SEQUENCES)}"
            raise ValueError(f"{told}; give camera=, such as io.tum_camera('icl_nuim')")
        self.camera = tum_camera(names[0]) if camera is None else camera  # type: ignore[arg-type]

    def _found(self) -> dict[str, tuple[float, Path]]:
        path = self.path / "rgb.txt"
        return {file.stem: (time, file) for time, file in _listed(path)} if path.is_file() else {}

    @cached_property
    def _depths(self) -> list[tuple[float, Path]]:
        path = self.path / "depth.txt"
        return _listed(path) if path.is_file() else []

    @cached_property
    def _trajectory(self) -> io.Trajectory | None:
        path = self.path / "groundtruth.txt"
        return io.read_tum_trajectory(path) if path.is_file() else None

    def read(self, name: str) -> DepthSample:
        """Read one colour image, its depth and its pose."""
        time, file = self._of(name)
        image = io.read_image(file)
        if image.shape[:2] != (self.camera.height, self.camera.width):
            given = f"is {image.shape[1]}x{image.shape[0]} pixels"
            raise io.FormatError(file, given, f"{self.camera.width}x{self.camera.height}, as the camera")
        T = self._pose(time)
        clip = None if T is None else Clip(frames=(image,), cameras=self.camera, T_world_cam=T[None])
        return DepthSample(name=name, image=image, camera=self.camera, depth=self._depth(time, image), clip=clip)

    def _depth(self, time: float, image: Image) -> Depth | None:
        at = self._nearest([each for each, _ in self._depths], time)
        if at is None:
            return None
        path = self._depths[at][1]
        return depth_map(path, io.read_scaled(path, scale=5000.0), image)

    def _pose(self, time: float) -> Array | None:
        if self._trajectory is None:
            return None
        at = self._nearest(self._trajectory.seconds.tolist(), time)
        return None if at is None else self._trajectory.T_world_camera[at]

    def _nearest(self, times: list[float], time: float) -> int | None:
        if not times:
            return None
        at = int(np.argmin(np.abs(np.array(times) - time)))
        return at if abs(times[at] - time) <= self.within_s else None


def _listed(path: Path) -> list[tuple[float, Path]]:
    """Time and file of each line."""
    found = []
    for line in read_text(path, _LIST).splitlines():
        words = line.partition("#")[0].split()
        if words:
            with naming(path, _LIST):
                if len(words) != 2 or not np.isfinite(float(words[0])):
                    raise ValueError(f"a line is {line[:60]!r}")
                found.append((float(words[0]), below(path.parent, words[1], path)))
    return found
