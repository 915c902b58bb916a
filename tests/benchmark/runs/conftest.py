"""A data set of small pairs with truth, and the plan of a run over it."""

import dataclasses
import importlib
import sys
import tempfile

import numpy as np
import pytest

from geomvision import io
from geomvision.benchmark.runs import data
from geomvision.benchmark.runs.keys import code_version
from geomvision.benchmark.runs.plan import Entrant, Plan

WIDTH, HEIGHT, DISPARITY = 96, 64, 5


def _write_scenes(folder, count):
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


@pytest.fixture(autouse=True)
def _own_machine(tmp_path, monkeypatch):
    """Runs that time wait for others of this machine: each test has a lock of its own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


@pytest.fixture
def scenes(tmp_path):
    """A folder of three scenes, as the data set "folder" reads it."""
    return _write_scenes(tmp_path / "data", 3)


@pytest.fixture
def plan_of():
    """Makes a plan over the scenes of a folder, with the defaults of these methods."""
    return _plan_of


def _plan_of(folder, methods=("block_matching", "opencv_bm", "sgm"), **changes):
    entrants = tuple(Entrant(label=name, name=name, options={}) for name in methods)
    given = Plan(
        task="stereo",
        sources=(data.parsed(f"folder:{folder}"),),
        entrants=entrants,
        protocols=("middlebury", "kitti2015"),
        code=code_version(),
    )
    return dataclasses.replace(given, **changes)


#: What a run keeps, but for times and the plan.
KEPT = ("records.jsonl", "samples.jsonl", "records.parquet")

KILLER = r'''
import os, signal, time
from dataclasses import dataclass
from pathlib import Path
from geomvision.method import backend, option
from geomvision.results import Disparity
from geomvision.stereo._base import StereoMethod
import numpy as np

@dataclass(frozen=True, kw_only=True)
class Killer(StereoMethod):
    """Ends its process on one scene for each x that is left in a file, and hangs for each h."""

    scene: str = option("scene1", "where")

    def on(self, sample):
        if "SEEN_GPUS" in os.environ:
            with open(os.environ["SEEN_GPUS"], "a") as file:
                file.write(f"{os.getpid()} {os.environ.get('CUDA_VISIBLE_DEVICES')}\n")
        path = Path(os.environ["LEFT_TO_KILL"])
        left = path.read_text() if path.exists() else ""
        if sample.name == self.scene and left:
            path.write_text(left[1:])
            if left[0] == "h":
                time.sleep(600)
            os.kill(os.getpid(), signal.SIGKILL)
        return self(sample.left, sample.right)

    @backend("numpy")
    def _numpy(self, left, right):
        return Disparity(px=np.full(left.shape[:2], 5.0, np.float32))
'''


@pytest.fixture
def killer(tmp_path, monkeypatch):
    """A method of another package, "killer": `killer(3)` has it end its process three times, `killer(1, "h")` hang."""
    folder = tmp_path / "elsewhere"
    (folder / "killer-1.0.dist-info").mkdir(parents=True)
    (folder / "killer-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: killer\nVersion: 1.0\n")
    (folder / "killer-1.0.dist-info" / "entry_points.txt").write_text(
        "[geomvision.methods]\nstereo.killer = killer:Killer\n"
    )
    (folder / "killer.py").write_text(KILLER)
    monkeypatch.syspath_prepend(str(folder))
    left = tmp_path / "left"
    monkeypatch.setenv("LEFT_TO_KILL", str(left))
    methods = importlib.import_module("geomvision.stereo").METHODS
    monkeypatch.delitem(vars(methods), "_plugins", raising=False)
    yield lambda times, how="x": left.write_text(how * times)
    vars(methods).pop("_plugins", None)
    sys.modules.pop("killer", None)


@pytest.fixture
def kept():
    """The bytes of all that a run keeps."""
    return _kept


def _kept(folder):
    return {name: (folder / name).read_bytes() for name in KEPT if (folder / name).exists()}
