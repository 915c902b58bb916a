"""What true depths that the camera cannot see do to scores: removed, and the figures with and without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..geometry import visible_returns
from ..samples import DepthSample, Sample
from .aligned import as_scored

if TYPE_CHECKING:
    from ..metrics._base import Protocol, Score
    from .comparison import Comparison, Row


def without_occluded(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """The samples with true depth that the camera sees (`geometry.visible_returns`).

    ValueError where none is of depth, or none has truth.
    """
    if not any(isinstance(sample, DepthSample) and sample.depth is not None for sample in samples):
        raise ValueError("occluded returns are removed from true depth, but no sample has any")
    return tuple(
        replace(sample, depth=visible_returns(sample.depth))
        if isinstance(sample, DepthSample) and sample.depth is not None
        else sample
        for sample in samples
    )


def effect(comparison: Comparison, originals: Sequence[Sample]) -> list[str]:
    """How many true depths are gone from each sample, and each method's main figures with them and without."""
    lines = []
    for before, after in zip(originals, comparison.samples, strict=True):
        if isinstance(before, DepthSample) and isinstance(after, DepthSample) and before.depth and after.depth:
            count = int(before.depth.valid.sum())
            gone = count - int(after.depth.valid.sum())
            share = 100 * gone / max(count, 1)
            lines.append(
                f"{after.name}: {gone} of {count} true depths ({share:.1f} %) lie behind nearer ones; they are removed"
            )
    by_name = {sample.name: sample for sample in originals}
    for label in comparison.labels:
        for protocol in comparison.protocols:
            rows = [row for row in comparison.of(label) if protocol.name in row.scores]
            if not rows:
                continue
            figures = comparison.figures(label, protocol)
            name = protocol.headline(figures)
            before_rows = [_before(row, protocol, by_name[row.sample]) for row in rows]
            old = protocol.aggregate(before_rows, [row.sample for row in rows])[name]
            lines.append(f"{label}: {name} by {protocol.name} {old:.4g} with them, {figures[name]:.4g} without")
    return lines


def _before(row: Row, protocol: Protocol, sample: Sample) -> Score:
    return protocol.score(as_scored(row.estimate, protocol, sample, row.align), sample)
