"""Rows of stereo: block matching and semi-global matching against OpenCV's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from contest import OURS, Call, Contest, MissingError, Row, Work, core
from numpy.typing import NDArray

import geomvision as gv
from geomvision.images import to_grey
from geomvision.method import OptionError

SIZES = ((1920, 1080), (1242, 375), (450, 375))
LARGE = (2880, 1988)  # only its memory is measured
Pair = tuple[NDArray[Any], NDArray[Any]]


@cache
def pair(width: int, height: int) -> Pair:
    """A rendered grey pair, 8 bits; beyond 1080p a rendered one, mirrored at its border."""
    if width > SIZES[0][0] or height > SIZES[0][1]:
        margins = ((0, height - SIZES[0][1]), (0, width - SIZES[0][0]))
        left, right = (np.pad(image, margins, mode="reflect") for image in pair(*SIZES[0]))
        return left, right
    sample = gv.datasets.Synthetic(seed=7, width=width, height=height, max_disparity=max(16, width // 16))[0]
    return to_grey(sample.left), to_grey(sample.right)


def ours(name: str, method: str, images: Pair, threads: int, **options: Any) -> Call:
    """A call of the core with the method's options; `MissingError` where they are not known yet."""
    run = core(name)
    try:
        chosen = {**gv.stereo.METHODS[method](**options).options(), "num_threads": threads}
    except (OptionError, TypeError) as error:
        raise MissingError(str(error)) from error
    return lambda: run(*images, chosen)


def block_matching(width: int, height: int, disparities: int, window: int) -> Contest:
    def prepare(threads: int) -> Mapping[str, Call]:
        import cv2

        images = pair(width, height)
        peer = cv2.StereoBM.create(disparities, window)
        peer.setTextureThreshold(0)
        peer.setUniquenessRatio(0)
        peer.setDisp12MaxDiff(1)
        call = ours(
            "block_matching", "block_matching", images, threads, cost="sad", window=window, max_disparity=disparities
        )
        return {OURS: call, "cv2.StereoBM": lambda: peer.compute(*images)}

    # Of every pixel and disparity: |a − b| (2), box sums along columns and rows in 16 bits (4 + 4), the winner (4).
    work = Work(lanes8=14.0 * width * height * disparities, bytes=6.0 * width * height)
    case = f"{width}×{height}, D = {disparities}, window {window}"
    return Contest(row="block matching, SAD", case=case, prepare=prepare, work=work)


def sgm(row: str, mode: str, paths: int, size: tuple[int, int], disparities: int) -> Contest:
    width, height = size

    def prepare(threads: int) -> Mapping[str, Call]:
        import cv2

        images = pair(width, height)
        modes = {"HH": "HH", "HH4": "HH4", "SGBM": "SGBM", "3WAY": "SGBM_3WAY"}
        peer = cv2.StereoSGBM.create(
            numDisparities=disparities,
            blockSize=3,
            P1=8 * 9,
            P2=32 * 9,
            disp12MaxDiff=1,
            preFilterCap=63,
            mode=getattr(cv2, "STEREO_SGBM_MODE_" + modes[mode]),
        )
        call = ours("sgm", "sgm", images, threads, max_disparity=disparities, paths=paths, speckle_size=0)
        return {OURS: call, f"cv2.StereoSGBM {mode}": lambda: peer.compute(*images)}

    cells = float(width * height * disparities)
    # A step of a path: two neighbours' minimum, + P1, two minima, + cost, − minimum, running minimum (7), its sum in
    # 16 bits (2); the winner of every cell (4).
    work = Work(lanes8=cells * (9 * paths + 4), popcounts=cells, bytes=6.0 * width * height)
    case = f"{width}×{height}, D = {disparities}"
    large = size == LARGE
    if not (large or size == SIZES[0]):
        return Contest(row=row, case=case, prepare=prepare, work=work)
    small = sgm(row, mode, paths, (160, 96), 16)
    return Contest(row=row, case=case, prepare=prepare, work=work, memory=True, small=small, timed=not large)


def sgm_row(name: str, mode: str, paths: int, **demands: Any) -> Row:
    cases = tuple(sgm(name, mode, paths, size, 64 if size == SIZES[2] else 128) for size in SIZES)
    if paths == 8:
        cases += (sgm(name, mode, paths, LARGE, 256),)
    return Row(name=name, peer=f"cv2.StereoSGBM {mode}", cases=cases, near_limit=3.0, scaling=3.2, **demands)


def rows() -> list[Row]:
    cases = tuple(
        block_matching(width, height, disparities, window)
        for width, height in SIZES
        for disparities in (64, 128, 256)
        for window in (9, 15, 21)
        if disparities < width / 2
    )
    largest = "1920×1080, D = 128"
    eight = {"memory_mb": {largest: 320.0, "2880×1988, D = 256": 1600.0}}
    few = {"memory_mb": {largest: 40.0}}
    return [
        Row(name="block matching, SAD", peer="cv2.StereoBM", bar=3.0, bar_avx2=2.0, quality="bm", cases=cases),
        sgm_row("SGM, 8 paths, HH", "HH", 8, bar=14.0, bar_avx2=12.0, bar_1=6.0, **eight),
        sgm_row("SGM, 8 paths, HH4", "HH4", 8, bar=5.0, bar_avx2=4.0, **eight),
        sgm_row("SGM, 5 paths, SGBM", "SGBM", 5, bar=10.0, quality="sgm5-sgbm", **few),
        sgm_row("SGM, 4 paths, 3WAY", "3WAY", 4, bar=3.0, bar_avx2=1.8, quality="sgm4-3way", **few),
        sgm_row("SGM, 5 paths, 3WAY", "3WAY", 5, bar=3.0, bar_avx2=1.8, quality="sgm5-3way", **few),
        sgm_row("SGM, 4 paths, SGBM", "SGBM", 4, bar=10.0, quality="sgm4-sgbm", **few),
    ]
