"""A pair of real files with truth, and the command line called as a user does, without a new process."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from geomvision import io
from geomvision.cli import main

WIDTH, HEIGHT, DISPARITY = 200, 120, 9


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


@pytest.fixture
def geomvision(capsys) -> Callable[..., Ended]:
    """Run the command line; every path is one argument, lists are not needed."""

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ended(int(ended.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def pair(tmp_path) -> Path:
    """left.png, right.png, disp.pfm: one texture, 9 px apart; frame0 → frame1 is the same motion as flow.flo."""
    folder = tmp_path / "scene"
    folder.mkdir()
    random = np.random.default_rng(4)
    wide = np.zeros((HEIGHT, WIDTH + DISPARITY))
    for scale in (2, 4, 8):
        coarse = random.random((HEIGHT // scale + 2, wide.shape[1] // scale + 2))
        wide += np.kron(coarse, np.ones((scale, scale)))[:HEIGHT, : wide.shape[1]]
    wide = (wide / wide.max() * 230).astype(np.uint8)
    left, right = wide[:, :WIDTH].copy(), wide[:, DISPARITY:].copy()
    for names, image in ((("left", "frame0"), left), (("right", "frame1"), right)):
        for name in names:
            io.write_image(folder / f"{name}.png", image)
    io.write_pfm(folder / "disp.pfm", np.full((HEIGHT, WIDTH), DISPARITY, np.float32))
    io.write_flo(folder / "flow.flo", np.full((HEIGHT, WIDTH, 2), (-DISPARITY, 0), np.float32))
    return folder


@pytest.fixture
def out(tmp_path) -> Path:
    """Where reports go: an empty folder."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder
