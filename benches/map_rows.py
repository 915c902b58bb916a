"""Rows of dense maps: warping, edge-aware smoothing, upsampling with soft-argmin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import stereo_rows
from contest import OURS, Call, Contest, MissingError, Row, Work, op
from correlation_rows import forward_only, random
from numpy.typing import NDArray

SIZES = stereo_rows.SIZES


def displacement(width: int, height: int) -> NDArray[Any]:
    """A smooth flow of up to about 20 px, (H, W, 2)."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([12 + 8 * np.sin(y / 97) * np.cos(x / 131), 3 * np.sin(x / 53)], -1).astype(np.float32)


def by_threads(name: str, threads: int, *arguments: Any, **options: Any) -> Call:
    """A call of an op on `threads` threads; without a choice of threads it runs as it likes."""
    function = op(name)
    try:
        function(*arguments, **options, num_threads=threads)
    except TypeError as error:
        if "num_threads" not in str(error):
            raise MissingError(f"geomvision.ops.{name}: {error}") from error
        return lambda: function(*arguments, **options)
    return lambda: function(*arguments, **options, num_threads=threads)


def warp_as_opencv(size: tuple[int, int]) -> Contest:
    width, height = size

    def prepare(threads: int) -> Mapping[str, Call]:
        import cv2

        image = stereo_rows.pair(width, height)[0].astype(np.float32)
        moves = displacement(width, height)
        y, x = np.mgrid[:height, :width].astype(np.float32)
        maps = x + moves[..., 0], y + moves[..., 1]
        border = {"borderMode": cv2.BORDER_CONSTANT, "borderValue": float("nan")}
        return {
            OURS: by_threads("warp", threads, image, moves),
            "cv2.remap": lambda: cv2.remap(image, *maps, cv2.INTER_LINEAR, **border),
        }

    work = Work(flops=12.0 * width * height, bytes=16.0 * width * height)
    return Contest(row="warp, numpy", case=f"{width}×{height}, grey floats", prepare=prepare, work=work)


def warp_as_torch(size: tuple[int, int]) -> Contest:
    width, height = size
    channels = 32

    def prepare(threads: int) -> Mapping[str, Call]:
        import torch
        import torch.nn.functional as F  # noqa: N812

        image = random(1, channels, height, width)
        moves = torch.from_numpy(displacement(width, height)).permute(2, 0, 1)[None].contiguous()
        ours = op("warp")

        def peer(features: Any, flow: Any) -> Any:
            y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
            x, y = x + flow[:, 0], y + flow[:, 1]
            grid = torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], -1)
            return F.grid_sample(features, grid, align_corners=True)

        return {
            OURS: forward_only(lambda a, b: ours(a, b, num_threads=threads), image, moves),
            "torch grid_sample": forward_only(peer, image, moves),
        }

    pixels = float(width * height)
    work = Work(flops=6.0 * channels * pixels, bytes=8.0 * (channels + 1) * pixels)
    return Contest(row="warp, torch", case=f"{width}×{height}, {channels} channels", prepare=prepare, work=work)


def splatting(size: tuple[int, int], mode: str) -> Contest:
    width, height = size
    channels = 32

    def prepare(threads: int) -> Mapping[str, Call]:
        import torch
        import torch_peers

        image, importance = random(1, channels, height, width), random(1, 1, height, width, seed=1)
        moves = torch.from_numpy(displacement(width, height)).permute(2, 0, 1)[None].contiguous()
        ours = op("splat")
        if mode == "sum":
            return {
                OURS: forward_only(lambda a, b: ours(a, b, num_threads=threads), image, moves),
                "torch index_add": forward_only(torch_peers.splat_sum, image, moves),
            }
        options = {"mode": mode, "holes": "zero", "num_threads": threads}
        return {
            OURS: forward_only(lambda a, b, c: ours(a, b, importance=c, **options), image, moves, importance),
            "torch index_add": forward_only(torch_peers.splat_softmax, image, moves, importance),
        }

    pixels = float(width * height)
    work = Work(flops=8.0 * channels * pixels, bytes=8.0 * (channels + 1) * pixels)
    return Contest(row="splat", case=f"{width}×{height}, {channels} channels, {mode}", prepare=prepare, work=work)


def noisy_disparity(guide: NDArray[Any]) -> NDArray[Any]:
    rng = np.random.default_rng(3)
    return (guide / 4 + rng.normal(0, 2, guide.shape)).astype(np.float32)


def smoothing(size: tuple[int, int]) -> Contest:
    width, height = size

    def prepare(threads: int) -> Mapping[str, Call]:
        import cv2

        if not hasattr(cv2, "ximgproc"):
            raise MissingError("cv2.ximgproc: install opencv-contrib-python")
        guide = stereo_rows.pair(width, height)[0]
        disparity = noisy_disparity(guide)
        return {
            OURS: by_threads("fast_global_smoothing", threads, disparity, guide, lambda_=8000.0, sigma=8.0),
            "cv2.ximgproc FGS": lambda: cv2.ximgproc.fastGlobalSmootherFilter(guide, disparity, 8000.0, 8.0),
        }

    # Three iterations along rows and columns: weights once (6), elimination (10) and substitution (3) at every pixel.
    work = Work(flops=(3 * 2 * 13.0 + 12) * width * height, bytes=9.0 * width * height)
    return Contest(row="edge-aware smoothing, FGS", case=f"{width}×{height}", prepare=prepare, work=work)


def weighted_smoothing(size: tuple[int, int]) -> Contest:
    width, height = size

    def prepare(threads: int) -> Mapping[str, Call]:
        import cv2

        if not hasattr(cv2, "ximgproc"):
            raise MissingError("cv2.ximgproc: install opencv-contrib-python")
        guide = stereo_rows.pair(width, height)[0]
        disparity = noisy_disparity(guide)
        weights = np.random.default_rng(4).uniform(0, 1, guide.shape).astype(np.float32)
        fixed = np.rint(16 * disparity).astype(np.int16)
        peer = cv2.ximgproc.createDisparityWLSFilterGeneric(True)
        peer.setLambda(8000.0)
        peer.setSigmaColor(1.5)
        options = {"lambda_": 8000.0, "sigma": 1.5, "confidence": weights}
        # The peer also computes its confidence, a small part of its time.
        return {
            OURS: by_threads("fast_global_smoothing", threads, disparity, guide, **options),
            "cv2.ximgproc WLS": lambda: peer.filter(fixed, guide, disparity_map_right=-fixed),
        }

    work = Work(flops=(3 * 2 * 18.0 + 12) * width * height, bytes=13.0 * width * height)
    return Contest(row="edge-aware smoothing, WLS", case=f"{width}×{height}", prepare=prepare, work=work)


Volume = tuple[int, int, int]


def soft_argmin(small: Volume, large: Volume, memory: bool = True) -> Contest:
    """Costs of one (disparities, height, width), and the disparities they expect in another."""

    def prepare(threads: int) -> Mapping[str, Call]:
        import torch_peers

        ours = op("upsampled_soft_argmin")
        costs = 3 * random(1, *small)
        return {
            OURS: forward_only(lambda c: ours(c, size=large, num_threads=threads), costs),
            "torch interpolate, softmax, sum": forward_only(
                lambda c: torch_peers.upsampled_soft_argmin(c, large), costs
            ),
        }

    # Of every candidate: interpolated along three axes (6), exponential (about 10), two sums (3).
    cells = float(np.prod(large))
    case = f"{small[2]}×{small[1]}, D = {small[0]} to {large[2]}×{large[1]}, D = {large[0]}"
    tiny = soft_argmin((4, 8, 8), (16, 32, 32), memory=False) if memory else None
    return Contest(
        row="upsample + soft-argmin",
        case=case,
        prepare=prepare,
        work=Work(flops=19.0 * cells),
        memory=memory,
        small=tiny,
    )


def rows() -> list[Row]:
    volume_mb = 4e-6 * 192 * 375 * 1242
    fused = soft_argmin((48, 94, 311), (192, 375, 1242))
    return [
        Row(name="warp, numpy", peer="cv2.remap", bar=0.9, cases=tuple(warp_as_opencv(size) for size in SIZES)),
        Row(name="warp, torch", peer="grid_sample", bar=2.0, cases=tuple(warp_as_torch(size) for size in SIZES)),
        Row(
            name="splat",
            peer="index_add",
            bar=2.0,
            cases=tuple(splatting(size, mode) for size in SIZES[1:] for mode in ("sum", "softmax")),
        ),
        Row(
            name="edge-aware smoothing, FGS",
            peer="cv2.ximgproc FGS",
            bar=1.5,
            cases=tuple(smoothing(size) for size in SIZES),
        ),
        Row(
            name="edge-aware smoothing, WLS",
            peer="cv2.ximgproc WLS",
            bar=1.5,
            cases=tuple(weighted_smoothing(size) for size in SIZES),
        ),
        Row(
            name="upsample + soft-argmin",
            peer="torch",
            bar=20.0,
            cases=(fused,),
            memory_mb={fused.case: volume_mb / 20},
        ),
    ]
