"""Matches that are given several times."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array


def distinct(points0: Array, points1: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """The first of each group of equal matches, in order (M,), and which of these each match equals (N,).

    None where no two matches are equal. SIFT finds a point several times, once for each direction in which it sees a
    gradient: the same match over again confirms nothing.
    """
    columns = [*points0.T, *points1.T]
    key = np.sort(columns[0] + math.sqrt(2.0) * columns[1] + math.pi * columns[2] + math.e * columns[3])
    if not (key[1:] == key[:-1]).any():  # equal matches have equal keys; a sort of one column is quick
        return None
    order = np.lexsort(columns)
    rows = np.column_stack(columns)[order]
    begins = np.concatenate([[True], (rows[1:] != rows[:-1]).any(axis=1)])
    if begins.all():
        return None
    first = order[begins]  # lexsort is stable: the first of its group
    kept = np.sort(first)
    which = np.empty(len(order), np.int64)
    which[order] = np.searchsorted(kept, first)[np.cumsum(begins) - 1]
    return kept, which
