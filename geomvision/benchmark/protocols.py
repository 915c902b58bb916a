"""Which protocols can score which samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .. import metrics
from ..metrics._base import Protocol
from ..samples import DepthSample, FlowSample, PointsSample, PoseSample, Sample, SceneFlowSample


def has_truth(sample: Sample) -> bool:
    """Whether the sample knows what its estimate should be."""
    if isinstance(sample, FlowSample):
        return sample.flow is not None
    if isinstance(sample, SceneFlowSample | PointsSample):
        return sample.motion is not None or getattr(sample, "disparity0", None) is not None
    if isinstance(sample, PoseSample):
        return sample.T_1_0 is not None
    if isinstance(sample, DepthSample):
        return any(each is not None for each in (sample.depth, sample.relative, sample.pairs))
    return sample.disparity is not None


def applicable(task: str, chosen: Sequence[str | Protocol] | None, samples: Sequence[Sample]) -> tuple[Protocol, ...]:
    """The protocols to score by: those chosen, else all of the task that fit a sample; none when none has truth.

    Raises:
        ValueError: on an unknown name, on another task's protocol, or when protocols are chosen without truth.
    """
    truth = [sample for sample in samples if has_truth(sample)]
    if chosen is None:
        return tuple(each for each in metrics.for_task(task).values() if any(map(each.fits, truth)))
    found = tuple(_named(task, name) if isinstance(name, str) else name for name in chosen)
    for protocol in found:
        if protocol.task != task:
            raise ValueError(f"the protocol {protocol.name} scores {protocol.task}, not {task}")
    if found and not truth:
        raise ValueError("a protocol was chosen, but no sample has truth to score against")
    return found


def _named(task: str, name: str) -> Protocol:
    """A protocol of the task by name; "kitti2015" means the one of this task."""
    known = metrics.for_task(task)
    for candidate in (name, f"{name}_{task}"):
        if candidate in known:
            return known[candidate]
    raise ValueError(f"there is no {task} protocol {name!r}; there are {', '.join(known)}")


def protocol_names(task: str, wanted: Iterable[str] | None) -> tuple[str, ...] | None:
    """The full names of protocols of a task. ValueError where there is none of such a name."""
    if wanted is None:
        return None
    known = metrics.for_task(task)
    found = []
    for name in wanted:
        full = next((each for each in (name, f"{name}_{task}") if each in known), None)
        if full is None:
            raise ValueError(f"there is no {task} protocol {name!r}; there are {', '.join(known)}")
        found.append(full)
    return tuple(dict.fromkeys(found))
