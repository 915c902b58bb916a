"""Matching costs as bytes: what semi-global matching adds up along its paths, of other ops or learned by a net.

A byte cost is between 0 and `MOST`, as much as the 62 bits of a census word differ at most, so that the same
penalties P1 and P2 suit every cost.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..images import Image
from ..learned import Net, from_checkpoint, threads

if TYPE_CHECKING:
    from torch import nn

Costs = NDArray[np.uint8]

#: Where public checkpoints of a learned cost are known.
PUBLIC = Net("mc_cnn", "MCCNNFast", 1, 1, public="public_mc_cnn.mc_cnn")
#: The largest cost.
MOST = 63
#: What a candidate outside the right image costs at most: more than a good match, less than a wrong one.
NEUTRAL = MOST // 3
#: Rows that are matched at a time, so that floating-point costs of the whole image never exist.
BAND = 32
#: Ops that rate candidates. Differences cost `MOST` where they reach the deviation of the left image.
OPS = ("absolute_differences", "squared_differences", "birchfield_tomasi", "ncc", "zncc")
#: Window of the correlations, pixels, and 1 − correlation that costs `MOST`; without means even strangers correlate.
WINDOW = 5
LARGEST = {"ncc": 0.1, "zncc": 1.5}
#: 1 − similarity of unit vectors that costs `MOST`: less than opposite ones, as chance alone makes few so unlike.
FARTHEST = 1.5
#: Powers of two between which floats are left as they are.
TAME = 16


def scaled(cost: NDArray[np.floating[Any]], largest: float) -> Costs:
    """0 … `largest` and more, as 0 … `MOST`; rounded to the nearest."""
    bytes_: Costs = np.rint(np.minimum(cost, largest) * np.float32(MOST / largest)).astype(np.uint8)
    return bytes_


def with_border(cost: Costs, disparities: range) -> Costs:
    """Candidates outside the right image made neutral, in place: they cost `NEUTRAL`, or the mean of those inside
    where that is less, so that the border is neither preferred nor lost.
    """
    height, width, _ = cost.shape
    matches = np.arange(width)[:, None] - np.array(disparities)
    inside = (matches >= 0) & (matches < width)
    for y in range(height):
        total = (cost[y] * inside).sum(1, dtype=np.int64)
        neutral = np.minimum(NEUTRAL, total // np.maximum(inside.sum(1), 1))
        neutral[~inside.any(1)] = NEUTRAL
        cost[y] = np.where(inside, cost[y], neutral[:, None].astype(np.uint8))
    return cost


def volume(cost: str, left: Image, right: Image, disparities: range, num_threads: int) -> Costs:
    """(H, W, disparities) of a grey pair by the name of an op, or of weights."""
    left, right = _tame(left, right)
    if cost in OPS:
        return of_op(cost, left, right, disparities, num_threads)
    from .. import weights

    try:
        weights.find(cost)
    except weights.WeightsError as error:
        raise weights.WeightsError(f"cost {cost!r} is none of census, {', '.join(OPS)}, and {error}") from None
    return learned(left, right, disparities, cost, num_threads)


def _tame(left: Image, right: Image) -> tuple[Image, Image]:
    """Floats so large or small that their squares leave float32, brought near 1 by a power of two: none is rounded."""
    if left.dtype.kind != "f":
        return left, right
    _, exponent = np.frexp(max(np.abs(view).max() for view in (left, right)))
    if -TAME < exponent < TAME:
        return left, right
    return np.ldexp(left, -exponent), np.ldexp(right, -exponent)


def of_op(cost: str, left: Image, right: Image, disparities: range, num_threads: int) -> Costs:
    """What an op of `geomvision.ops` says, a band of rows at a time."""
    from .. import ops

    views = [image.astype(np.float32) for image in (left, right)]
    spread = max(float(views[0].std(dtype=np.float64)), 1e-6)
    largest = {"absolute_differences": spread, "birchfield_tomasi": spread, "squared_differences": spread**2}
    halo = WINDOW // 2 if cost in ("ncc", "zncc") else 0
    window = {"window": WINDOW} if halo else {}
    limits = {"min_disparity": disparities.start, "max_disparity": disparities.stop, "num_threads": num_threads}
    found = np.empty((*left.shape, len(disparities)), np.uint8)
    for top in range(0, left.shape[0], BAND):
        begin, end = max(0, top - halo), top + BAND + halo
        rows = getattr(ops, cost)(views[0][begin:end], views[1][begin:end], **limits, **window)
        rows = rows[top - begin :][:BAND]
        # No candidate, or a window without texture: as unlike as can be, until the border is made neutral.
        found[top : top + BAND] = scaled(np.nan_to_num(rows, nan=np.inf), (largest | LARGEST)[cost])
    return with_border(found, disparities)


def learned(left: Image, right: Image, disparities: range, name: str, num_threads: int) -> Costs:
    """(H, W, disparities): how unlike the features of both views are; a grey pair of any scale."""
    import torch

    from .. import ops, weights

    net = _net(*weights.version(name))
    with torch.inference_mode(), threads(num_threads):
        features = [net(torch.from_numpy(image.astype(np.float32))[None, None]) for image in (left, right)]
        aligned, lead = _aligned(features[0], features[1], disparities.start)
        cost = np.empty((*left.shape, len(disparities)), np.uint8)
        for top in range(0, left.shape[0], BAND):
            rows = [f[:, :, top : top + BAND].contiguous() for f in aligned]
            alike = ops.correlation_volume(*rows, max_disparity=len(disparities)) * rows[0].shape[1]
            cost[top : top + BAND] = scaled(1 - alike[0, ..., lead:].permute(1, 2, 0).numpy(), FARTHEST)
    return with_border(cost, disparities)


def _aligned(left: Any, right: Any, first: int) -> tuple[tuple[Any, Any], int]:
    """Both so moved that candidate 0 of a volume is disparity `first`, and the columns put before the left one."""
    from torch.nn.functional import pad

    lead = max(0, -first)
    shifted = pad(right, (max(0, first), lead))[..., : right.shape[3] + lead]
    return (pad(left, (lead, 0)), shifted), lead


@lru_cache(maxsize=2)
def _net(path: Path, _written_ns: int) -> nn.Module:
    from .. import weights

    with weights.on_cpu():
        return _read(path)


def _read(path: Path) -> nn.Module:
    from .. import weights
    from ..nets.mc_cnn import MCCNNFast

    if path.suffix == weights.SUFFIX:
        made: nn.Module = weights.filled(MCCNNFast, *weights.load(path))
        return made.eval()
    net = from_checkpoint(PUBLIC, MCCNNFast, path).float()
    if not all(bool(parameter.isfinite().all()) for parameter in net.parameters()):
        raise weights.WeightsError(f"{path} holds weights that are NaN or infinite: take another checkpoint")
    return net.eval()
