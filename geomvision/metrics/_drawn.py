"""Figures over images that are drawn again and again, all drawings at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._base import Float64

#: Numbers held at a time while medians are looked for.
BLOCK = 20_000_000


def drawn_mean(values: Float64, known: NDArray[np.bool_], draws: NDArray[np.floating[Any]]) -> Float64:
    """Mean of the known values (images,) for each drawing (drawings, images); NaN where none is drawn."""
    counts = np.asarray(draws[:, known], np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((counts @ values[known]) / counts.sum(axis=1), np.float64)


def drawn_median(values: Float64, known: NDArray[np.bool_], draws: NDArray[np.floating[Any]]) -> Float64:
    """`np.median` of the known values (images,) for each drawing (drawings, images); NaN where none is drawn."""
    order = np.flatnonzero(known)[np.argsort(values[known], kind="stable")]
    found = np.full(len(draws), np.nan)
    if order.size == 0:
        return found
    rows = max(1, BLOCK // order.size)
    for begin in range(0, len(draws), rows):
        upto = np.cumsum(np.asarray(draws[begin : begin + rows][:, order], np.float64), axis=1)
        count = upto[:, -1]
        low, high = ((upto > place[:, None]).argmax(axis=1) for place in ((count - 1) // 2, count // 2))
        middle = (values[order[low]] + values[order[high]]) / 2
        found[begin : begin + rows] = np.where(count > 0, middle, np.nan)
    return found


def drawn_largest(values: Float64, known: NDArray[np.bool_], draws: NDArray[np.floating[Any]]) -> Float64:
    """The largest of the known values (images,), none of them negative, for each drawing; 0 where none is drawn."""
    order = np.flatnonzero(known)[np.argsort(-values[known], kind="stable")]
    found = np.zeros(len(draws))
    if order.size:
        there = draws[:, order] > 0
        first = there.argmax(axis=1)
        found = np.where(there.any(axis=1), values[order[first]], 0.0)
    return np.asarray(found, np.float64)


def drawn_precision(
    confidence: Float64, right: Float64, made: NDArray[np.bool_], draws: NDArray[np.floating[Any]]
) -> Float64:
    """Sum over estimates of the precision at their confidence, equal ones together, for each drawing.

    Over the number of all images drawn it is the average precision; `right` is 1 or 0, `made` tells estimates.
    """
    order = np.flatnonzero(made)[np.argsort(-confidence[made], kind="stable")]
    found = np.zeros(len(draws))
    if order.size == 0:
        return found
    last = np.append(np.diff(confidence[order]) != 0, True)
    rows = max(1, BLOCK // order.size)
    for begin in range(0, len(draws), rows):
        own = np.asarray(draws[begin : begin + rows][:, order], np.float64)
        given, hits = (np.cumsum(each, axis=1)[:, last] for each in (own, own * right[order]))
        precision = np.divide(hits, given, out=np.zeros_like(given), where=given > 0)
        found[begin : begin + rows] = (np.diff(given, axis=1, prepend=0.0) * precision).sum(axis=1)
    return found
