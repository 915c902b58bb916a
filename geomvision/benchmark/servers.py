"""How benchmark servers want results: which files, where, in which format, and how many."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .. import io
from ..results import Depth, Disparity, Flow, SceneFlow

Values = NDArray[np.floating[Any]]
Format = Literal["kitti_disparity", "kitti_flow", "kitti_depth", "pfm", "flo"]
WRITERS: Mapping[Format, Callable[[Path, Any], None]] = {
    "kitti_disparity": io.write_kitti_disparity,
    "kitti_flow": io.write_kitti_flow,
    "kitti_depth": io.write_kitti_depth,
    "pfm": io.write_pfm,
    "flo": io.write_flo,
}
READERS: Mapping[Format, Callable[[Path], Values]] = {
    "kitti_disparity": io.read_kitti_disparity,
    "kitti_flow": io.read_kitti_flow,
    "kitti_depth": io.read_kitti_depth,
    "pfm": io.read_pfm,
    "flo": io.read_flo,
}
#: How far a value that was read back may be from the one that was written, px or m: half a step of the format; a whole
#: one of disparity, of which what rounds to 0 is written as 1/256. None for formats that hold floats.
STEPS: Mapping[Format, float] = {"kitti_disparity": 1 / 256, "kitti_flow": 0.5 / 64, "kitti_depth": 0.5 / 256}


_FRAME = r"\d{6}_10"


@dataclass(frozen=True, kw_only=True)
class Server:
    """One benchmark's way to take results."""

    name: str
    #: Type of the estimates it takes.
    kind: type
    form: Format
    #: Files of one estimate by the result's map: "{sample}", "{scene}" (the last part), "{method}", "{part}".
    maps: Mapping[str, str]
    #: What a sample's name, or its last part, must look like.
    names: str
    #: How many estimates the server asks for; None where it depends.
    count: int | None
    #: File with the seconds of one estimate, and what stands in it before the number; None where none is wanted.
    timing: tuple[str, str] | None = None
    #: Whether pixels may lack an estimate.
    gaps: bool = True
    #: How such maps' files are called instead, where they are called otherwise.
    sparse: str | None = None
    #: What is left to do with what was written.
    then: str = "upload the .zip"

    def places(self, sample: str, method: str, part: str, *, sparse: bool = False) -> dict[str, str]:
        """Paths of one estimate's files by the result's map. ValueError for a sample the server does not know."""
        scene = sample.rpartition("/")[2]
        if self.names == _FRAME and re.fullmatch(r"\d{6}", scene):
            scene += "_10"  # as files are called; `KITTI` calls a sample by its number alone
        wanted = sample if "/" in self.names else scene
        if re.fullmatch(self.names, wanted) is None:
            raise ValueError(f"{self.name} has no sample {sample!r}; names are like {self.names}")
        chosen = dict.fromkeys(self.maps, self.sparse) if sparse and self.sparse else self.maps
        return {
            field: str(place).format(sample=sample, scene=scene, method=method, part=part)
            for field, place in chosen.items()
        }

    def timing_place(self, sample: str, method: str, part: str) -> str | None:
        """Path of the file with the seconds; None where the server wants none."""
        if self.timing is None:
            return None
        return self.timing[0].format(sample=sample, scene=sample.rpartition("/")[2], method=method, part=part)


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What was written for a server."""

    server: str
    path: Path
    #: Estimates, and files in the .zip.
    estimates: int
    files: int
    #: Percentage of pixels, or of what `of` says, with an estimate.
    density: float
    #: What the reader should know, and what is left to do.
    notes: tuple[str, ...]
    of: str = "pixels"


class SubmissionError(ValueError):
    """Estimates that the server would refuse or score as something else; the message says which and why."""


SERVERS: Mapping[str, Server] = {
    server.name: server
    for server in (
        Server(
            name="kitti2012_stereo", kind=Disparity, form="kitti_disparity", maps={"px": "{scene}.png"}, names=_FRAME,
            count=195,
        ),
        Server(
            name="kitti2012_flow", kind=Flow, form="kitti_flow", maps={"px": "{scene}.png"}, names=_FRAME, count=195,
        ),
        Server(
            name="kitti2015_stereo", kind=Disparity, form="kitti_disparity", maps={"px": "disp_0/{scene}.png"},
            names=_FRAME, count=200,
        ),
        Server(
            name="kitti2015_flow", kind=Flow, form="kitti_flow", maps={"px": "flow/{scene}.png"}, names=_FRAME,
            count=200,
        ),
        Server(
            name="kitti2015_scene_flow", kind=SceneFlow, form="kitti_disparity", names=_FRAME, count=200,
            maps={"disparity0": "disp_0/{scene}.png", "disparity1": "disp_1/{scene}.png", "flow": "flow/{scene}.png"},
        ),
        Server(
            name="kitti_depth_prediction", kind=Depth, form="kitti_depth", maps={"m": "{scene}.png"}, names=r"\d{10}",
            count=500,
        ),
        Server(
            name="kitti_depth_completion", kind=Depth, form="kitti_depth", maps={"m": "{scene}.png"}, names=r"\d{10}",
            count=1000,
        ),
        Server(
            name="middlebury", kind=Disparity, form="pfm", maps={"px": "{part}/{scene}/disp0{method}.pfm"},
            sparse="{part}/{scene}/disp0{method}_s.pfm", names=r"[A-Z]\w+", count=30,
            timing=("{part}/{scene}/time{method}.txt", ""),
        ),
        Server(
            name="eth3d", kind=Disparity, form="pfm", maps={"px": "low_res_two_view/{scene}.pfm"}, names=r"\w+_\d[ls]",
            count=47, timing=("low_res_two_view/{scene}.txt", "runtime "),
        ),
        Server(
            name="sintel", kind=Flow, form="flo", maps={"px": "{part}/{sample}.flo"}, names=r"\w+/frame_\d{4}",
            count=1104, gaps=False,
            then="unpack it, run the benchmark's own program on it, bundler clean final RESULTS.lzma, and upload that",
        ),
    )
}  # fmt: skip
