"""Rows of flow: dense Lucas–Kanade, TV-L1, inverse search and sparse tracking against OpenCV's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from contest import OURS, Call, Contest, MissingError, Row, Work, core
from numpy.typing import NDArray

import geomvision as gv
from geomvision.images import to_grey

SIZES = ((1920, 1080), (1024, 436), (450, 375))
Frames = tuple[NDArray[Any], NDArray[Any]]


@cache
def frames(width: int, height: int) -> Frames:
    """Two rendered grey frames, 8 bits."""
    sample = gv.datasets.Synthetic(seed=7, width=width, height=height, task="flow")[0]
    return to_grey(sample.frame0), to_grey(sample.frame1)


def method_of(name: str) -> Any:
    try:
        return gv.flow.METHODS[name]()
    except (KeyError, AttributeError) as error:
        raise MissingError(f"geomvision.flow {name}") from error


def dense_call(name: str, images: Frames, threads: int) -> Call:
    """Our dense method at its defaults, from the core, on frames in grey levels as it takes them."""
    run, options = core(name), method_of(name).options()
    grey = tuple(image.astype(np.float32) for image in images)
    return lambda: run(*grey, num_threads=threads, **options)


def lucas_kanade(size: tuple[int, int]) -> Contest:
    width, height = size

    def prepare(threads: int) -> Mapping[str, Call]:
        import cv2

        images = frames(width, height)
        expert = gv.flow.METHODS["opencv_farneback"]()
        peer = (
            None,
            expert.scale,
            expert.levels,
            expert.window,
            expert.iterations,
            expert.poly_n,
            expert.poly_sigma,
            0,
        )
        return {
            OURS: dense_call("lucas_kanade", images, threads),
            "cv2.calcOpticalFlowFarneback": lambda: cv2.calcOpticalFlowFarneback(*images, *peer),
        }

    # Per warp: 7 products summed over a separable window of 9 (252), the warp, derivatives and the solution (about 80).
    work = Work(flops=332.0 * 5 * 4 / 3 * width * height)
    case = f"{width}×{height}"
    return Contest(row="dense Lucas–Kanade", case=case, prepare=prepare, work=work, memory=size == SIZES[0])


def inverse_search(size: tuple[int, int]) -> Contest:
    width, height = size

    def prepare(threads: int) -> Mapping[str, Call]:
        images = frames(width, height)
        peer = gv.flow.METHODS["opencv_dis"](preset="medium")._made()  # OpenCV's most accurate preset
        ours = dense_call("inverse_search", images, threads)
        return {OURS: ours, "cv2.DISOpticalFlow medium": lambda: peer.calc(*images, None)}

    return Contest(row="inverse search", case=f"{width}×{height}", prepare=prepare)


def tvl1(size: tuple[int, int]) -> Contest:
    width, height = size

    def prepare(threads: int) -> Mapping[str, Call]:
        ours = dense_call("tvl1", frames(width, height), threads)
        peer = gv.flow.METHODS["opencv_tvl1"]()._made()  # the same options as ours, an expert's
        images = frames(width, height)
        return {OURS: ours, "cv2.optflow.DualTVL1": lambda: peer.calc(*images, None)}

    # Per inner iteration: threshold step (about 15), divergence (8), dual update of both components (about 30).
    work = Work(flops=53.0 * 5 * 3 * 30 * 4 / 3 * width * height)
    return Contest(row="TV-L1", case=f"{width}×{height}", prepare=prepare, work=work)


def sparse(count: int) -> Contest:
    width, height = 1024, 436

    def prepare(threads: int) -> Mapping[str, Call]:
        import cv2

        images = frames(width, height)
        places = np.random.default_rng(5).uniform((24, 24), (width - 24, height - 24), (count, 2))
        run = core("track_points")
        options = {"forward_backward": 0.0, "min_eigenvalue": 0.0, "window": 21, "levels": 4, "num_threads": threads}
        defaults = core("track_points_options")()
        chosen = {**defaults, **options}
        grey = tuple(image.astype(np.float32) for image in images)
        starts = places.astype(np.float32)[:, None]
        stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, defaults["iterations"], defaults["accuracy"])
        settings: dict[str, Any] = {"winSize": (21, 21), "maxLevel": 3, "criteria": stop, "minEigThreshold": 0.0}
        return {
            OURS: lambda: run(*grey, places, **chosen),
            "cv2.calcOpticalFlowPyrLK": lambda: cv2.calcOpticalFlowPyrLK(*images, starts, None, **settings),
        }

    case = f"{width}×{height}, {count} points, window 21, 4 levels"
    return Contest(row="sparse Lucas–Kanade", case=case, prepare=prepare)


def rows() -> list[Row]:
    return [
        Row(
            name="dense Lucas–Kanade",
            peer="cv2.calcOpticalFlowFarneback",
            bar=4.0,
            quality="lk",
            cases=tuple(lucas_kanade(size) for size in SIZES),
        ),
        Row(
            name="TV-L1",
            peer="cv2.optflow.DualTVL1",
            bar=6.0,
            quality="tvl1",
            cases=tuple(tvl1(size) for size in SIZES[1:]),
        ),
        Row(
            name="inverse search",
            peer="cv2.DISOpticalFlow medium",
            bar=1.5,
            quality="dis",
            cases=tuple(inverse_search(size) for size in SIZES),
        ),
        Row(
            name="sparse Lucas–Kanade",
            peer="cv2.calcOpticalFlowPyrLK",
            bar=2.0,
            cases=tuple(sparse(count) for count in (1_000, 10_000, 100_000)),
        ),
    ]
