"""What `fast_stereo` learns: as `refined_sgm`, from whose weights it begins."""

from __future__ import annotations

from ..nets.fast_stereo import FastStereo
from . import refined_sgm


class Task(refined_sgm.Task):
    """Net, loss and scores of one training."""

    name = "fast_stereo"
    method = "stereo/fast_stereo"
    network = "geomvision.nets.fast_stereo.FastStereo"
    net_class = FastStereo
