"""Samples of all three tasks with made-up truth, and methods that return what they are told."""

import shutil
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from geomvision.cameras import Camera, StereoRig
from geomvision.depth._base import DepthMethod
from geomvision.flow._base import FlowMethod
from geomvision.method import backend, option
from geomvision.report import Report, compare
from geomvision.results import Depth, Disparity, Flow
from geomvision.samples import DepthSample, FlowSample, StereoSample
from geomvision.stereo._base import StereoMethod

HEIGHT, WIDTH = 60, 90


def ramp() -> np.ndarray:
    """Disparities 4 … 21.8 px that differ at every pixel of a row and between rows."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return (4 + 0.2 * x + 0.003 * y).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class Off(StereoMethod):
    """The truth, off by an offset, without the first columns <b>."""

    registered_as: ClassVar[str | None] = "off"
    by: float = option(0.5, "added to the truth & <kept>", unit="px")

    @backend("told")
    def _told(self, left: np.ndarray, right: np.ndarray) -> Disparity:
        px = ramp() + np.float32(self.by)
        px[:, :12] = np.nan
        return Disparity(px=px)


@dataclass(frozen=True, kw_only=True)
class Failing(StereoMethod):
    """Fails."""

    registered_as: ClassVar[str | None] = "failing"

    @backend("told")
    def _told(self, left: np.ndarray, right: np.ndarray) -> Disparity:
        raise RuntimeError("no light <script>alert(1)</script>")


@dataclass(frozen=True, kw_only=True)
class Drift(FlowMethod):
    """The same motion everywhere."""

    registered_as: ClassVar[str | None] = "drift"

    @backend("told")
    def _told(self, frame0: np.ndarray, frame1: np.ndarray) -> Flow:
        return Flow(px=np.broadcast_to(np.float32([3.0, -4.0]), (HEIGHT, WIDTH, 2)))


@dataclass(frozen=True, kw_only=True)
class Wall(DepthMethod):
    """A wall."""

    registered_as: ClassVar[str | None] = "wall"

    def on(self, sample: DepthSample) -> Depth:
        return self.execute(sample.image)

    @backend("told")
    def _told(self, image: np.ndarray) -> Depth:
        return Depth(m=np.full(image.shape[:2], 2.5, np.float32))


def stereo_sample(name: str = "a </script> pair") -> StereoSample:
    left, right = np.random.default_rng(5).integers(0, 255, (2, HEIGHT, WIDTH, 3), dtype=np.uint8)
    camera = Camera(width=WIDTH, height=HEIGHT, fx=80.0, fy=80.0, cx=44.5, cy=29.5)
    occluded = np.zeros((HEIGHT, WIDTH), bool)
    occluded[:, :8] = True
    truth = ramp()
    truth[:6] = np.nan
    rig = StereoRig.rectified(camera, 0.2)
    return StereoSample(
        name=name, left=left, right=right, rig=rig, disparity=Disparity(px=truth), occluded=occluded, max_disparity=30
    )


@pytest.fixture(scope="session")
def stereo_report() -> Report:
    """Two methods that differ, and one that fails."""
    return compare([Off(by=0.5), Off(by=-2.25), Failing()], stereo_sample(), repeats=1, progress=False)


@pytest.fixture(scope="session")
def full_report(stereo_report) -> Report:
    """Stereo, flow and depth in one report."""
    frame0, frame1 = np.random.default_rng(6).integers(0, 255, (2, HEIGHT, WIDTH), dtype=np.uint8)
    flow = FlowSample(
        name="moving", frame0=frame0, frame1=frame1, flow=Flow(px=np.zeros((HEIGHT, WIDTH, 2), np.float32))
    )
    pair = stereo_sample("room")
    depth = DepthSample(name="room", image=pair.left, camera=pair.rig.left, depth=Depth(m=2 + ramp() / 20), stereo=pair)
    flow_part = compare([Drift()], flow, repeats=1, progress=False)
    depth_part = compare([Wall()], depth, repeats=1, progress=False)
    return stereo_report + flow_part + depth_part


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("Chromium is not installed: the page cannot be opened")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as engine:
        opened = engine.chromium.launch(executable_path=chromium, args=flags)
        yield opened
        opened.close()
