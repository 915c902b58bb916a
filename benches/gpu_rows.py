"""Rows of the table on a GPU: what runs, against what, and what it cannot do without."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
import torch_peers
from torch import Tensor

import geomvision as gv
from geomvision.ops._dispatch import cuda_kernel

Call = Callable[[], Any]
OURS = "geomvision"
DEVICE = "cuda"
#: libSGM's README: 8 paths at 1024 × 440, 128 disparities on an RTX 3080, whose memory moves 760 GB/s.
LIBSGM_MS, LIBSGM_GBS = 1.5, 760.0


@dataclass(frozen=True, kw_only=True)
class Row:
    """One case. `prepare` makes our call (`OURS`) and then the peer's; `kernels` are those of `_cuda` it needs."""

    name: str
    case: str
    bar: float
    prepare: Callable[[], dict[str, Call]]
    kernels: tuple[str, ...]
    bytes: float = 0.0  #: read and written once
    flops: float = 0.0
    wall: bool = False  #: the peer runs on the CPU: wall time
    published: Mapping[str, float] = field(default_factory=dict)  #: a peer that is not here: its name, its milliseconds


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(DEVICE)


def with_backward(function: Callable[..., Tensor], *inputs: Tensor) -> Call:
    leaves = [tensor.clone().requires_grad_() for tensor in inputs]
    with torch.device(DEVICE):
        ones = torch.ones_like(function(*leaves))
    return lambda: torch.autograd.grad(function(*leaves), leaves, ones)


def pair(width: int, height: int) -> tuple[Any, Any]:
    """Grey dots on a slanted plane, whose disparity grows from row to row. Times do not depend on what is there."""
    rng = np.random.default_rng(7)
    right = rng.integers(0, 256, (height, width), np.uint8)
    shifts = np.linspace(2, min(100, width // 4), height).astype(int)
    left = np.stack([np.roll(row, shift) for row, shift in zip(right, shifts, strict=True)])
    return left, right


def described(tensor: Tensor) -> tuple[int, tuple[int, ...], str]:
    return tensor.data_ptr(), tuple(tensor.shape), str(tensor.dtype).removeprefix("torch.")


def matcher(name: str, width: int, height: int, options: Mapping[str, Any]) -> tuple[Call, Call, tuple[Tensor, Tensor]]:
    """A matcher on images that the GPU holds; the same of the core on all cores; and the images."""
    from geomvision import _core

    images = pair(width, height)
    given = {**gv.stereo.METHODS[name](**options).options(), "num_threads": 0}
    tensors = tuple(torch.from_numpy(image).to(DEVICE) for image in images)
    maps = [torch.empty(height, width, dtype=dtype, device=DEVICE) for dtype in (torch.float32,) * 2 + (torch.uint8,)]
    kernel = cuda_kernel(name)

    def ours() -> None:
        stream = torch.cuda.current_stream().cuda_stream
        kernel(*map(described, tensors), given, *map(described, maps), stream)

    return ours, lambda: getattr(_core, name)(*images, given), tensors


def sgm(width: int, height: int, rates: Mapping[str, float]) -> list[Row]:
    disparities, paths = 128, 8
    options = {"max_disparity": disparities, "paths": paths, "speckle_size": 0}
    cells = float(width * height * disparities)

    def against_cpu() -> dict[str, Call]:
        ours, cpu, _ = matcher("sgm", width, height, options)
        return {OURS: ours, "our CPU core, all cores": cpu}

    def alone() -> dict[str, Call]:
        return {OURS: matcher("sgm", width, height, options)[0]}

    # path costs of each direction, written and read once
    work = {"bytes": 2 * paths * cells, "kernels": ("sgm",)}
    case = f"{width}×{height}, D = {disparities}"
    rows = [Row(name="SGM, 8 paths", case=case, bar=20.0, prepare=against_cpu, wall=True, **work)]
    if width == 1024:
        scaled = LIBSGM_MS * LIBSGM_GBS / rates["copy_gbs"]
        peer = f"libSGM's published {LIBSGM_MS} ms, by bandwidth"
        rows.append(Row(name="SGM, 8 paths", case=case, bar=1.0, prepare=alone, published={peer: scaled}, **work))
    return rows


def torch_block_matching(left: Tensor, right: Tensor, disparities: int, window: int) -> Tensor:
    """Sums of absolute differences in square windows, one disparity after the other; the smallest wins."""
    left, right = left.float()[None, None], right.float()[None, None]
    best = torch.full_like(left, math.inf)
    winner = torch.zeros_like(left)
    for d in range(disparities):
        apart = F.pad((left[..., d:] - right[..., : right.shape[-1] - d]).abs(), (d, 0), value=255.0)
        cost = F.avg_pool2d(apart, window, stride=1, padding=window // 2)
        better = cost < best
        best, winner = torch.where(better, cost, best), torch.where(better, float(d), winner)
    return winner


def block_matching(width: int, height: int) -> Row:
    disparities, window = 128, 15

    def prepare() -> dict[str, Call]:
        options = {"max_disparity": disparities, "cost": "sad", "window": window}
        ours, _, images = matcher("block_matching", width, height, options)
        return {OURS: ours, "torch, disparity by disparity": lambda: torch_block_matching(*images, disparities, window)}

    case = f"{width}×{height}, D = {disparities}, window {window}"
    cells = float(width * height * disparities)
    return Row(
        name="block matching, SAD", case=case, bar=10.0, prepare=prepare, kernels=("block_matching",), flops=6 * cells
    )


def local_correlation(height: int, width: int) -> Row:
    channels, radius = 256, 4

    def prepare() -> dict[str, Call]:
        features = random(1, channels, height, width), random(1, channels, height, width, seed=1)

        def unfold(left: Tensor, right: Tensor) -> Tensor:
            side = 2 * radius + 1
            windows = F.unfold(right, side, padding=radius).view(1, channels, side * side, height, width)
            return torch.einsum("bchw,bcshw->bshw", left, windows) / channels

        ours = with_backward(lambda a, b: gv.ops.local_correlation(a, b, radius=radius), *features)
        return {OURS: ours, "torch unfold, einsum": with_backward(unfold, *features)}

    products = float(height * width * channels * (2 * radius + 1) ** 2)
    return Row(
        name="local correlation, with backward",
        case=f"C = {channels}, {height}×{width}, radius {radius}",
        bar=5.0,
        prepare=prepare,
        kernels=("local_correlation", "local_correlation_backward"),
        flops=6 * products,
    )


def raft_lookup(height: int, width: int, compared: bool = True) -> Row:
    channels, radius, levels, iterations = 256, 4, 4, 12

    def prepare() -> dict[str, Call]:
        features = random(1, channels, height, width), random(1, channels, height, width, seed=1)
        y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        places = torch.stack([x, y])[None].float().to(DEVICE) + 4 * random(1, 2, height, width, seed=2)

        def ours(first: Tensor, second: Tensor) -> Tensor:
            lookup = gv.ops.CorrelationLookup(first, second, radius=radius, levels=levels)
            return sum(lookup(places) for _ in range(iterations))  # type: ignore[return-value]

        def volume(first: Tensor, second: Tensor) -> Tensor:
            pyramid = torch_peers.all_pairs(first, second, levels)
            return sum(torch_peers.lookup(pyramid, places, radius) for _ in range(iterations))  # type: ignore[return-value]

        calls = {OURS: with_backward(ours, *features)}
        name, peer = ("torch volume, grid_sample", volume) if compared else ("itself: that it runs", ours)
        return {**calls, name: with_backward(peer, *features)}

    samples = float(height * width * levels * (2 * radius + 2) ** 2 * channels * iterations)
    return Row(
        name="RAFT lookup, with backward",
        case=f"{8 * height}×{8 * width}, C = {channels}, {iterations} iterations",
        bar=1.0 if compared else 0.0,
        prepare=prepare,
        kernels=("packed_lookup", "packed_lookup_backward"),
        flops=6 * samples,
    )


def warp(height: int, width: int, channels: int) -> Row:
    def prepare() -> dict[str, Call]:
        image = random(1, channels, height, width)
        y, x = torch.meshgrid(torch.arange(height).to(DEVICE), torch.arange(width).to(DEVICE), indexing="ij")
        field = 3 * random(1, 2, height, width, seed=1)
        # inside, since the two differ beyond the border: there grid_sample mixes zeros in
        field[:, 0] = (x + field[:, 0]).clamp(0.25, width - 1.25) - x
        field[:, 1] = (y + field[:, 1]).clamp(0.25, height - 1.25) - y

        def peer(features: Tensor, flow: Tensor) -> Tensor:
            return torch_peers.sample(features, x + flow[:, 0], y + flow[:, 1])

        ours = with_backward(lambda a, b: gv.ops.warp(a, b, outside="zero"), image, field)
        return {OURS: ours, "grid_sample": with_backward(peer, image, field)}

    size = 4.0 * height * width
    return Row(
        name="warp, with backward",
        case=f"{channels} channels, {height}×{width}",
        bar=1.0,
        prepare=prepare,
        kernels=("warp_features", "warp_features_backward"),
        bytes=size * (5 * channels + 6),
    )


def splat(height: int, width: int, channels: int) -> Row:
    def prepare() -> dict[str, Call]:
        image, flow = random(1, channels, height, width), 3 * random(1, 2, height, width, seed=1)
        ours = with_backward(lambda a, b: gv.ops.splat(a, b, mode="sum"), image, flow)
        return {OURS: ours, "index_add": with_backward(torch_peers.splat_sum, image, flow)}

    size = 4.0 * height * width
    return Row(
        name="splat, with backward",
        case=f"{channels} channels, {height}×{width}",
        bar=3.0,
        prepare=prepare,
        kernels=("splat_sum", "splat_sum_backward"),
        bytes=size * (5 * channels + 6),
    )


def rows(rates: Mapping[str, float]) -> list[Row]:
    return [
        *sgm(1920, 1080, rates),
        *sgm(1024, 440, rates),
        block_matching(1920, 1080),
        local_correlation(96, 320),
        local_correlation(135, 240),
        raft_lookup(135, 240),
        raft_lookup(270, 480, compared=False),
        warp(540, 960, 32),
        warp(135, 240, 128),
        splat(540, 960, 32),
    ]
