"""Every real scene against what its publisher's table says: size, range, coverage, and images that fit the truth.

The table's figures were measured by others with other code, so they hold our readers to byte order, row order,
channel order, scales, signs and masks.
"""

import re
from pathlib import Path

import numpy as np
import pytest

import geomvision as gv

STEREO = [
    "tsukuba",
    "sawtooth",
    "barn1",
    "cones",
    "Art",
    "Dolls",
    "Reindeer",
    "Aloe",
    "Baby1",
    "Baby2",
    "Bowling1",
    "Cloth1",
    "Cloth3",
    "Flowerpots",
    "Lampshade1",
    "Midd1",
    "Rocks1",
    "Wood1",
    "ArtL",
    "Motorcycle",
    "MotorcycleE",
    "Piano",
    "Playtable",
    "Jadeplant",
    "Recycle",
    "eth3d_playground_1l",
    "kitti2012_000070",
]
FLOW = [
    "RubberWhale",
    "Grove3",
    "sintel_alley_1",
    "sintel_cave_2",
    "chairs_0000000",
    "chairs_0000001",
    "kitti2012_000045",
    "yosemite",
]
DEPTH = ["icl_nuim", "7scenes_a", "kitti_lidar_000000", "kitti_lidar_000001"]


@pytest.fixture(scope="session")
def table(real_data: Path) -> dict[str, list[str]]:
    text = (real_data / "README.md").read_text(encoding="utf-8").replace("&#124;", "|abs|")
    rows = re.findall(r"^\| (\w+) \| (.*) \|$", text.replace("|abs|", "!"), re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split(" | ")] for name, cells in rows}


def numbers(cell: str) -> list[float]:
    return [float(number) for number in re.findall(r"[\d.]+", cell)]


def mean_difference(a: np.ndarray, b: np.ndarray, where: np.ndarray) -> float:
    difference = np.abs(a.astype(float) - b.astype(float))[where]
    return float(np.nanmean(difference))


@pytest.mark.parametrize("name", STEREO)
def test_stereo_scene(real_data: Path, table: dict[str, list[str]], name: str):
    sample = gv.datasets.Folder(real_data / "stereo" / name)[0]
    size, spread, file, _, coverage, warp, *_ = table[name]
    px, valid = sample.disparity.px, sample.disparity.valid
    assert [px.shape[1], px.shape[0]] == numbers(size)
    assert [px[valid].min(), px[valid].max()] == pytest.approx(numbers(spread.replace("-", " ")), abs=0.051)
    assert 100 * sample.disparity.density == pytest.approx(float(coverage), abs=0.051)
    seen = valid if sample.occluded is None else valid & ~sample.occluded
    warped, unwarped = numbers(warp)
    assert mean_difference(sample.disparity.warp(sample.right), sample.left, seen) == pytest.approx(warped, rel=0.1)
    assert mean_difference(sample.right, sample.left, seen) == pytest.approx(unwarped, rel=0.01)
    assert (sample.occluded is None) == name.startswith("eth3d")
    assert (sample.max_disparity is not None) == (name == "ArtL" or ("pfm" in file and not name.startswith("eth3d")))
    if sample.max_disparity is not None:
        assert px[valid].max() < sample.max_disparity
    has_rig = "pfm" in file or name.startswith("kitti") or name in ("Art", "Dolls", "Reindeer")
    assert (sample.rig is not None) == has_rig
    if sample.rig is not None:
        assert 0.3 < np.nanmedian(sample.disparity.to_depth(sample.rig).m) < 60
    if name.startswith("kitti"):  # a colour pair: P2 and P3 lie (382.67 + 607.19 · 0.0011355) / 718.856 m apart
        assert sample.rig.baseline_m == pytest.approx(0.53329, abs=1e-5)


@pytest.mark.parametrize("name", FLOW)
def test_flow_scene(real_data: Path, table: dict[str, list[str]], name: str):
    sample = gv.datasets.Folder(real_data / "flow" / name)[0]
    size, speed, _, _, coverage, warp, *_ = table[name]
    valid = sample.flow.valid
    assert [valid.shape[1], valid.shape[0]] == numbers(size)
    masked = name.startswith("sintel")  # the table counted the pixels that invalid.png takes out
    lengths = np.hypot(*np.moveaxis(sample.flow.px[valid], 1, 0))
    assert [lengths.mean(), lengths.max()] == pytest.approx(numbers(speed), abs=0.15 if masked else 0.051)
    assert 100 * sample.flow.density == pytest.approx(float(coverage), abs=0.051)
    warped, unwarped, _ = numbers(warp)
    seen = sample.flow.warp(sample.frame1)
    inside = ~np.isnan(seen if seen.ndim == 2 else seen[..., 0])
    assert mean_difference(seen, sample.frame0, inside) == pytest.approx(warped, rel=0.05)
    assert mean_difference(sample.frame1, sample.frame0, inside) == pytest.approx(unwarped, rel=0.01)
    assert (sample.occluded is not None) == masked


@pytest.mark.parametrize("name", DEPTH)
def test_depth_scene(real_data: Path, table: dict[str, list[str]], name: str):
    data = gv.datasets.Folder(real_data / "depth" / name)
    frames, size, spread, _, _, coverage, *_ = table[name]
    samples = list(data)
    assert len(data) == int(frames)
    for sample in samples:
        assert [sample.image.shape[1], sample.image.shape[0]] == numbers(size)
        assert sample.depth.size == sample.image.shape[:2] == (sample.camera.height, sample.camera.width)
    low, high = numbers(spread.replace("-", " "))
    assert min(np.nanmin(s.depth.m) for s in samples) == pytest.approx(low, abs=0.006)
    assert max(np.nanmax(s.depth.m) for s in samples) == pytest.approx(high, abs=0.006)
    assert 100 * np.mean([s.depth.density for s in samples]) == pytest.approx(float(coverage), abs=0.051)


def test_the_whole_root(real_data: Path):
    assert sorted(gv.datasets.Folder(real_data, task="stereo").names) == sorted(STEREO)
    assert sorted(gv.datasets.Folder(real_data, task="flow").names) == sorted(FLOW)
    assert len(gv.datasets.Folder(real_data)) == 27 + 8 + 5 + 20 + 1 + 1
    pairs = gv.datasets.Folder(real_data, task="pose")
    assert pairs.names == ["dino_02_03", "temple_01_02", "temple_07_08", "temple_12_13"]
    for pair, turn, baseline in zip(pairs, (23.5, 23.0, 23.0, 23.0), (0.257, 0.224, 0.224, 0.224), strict=True):
        assert pair.image0.shape[:2] == pair.image1.shape[:2] == (480, 640)
        assert np.degrees(np.arccos((np.trace(pair.T_1_0[:3, :3]) - 1) / 2)) == pytest.approx(turn, abs=0.05)
        assert np.linalg.norm(pair.T_1_0[:3, 3]) == pytest.approx(baseline, abs=5e-4)


@pytest.mark.parametrize("name", ["Motorcycle", "cones", "Art", "sawtooth"])
def test_occluded_pixels_do_not_fit_the_right_view(real_data: Path, name: str):
    sample = gv.datasets.Folder(real_data / "stereo" / name)[0]
    warped = sample.disparity.warp(sample.right)
    inside = ~np.isnan(warped[..., 0])
    hidden, seen = inside & sample.occluded, inside & ~sample.occluded
    assert mean_difference(warped, sample.left, hidden) > 3 * mean_difference(warped, sample.left, seen)
