"""Rows of learned matching: correlations, their lookups, group-wise volumes, against torch."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from contest import OURS, Call, Contest, Row, Work, op

import geomvision as gv

LEVELS = 4


def random(*shape: int, seed: int = 0) -> Any:
    import torch

    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def with_backward(forward: Callable[..., Any], *inputs: Any) -> Call:
    """The forward call, and the gradients of all inputs for an output's gradient of ones."""
    import torch

    leaves = [tensor.clone().requires_grad_() for tensor in inputs]
    ones: list[Any] = []

    def call() -> Any:
        output = forward(*leaves)
        if not ones:
            ones.append(torch.ones_like(output))
        return torch.autograd.grad(output, leaves, ones[0])

    return call


def forward_only(forward: Callable[..., Any], *inputs: Any) -> Call:
    import torch

    def call() -> Any:
        with torch.inference_mode():
            return forward(*inputs)

    return call


def sides(backward: bool, ours: Callable[..., Any], peers: Mapping[str, Callable[..., Any]], *inputs: Any) -> Any:
    run = with_backward if backward else forward_only
    return {name: run(function, *inputs) for name, function in {OURS: ours, **peers}.items()}


def lookups(prepared: str, function: str, **settings: Any) -> Callable[..., Call]:
    """(features0, features1) → a lookup of coordinates: of features prepared once, where the op can."""
    if hasattr(gv.ops, prepared):
        make: Callable[..., Call] = partial(getattr(gv.ops, prepared), **settings)
        return make
    run = op(function)
    return lambda first, second: partial(run, first, second, **settings)


def local(radius: int, backward: bool) -> Contest:
    channels, height, width = 128, 96, 320

    def prepare(threads: int) -> Mapping[str, Call]:
        import torch_peers

        ours = op("local_correlation")
        peers = {"torch banded bmm": lambda a, b: torch_peers.banded_bmm(a, b, radius)}
        if radius <= 4:  # a loop over 1681 shifts is far slower, and leaves holes in the heap until memory is short
            peers["torch shift loop"] = lambda a, b: torch_peers.shift_loop(a, b, radius)
        if importlib.util.find_spec("spatial_correlation_sampler") and radius <= 4:
            from spatial_correlation_sampler import spatial_correlation_sample

            peers["spatial-correlation-sampler"] = lambda a, b: spatial_correlation_sample(
                a, b, patch_size=2 * radius + 1
            )
        inputs = random(1, channels, height, width), random(1, channels, height, width, seed=1)
        return sides(backward, lambda a, b: ours(a, b, radius=radius, num_threads=threads), peers, *inputs)

    flops = 2.0 * channels * height * width * (2 * radius + 1) ** 2
    name = "local correlation, with backward" if backward else "local correlation"
    case = f"C = {channels}, {height}×{width}, radius {radius}"
    return Contest(row=name, case=case, prepare=prepare, work=Work(flops=flops * (3 if backward else 1)))


def raft(backward: bool, height: int = 55, width: int = 128) -> Contest:
    channels, iterations, radius = 256, 12, 4

    def prepare(threads: int) -> Mapping[str, Call]:
        import torch
        import torch_peers

        settings = {"radius": radius, "levels": LEVELS, "num_threads": threads}
        prepare_lookup = lookups("CorrelationLookup", "correlation_lookup", **settings)
        y, x = torch.meshgrid(torch.arange(height) * 1.0, torch.arange(width) * 1.0, indexing="ij")
        grid = torch.stack([x, y])[None]
        moves = [grid + 3 * random(1, 2, height, width, seed=k) for k in range(iterations)]
        gather = (lambda found: torch.stack(list(found))) if backward else last  # derivatives want them all

        def ours(a: Any, b: Any) -> Any:
            lookup = prepare_lookup(a, b)
            return gather(map(lookup, moves))

        def peer(a: Any, b: Any) -> Any:
            pyramid = torch_peers.all_pairs(a, b, LEVELS)
            return gather(torch_peers.lookup(pyramid, move, radius) for move in moves)

        inputs = random(1, channels, height, width), random(1, channels, height, width, seed=1)
        return sides(backward, ours, {"torch matmul, pyramid, grid_sample": peer}, *inputs)

    # Each level's window takes (2r + 2)² products of features, whatever the fractions.
    flops = 2.0 * channels * height * width * LEVELS * (2 * radius + 2) ** 2 * iterations * (3 if backward else 1)
    name = "RAFT correlation, with backward" if backward else "RAFT correlation"
    case = f"1024×436, C = {channels}, {iterations} iterations, radius {radius}, {LEVELS} levels"
    measured = {"memory": True, "small": raft(False, 16, 16)} if (backward, height) == (False, 55) else {}
    return Contest(row=name, case=case, prepare=prepare, work=Work(flops=flops), **measured)


def scattered(height: int, width: int, iterations: int) -> list[Any]:
    """Columns to look at that have nothing to do with those of the iteration before."""
    import torch

    return [torch.arange(width) - 20.0 + 3 * random(1, height, width, seed=k) for k in range(iterations)]


def converging(height: int, width: int, iterations: int) -> list[Any]:
    """Columns that approach disparities from 0, a quarter of the rest each time, and never quite come to rest."""
    import torch

    y, x = torch.arange(height)[:, None], torch.arange(width)
    truth = 20 + 10 * torch.sin(x / 60) + 8 * torch.cos(y / 40) + 0.3 * random(height, width)
    return [(x - truth * (1 - 0.75**k) + 0.1 * random(height, width, seed=k))[None] for k in range(iterations)]


def last(results: Iterable[Any]) -> Any:
    """The last of them; none is kept beside the next."""
    result = None
    for each in results:
        result = each
    return result


def raft_stereo(settles: bool, height: int = 270, width: int = 480) -> Contest:
    channels, iterations, radius = 256, 32, 4

    def prepare(threads: int) -> Mapping[str, Call]:
        import torch_peers

        settings = {"radius": radius, "levels": LEVELS, "num_threads": threads}
        prepare_lookup = lookups("CorrelationLookup1D", "correlation_lookup_1d", **settings)
        places = converging(height, width, iterations) if settles else scattered(height, width, iterations)

        def ours(a: Any, b: Any) -> Any:
            lookup = prepare_lookup(a, b)
            return last(map(lookup, places))

        def peer(a: Any, b: Any) -> Any:
            pyramid = torch_peers.all_pairs_1d(a, b, LEVELS)
            return last(torch_peers.lookup_1d(pyramid, x, radius) for x in places)

        inputs = random(1, channels, height, width), random(1, channels, height, width, seed=1)
        return sides(False, ours, {"torch einsum, pyramid, grid_sample": peer}, *inputs)

    flops = 2.0 * channels * height * width * LEVELS * (2 * radius + 2) * iterations
    kind = "converging" if settles else "at random"
    case = f"1/4 of 1080p, C = {channels}, {iterations} iterations, {kind}, radius {radius}, {LEVELS} levels"
    measured = {"memory": True, "small": raft_stereo(settles, 8, 32)} if height == 270 else {}
    return Contest(row="RAFT-Stereo correlation", case=case, prepare=prepare, work=Work(flops=flops), **measured)


def group_wise(backward: bool) -> Contest:
    channels, groups, disparities, height, width = 320, 40, 48, 94, 311

    def prepare(threads: int) -> Mapping[str, Call]:
        import torch_peers

        volume = op("group_wise_volume")

        def ours(a: Any, b: Any) -> Any:
            return volume(a, b, max_disparity=disparities, groups=groups, num_threads=threads)

        peers = {"torch loop over disparities": lambda a, b: torch_peers.group_wise(a, b, disparities, groups)}
        inputs = random(1, channels, height, width), random(1, channels, height, width, seed=1)
        return sides(backward, ours, peers, *inputs)

    cells = float(disparities * height * width)
    work = Work(flops=2.0 * channels * cells * (3 if backward else 1), bytes=4.0 * groups * cells)
    name = "group-wise volume, with backward" if backward else "group-wise volume"
    case = f"C = {channels}, {groups} groups, D = {disparities}, {height}×{width}"
    return Contest(row=name, case=case, prepare=prepare, work=work)


def row(name: str, bar: float, *cases: Contest, **demands: Any) -> Row:
    return Row(name=name, peer="the best of torch", bar=bar, cases=cases, **demands)


def rows() -> list[Row]:
    half_of_peak = {"near_limit": 2.0, "scaling": 3.2}
    return [
        row("local correlation", 20.0, local(4, False), local(20, False), **half_of_peak),
        row("local correlation, with backward", 20.0, local(4, True), local(20, True), scaling=3.2),
        row("RAFT correlation", 3.0, raft(False), memory_share=1 / 20, **half_of_peak),
        row("RAFT correlation, with backward", 3.0, raft(True), scaling=3.2),
        row("RAFT-Stereo correlation", 6.0, raft_stereo(True), raft_stereo(False), memory_share=1 / 10, scaling=3.2),
        row("group-wise volume", 12.0, group_wise(False)),
        row("group-wise volume, with backward", 60.0, group_wise(True)),
    ]
