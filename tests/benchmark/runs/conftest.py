"""A data set of small pairs with truth, and the plan of a run over it."""

import dataclasses

import numpy as np
import pytest

from geomvision import io
from geomvision.benchmark.runs import data
from geomvision.benchmark.runs.keys import code_version
from geomvision.benchmark.runs.plan import Entrant, Plan

WIDTH, HEIGHT, DISPARITY = 96, 64, 5


def write_scenes(folder, count):
    """Pairs left.png, right.png of one texture, 5 px apart, with their truth."""
    for number in range(count):
        scene = folder / "stereo" / f"scene{number}"
        scene.mkdir(parents=True)
        random = np.random.default_rng(number)
        wide = sum(
            np.kron(random.random((HEIGHT // n + 2, (WIDTH + DISPARITY) // n + 2)), np.ones((n, n)))[
                :HEIGHT, : WIDTH + DISPARITY
            ]
            for n in (2, 4, 8)
        )
        wide = (wide / 3 * 250).astype(np.uint8)
        io.write_image(scene / "left.png", wide[:, :WIDTH].copy())
        io.write_image(scene / "right.png", wide[:, DISPARITY:].copy())
        io.write_pfm(scene / "disp.pfm", np.full((HEIGHT, WIDTH), DISPARITY, np.float32))
    return folder


@pytest.fixture
def scenes(tmp_path):
    """A folder of three scenes, as the data set "folder" reads it."""
    return write_scenes(tmp_path / "data", 3)


def plan_of(folder, methods=("block_matching", "opencv_bm", "sgm"), **changes):
    """A plan over the scenes of a folder, with the defaults of these methods."""
    entrants = tuple(Entrant(label=name, name=name, options={}) for name in methods)
    given = Plan(
        task="stereo",
        sources=(data.parsed(f"folder:{folder}"),),
        entrants=entrants,
        protocols=("middlebury", "kitti2015"),
        code=code_version(),
    )
    return dataclasses.replace(given, **changes)
