"""HD1K: optical flow of a street in all weathers (Kondermann et al., CVPR Workshops 2016)."""

from __future__ import annotations

from pathlib import Path

from .. import io
from ..samples import FlowSample
from ._base import Listed
from ._files import flow_map, following, if_there, partner


class HD1K(Listed[FlowSample, tuple[Path, Path | None]]):
    """One sample per frame that has a next one, named ``000000_0010``; truth is sparse, in KITTI's PNG.

    Occlusion is not told. What ``hd1k_flow_uncertainty`` holds is not read: its unit could not be made sure.

    Args:
        path: the folder that holds ``hd1k_input`` and ``hd1k_flow_gt`` (or ``hd1k_challenge``, without truth).

    Raises:
        DatasetError: when there is no frame; the message tells the layout.
    """

    layout = "hd1k_input/image_2/000000_0010.png, truth in hd1k_flow_gt/flow_occ/000000_0010.png"

    def _found(self) -> dict[str, tuple[Path, Path | None]]:
        folders = (self.path / part / "image_2" for part in ("hd1k_input", "hd1k_challenge"))
        files = (file for folder in folders for file in sorted(folder.glob("*_*.png")))
        truth = self.path / "hd1k_flow_gt" / "flow_occ"
        return {f.stem: (f, if_there(truth / f.name)) for f in files if _next(f) is not None}

    def read(self, name: str) -> FlowSample:
        """Read one frame and the next."""
        file, truth = self._of(name)
        first = io.read_image(file)
        later = _next(file)
        if later is None:
            raise io.FormatError(file, "has no next frame any more", self.layout)
        flow = None if truth is None else flow_map(truth, io.read_kitti_flow(truth), first)
        return FlowSample(name=name, frame0=first, frame1=partner(later, first), flow=flow)


def _next(file: Path) -> Path | None:
    return if_there(file.with_name(f"{following(file.stem)}.png"))
