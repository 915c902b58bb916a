"""What counts where a method gave no estimate, and what speaks against one that it gave."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..method import BackendError, Method
from ..metrics import for_task
from ..metrics._base import Protocol, Score
from ..results import MetricPose, RelativePose
from ..samples import Sample
from .protocols import has_truth


def flags_of(estimate: Any) -> tuple[str, ...]:
    """The names of what speaks against a pose, in alphabetical order; none for all else."""
    if isinstance(estimate, RelativePose):
        return tuple(sorted(estimate.degeneracies))
    return tuple(sorted(estimate.flags)) if isinstance(estimate, MetricPose) else ()


def counts(task: str) -> bool:
    """Whether a protocol of the task counts what a method failed on."""
    return any(type(each).missing is not Protocol.missing for each in for_task(task).values())


def counted(protocols: Iterable[Protocol], method: Method, sample: Sample, error: str) -> dict[str, Score]:
    """By protocol, what counts for a sample with truth on which a method failed, where the protocol counts that.

    What cannot run here at all (`BackendError`, as `error` begins) counts nowhere: that is no word on the method.
    """
    if not has_truth(sample) or error.startswith(BackendError.__name__):
        return {}
    found = {each.name: each.missing(sample, method) for each in protocols}
    return {name: score for name, score in found.items() if score is not None}
