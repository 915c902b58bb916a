"""How steady methods are over the frames of posed clips that a comparison holds."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from ..metrics import video_depth
from ..samples import DepthSample

if TYPE_CHECKING:
    from .comparison import Comparison


def steadiness(comparison: Comparison) -> list[str]:
    """One line for each clip: `metrics.video_depth` of each method, or why a method has none.

    Samples that follow one another, are called ``clip/frame`` and know their poses are the frames of one clip.
    """
    lines = []
    for clip, frames in groupby(comparison.samples, _clip_of):
        samples = [sample for sample in frames if isinstance(sample, DepthSample)]
        if not clip or len(samples) < 2:
            continue
        told = []
        for label in comparison.labels:
            made = {row.sample: row.estimate for row in comparison.of(label)}
            estimates = [made[sample.name] for sample in samples]
            if any(estimate is None for estimate in estimates):
                told.append(f"{label} – (failed on a frame)")
                continue
            try:
                told.append(f"{label} {video_depth(estimates, samples)['TAE'].value:.3g} %")
            except ValueError as error:
                told.append(f"{label} – ({error})")
        lines.append(f"{clip}, {len(samples)} frames: depth is unsteady (TAE) by {', '.join(told)}")
    return lines


def _clip_of(sample: object) -> str:
    """The name of the posed clip that a sample is a frame of, or nothing."""
    if not isinstance(sample, DepthSample) or sample.clip is None or sample.clip.T_world_cam is None:
        return ""
    return sample.name.rpartition("/")[0]
