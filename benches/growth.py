"""How time grows with pixels and with disparities, from 0.1 to 30 megapixels: `make growth`.

    python benches/growth.py [--largest MEGAPIXELS] [--seconds S] [--figure FILE] [--out FOLDER]

Times SGM, block matching and the on-demand correlation lookup (features at 1/8 of the image) on all cores, fits
time = c · size^exponent, draws both axes logarithmic, and writes the figures beside it. An exponent of 1 is linear.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import stereo_rows
from charts import Series, panel
from contest import Call, MissingError, op
from surroundings import REPOSITORY, describe, slug

import geomvision as gv

MEGAPIXELS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
DISPARITIES = (16, 32, 64, 128, 256)
USUAL_DISPARITIES = 64
#: At this size the number of disparities is varied.
USUAL_MEGAPIXELS = 2.0


def sized_pair(megapixels: float) -> stereo_rows.Pair:
    """A 4:3 pair of about so many pixels, of rendered ones side by side."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = round(megapixels * 1e6 / height)
    left, right = stereo_rows.pair(*stereo_rows.SIZES[0])
    repeats = (-(-height // left.shape[0]), -(-width // left.shape[1]))
    cut = [np.ascontiguousarray(np.tile(image, repeats)[:height, :width]) for image in (left, right)]
    return cut[0], cut[1]


def sgm(megapixels: float, disparities: int) -> Call:
    return stereo_rows.ours("sgm", "sgm", sized_pair(megapixels), 0, max_disparity=disparities)


def block_matching(megapixels: float, disparities: int) -> Call:
    options: dict[str, Any] = {"cost": "sad", "window": 15, "max_disparity": disparities}
    return stereo_rows.ours("block_matching", "block_matching", sized_pair(megapixels), 0, **options)


def correlation(megapixels: float, _: int) -> Call:
    import torch
    from correlation_rows import random

    lookup = op("correlation_lookup")
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5 / 8)
    width = round(megapixels * 1e6 / 64 / height)
    first, second = random(1, 256, height, width), random(1, 256, height, width, seed=1)
    y, x = torch.meshgrid(torch.arange(height) * 1.0, torch.arange(width) * 1.0, indexing="ij")
    places = torch.stack([x, y])[None] + 3 * random(1, 2, height, width, seed=2)
    return lambda: lookup(first, second, places, radius=4, levels=4)


def median_seconds(call: Call, budget: float) -> float:
    """Median over warmed calls for about `budget` seconds, three at least."""
    call()
    times: list[float] = []
    begin = time.perf_counter()
    while len(times) < 3 or (time.perf_counter() - begin < budget and len(times) < 50):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def exponent(sizes: list[float], seconds: list[float]) -> float:
    """Slope of the straight line through the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def grow(name: str, sizes: list[float], make: Callable[[float], Call], budget: float) -> Series | None:
    """Times of one method over sizes, None where the method is missing."""
    seconds = []
    for size in sizes:
        try:
            call = make(size)
        except MissingError as reason:
            print(f"{name}: missing: {reason}")
            return None
        seconds.append(median_seconds(call, budget))
        print(f"{name}, {size:g}: {1e3 * seconds[-1]:.2f} ms", flush=True)
    series = Series(name, sizes, seconds, exponent(sizes, seconds))
    print(f"{name}: exponent {series.exponent:.2f}", flush=True)
    return series


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=float, default=MEGAPIXELS[-1], help="megapixels")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each time, at least 3 calls")
    parser.add_argument("--figure", type=Path, default=REPOSITORY / "docs" / "images" / "growth.png")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "benches" / "results" / gv.__version__)
    given = parser.parse_args()

    sizes = [size for size in MEGAPIXELS if size <= given.largest]
    methods = {"SGM, 8 paths": sgm, "block matching": block_matching, "correlation lookup": correlation}
    by_pixels, by_disparities = [], []
    for name, make in methods.items():
        fixed_range = lambda size, make=make: make(size, USUAL_DISPARITIES)  # noqa: E731
        fixed_size = lambda count, make=make: make(USUAL_MEGAPIXELS, int(count))  # noqa: E731
        by_pixels.append(grow(name, sizes, fixed_range, given.seconds))
        if make is not correlation:
            by_disparities.append(grow(name, list(map(float, DISPARITIES)), fixed_size, given.seconds))
    panels = (
        panel(f"megapixels, {USUAL_DISPARITIES} disparities", [s for s in by_pixels if s]),
        panel(f"disparities, {USUAL_MEGAPIXELS:g} megapixels", [s for s in by_disparities if s]),
    )
    given.figure.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(given.figure), np.hstack(panels))
    machine = describe()
    report = {
        "machine": machine,
        "megapixels": [vars(series) for series in by_pixels if series],
        "disparities": [vars(series) for series in by_disparities if series],
    }
    given.out.mkdir(parents=True, exist_ok=True)
    target = given.out / f"{slug(machine)}-growth.json"
    target.write_text(json.dumps(report, indent=1) + "\n")
    print(f"wrote {given.figure} and {target}")


if __name__ == "__main__":
    main()
