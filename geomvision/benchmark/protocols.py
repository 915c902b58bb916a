"""Which protocols can score which samples."""

from __future__ import annotations

from collections.abc import Sequence

from .. import metrics
from ..datasets.sample import DepthSample, FlowSample, Sample
from ..metrics._base import Protocol


def has_truth(sample: Sample) -> bool:
    """Whether the sample knows what its estimate should be."""
    if isinstance(sample, FlowSample):
        return sample.flow is not None
    return (sample.depth if isinstance(sample, DepthSample) else sample.disparity) is not None


def applicable(task: str, chosen: Sequence[str | Protocol] | None, samples: Sequence[Sample]) -> tuple[Protocol, ...]:
    """The protocols to score by: those chosen, else all of the task; none when no sample has truth.

    Raises:
        ValueError: on an unknown name, on another task's protocol, or when protocols are chosen without truth.
    """
    if chosen is None:
        if not any(has_truth(sample) for sample in samples):
            return ()
        return tuple(protocol for protocol in metrics.PROTOCOLS.values() if protocol.task == task)
    found = tuple(metrics.PROTOCOLS[name] if isinstance(name, str) else name for name in chosen)
    for protocol in found:
        if protocol.task != task:
            raise ValueError(f"{protocol.name} scores {protocol.task}, not {task}")
    if found and not any(has_truth(sample) for sample in samples):
        raise ValueError("protocols need truth, and no sample has any: give a truth file")
    return found
