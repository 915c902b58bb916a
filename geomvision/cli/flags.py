"""Flags that several verbs have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..results import AlignedHow

Truth = Annotated[Path | None, typer.Option(help="Ground truth: .pfm, .flo, or .png by its data set's coding.")]
Scale = Annotated[float | None, typer.Option(help="Stored value = truth · scale, for truth in .png or .pgm.")]
Calib = Annotated[
    list[Path] | None,
    typer.Option(help="The rectified rig, any format; twice: left and right of ROS, two files of OpenCV."),
]
Unit = Annotated[str | None, typer.Option(help="Unit of OpenCV's T: m, cm or mm, as the board's squares were given.")]
Mask = Annotated[Path | None, typer.Option(help="Occlusion mask of the data set's layout.")]
Objects = Annotated[
    Path | None,
    typer.Option(help="Masks of the (left, first) image, scored by class: COCO's .json, CVAT's .xml or a .png."),
]
Pairs = Annotated[
    Path | None, typer.Option(help="Points of which one is further, as DIW's .csv has them: scored by ordinal.")
]
RemoveOccluded = Annotated[
    bool, typer.Option(help="Leave out true depths hidden from the camera, as laser scans have them; shows the effect.")
]
Align = Annotated[
    AlignedHow | None,
    typer.Option(help="Align relative depth to the truth for protocols in metres, which refuse it otherwise."),
]
Methods = Annotated[str | None, typer.Option(help="Names, separated by commas; all that can run when left out.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="An option: sgm.max_disparity=128, or max_disparity=128 for all.")
]
Protocols = Annotated[
    list[str] | None, typer.Option("--protocol", help="A protocol to score by; all of the task when left out.")
]
Out = Annotated[Path | None, typer.Option(help="Report to write: .html or .json.")]
Force = Annotated[bool, typer.Option(help="Run a pair that cannot be right all the same.")]
Repeats = Annotated[int, typer.Option(min=1, max=1000, help="Timed calls after one warm-up.")]
Commercial = Annotated[bool, typer.Option("--commercial", help="Refuse weights that may not be used commercially.")]
