"""InStereo2K: pairs of rooms with truth by structured light (Bao et al., Science China 2020)."""

from __future__ import annotations

from pathlib import Path

from .. import io
from ..images import Image
from ..io.scaled import require_png16
from ..results import Disparity
from ..samples import StereoSample
from ._base import Listed
from ._files import disparity_map, optional, partner
from ._occlusion import cross_check


class InStereo2K(Listed[StereoSample, Path]):
    """One sample per scene, named by its path (``train/part1/000000``); truth of both views, from which occlusion is.

    A stored disparity is pixels times 100, 0 unknown. No rig is published.

    Args:
        path: the folder that holds ``train`` and ``test``, one of these, or a scene.

    Raises:
        DatasetError: when there is no scene; the message tells the layout.
    """

    layout = "train/part1/000000/left.png, right.png, left_disp.png and right_disp.png (test/000000 alike)"

    def _found(self) -> dict[str, Path]:
        scenes = [file.parent for file in sorted(self.path.rglob("left.png")) if (file.parent / "right.png").is_file()]
        return {s.resolve().name if s == self.path else s.relative_to(self.path).as_posix(): s for s in scenes}

    def read(self, name: str) -> StereoSample:
        """Read one scene."""
        scene = self._of(name)
        left = io.read_image(scene / "left.png")
        truths = [optional(scene / f"{side}_disp.png", _disparity, left) for side in ("left", "right")]
        return StereoSample(
            name=name,
            left=left,
            right=partner(scene / "right.png", left),
            disparity=truths[0],
            disparity_right=truths[1],
            occluded=None if None in truths else cross_check(*truths),
        )


def _disparity(path: Path, image: Image) -> Disparity:
    require_png16(path, 1, "disparity times 100")
    return disparity_map(path, io.read_scaled(path, scale=100.0), image)
