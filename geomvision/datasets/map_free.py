"""Map-free relocalisation: phones' views of 655 places, two at a time (Arnold et al., ECCV 2022)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from .. import io
from ..cameras import Array, Camera, inverse
from ..images import Image
from ..io._files import below, naming, read_text
from ..io._rotations import rotation_of
from ..results import Depth
from ..samples import PoseSample
from ._base import Listed
from ._files import fitting

_INTRINSICS = "lines 'seq0/frame_00000.jpg fx fy cx cy width height'"
_POSES = "lines 'seq0/frame_00000.jpg qw qx qy qz tx ty tz'"
_REFERENCE = "seq0/frame_00000.jpg"


class MapFree(Listed[PoseSample, tuple[Path, str]]):
    """One sample per query view of a place, named ``s00460/seq1/frame_00005.jpg``, against its reference view.

    Image 0 is ``seq0/frame_00000.jpg``, image 1 the query; `T_1_0` in metres. The poses of the test places are not
    published (all zeros): None. Pairs within the sequences of training places are not listed.

    Args:
        path: the folder of places (``train``, ``val``, ``test``), one that holds these, or a place.
        every: take every so many queries; the benchmark takes 5.
        depth: what estimated depth is called that lies beside the images, "dptkitti" for
            ``seq0/frame_00000.dptkitti.png``, millimetres of 16 bits, which methods are then told; "" for none.

    Raises:
        DatasetError: when there is no query; the message tells the layout. ValueError for a number below 1, or a name
            that is no word.
    """

    layout = "val/s00460/intrinsics.txt, poses.txt, seq0/frame_00000.jpg and seq1/frame_00000.jpg"

    def __init__(self, path: str | Path, *, every: int = 1, depth: str = "") -> None:
        if every < 1:
            raise ValueError(f"every is {every}; it must be at least 1")
        if re.fullmatch(r"[\w-]*", depth) is None:
            raise ValueError(f"depth is {depth!r}; it must be a word, as in frame_00000.WORD.png")
        self.every, self.depth = every, depth
        super().__init__(path)

    def _found(self) -> dict[str, tuple[Path, str]]:
        found: dict[str, tuple[Path, str]] = {}
        for scene in (self.path, *sorted(self.path.glob("*/")), *sorted(self.path.glob("*/*/"))):
            if (scene / _REFERENCE).is_file():
                queries = sorted((scene / "seq1").glob("*.jpg"))[:: self.every]
                found |= {f"{scene.resolve().name}/seq1/{file.name}": (scene, f"seq1/{file.name}") for file in queries}
        return found

    def read(self, name: str) -> PoseSample:
        """Read one pair."""
        scene, query = self._of(name)
        image0, image1 = (io.read_image(scene / each) for each in (_REFERENCE, query))
        rows = _rows(scene / "intrinsics.txt", _INTRINSICS, 6)
        poses = _rows(scene / "poses.txt", _POSES, 7) if (scene / "poses.txt").is_file() else {}
        before, after = (_pose(scene / "poses.txt", poses.get(each)) for each in (_REFERENCE, query))
        return PoseSample(
            name=name,
            image0=image0,
            image1=image1,
            camera0=_camera(scene, _REFERENCE, rows, image0),
            camera1=_camera(scene, query, rows, image1),
            T_1_0=None if before is None or after is None else after @ inverse(before),
            depth0=self._depth(scene / _REFERENCE, image0),
            depth1=self._depth(scene / query, image1),
        )

    def _depth(self, path: Path, image: Image) -> Depth | None:
        if not self.depth:
            return None
        own = path.with_suffix(f".{self.depth}.png")
        found = io.read_depth(own, scale=1000.0, invalid=0)
        fitting(own, found.size, image)
        return found


def _rows(path: Path, expected: str, count: int) -> dict[str, Array]:
    """The numbers of each line by the view's name."""
    rows = {}
    for line in read_text(path, expected).splitlines():
        words = line.partition("#")[0].split()
        if words:
            with naming(path, expected):
                below(path.parent, words[0], path)
                rows[words[0]] = np.array([float(word) for word in words[1:]]).reshape(count)
    return rows


def _camera(scene: Path, view: str, rows: dict[str, Array], image: Image) -> Camera:
    path = scene / "intrinsics.txt"
    with naming(path, _INTRINSICS):
        fx, fy, cx, cy, width, height = (float(value) for value in rows[view])
        camera = Camera(width=int(width), height=int(height), fx=fx, fy=fy, cx=cx, cy=cy)
    fitting(scene / view, (camera.height, camera.width), image)
    return camera


def _pose(path: Path, numbers: Array | None) -> Array | None:
    """T_camera_world of seven numbers; None for none, and for the zeros of the test places."""
    if numbers is None or not numbers.any():
        return None
    with naming(path, _POSES):
        T = np.eye(4)
        T[:3, :3], T[:3, 3] = rotation_of(numbers[:4]), numbers[4:]
        if not np.isfinite(T).all():
            raise ValueError("a pose is not finite")
        return T
