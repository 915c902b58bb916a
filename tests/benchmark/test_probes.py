"""Responses of methods whose answers are known in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from geomvision.benchmark.probes import CUES, Response, probe
from geomvision.cli import main
from geomvision.datasets._probe_scene import ProbeScene
from geomvision.depth._base import DepthMethod
from geomvision.depth.ground_plane import GroundPlane
from geomvision.report.probes import render
from geomvision.results import Depth, RelativeDepth

GROUND = GroundPlane(objects="upright", segmented=True)
SCENE = ProbeScene(height=80, width=128, seed=3)


@dataclass(frozen=True, kw_only=True)
class Constant(DepthMethod):
    """Ten metres everywhere."""

    def on(self, sample):
        return Depth(m=np.full(sample.image.shape[:2], 10.0))


@dataclass(frozen=True, kw_only=True)
class BySize(DepthMethod):
    """The rear's width in the image tells its depth; 1.7 m are known of it."""

    def on(self, sample):
        columns = np.flatnonzero(sample.masks["object"].any(axis=0))
        width = columns[-1] - columns[0] + 1
        return Depth(m=np.full(sample.image.shape[:2], 1.7 * sample.camera.fx / width))


@dataclass(frozen=True, kw_only=True)
class Relative(DepthMethod):
    """The ground plane's inverse depth, in a unit and from a zero that nobody knows."""

    def on(self, sample):
        return RelativeDepth(values=0.5 / GROUND.on(sample).m + 0.3, kind="disparity_affine")


def test_a_constant_follows_nothing() -> None:
    for cue in ("distance", "size", "pitch"):
        assert probe(Constant(), cue, SCENE).share == pytest.approx(0.0, abs=1e-12)
    assert np.isnan(probe(Constant(), "shadow", SCENE).share)


def test_the_ground_plane_follows_the_contact_row_and_nothing_else() -> None:
    distance, position, size, pitch = (probe(GROUND, cue, SCENE) for cue in ("distance", "position", "size", "pitch"))
    assert distance.share == pytest.approx(1.0, abs=0.12)
    assert position.share == pytest.approx(1.0, abs=0.12)
    assert size.share == pytest.approx(0.0, abs=0.1)
    assert pitch.share == pytest.approx(0.0, abs=0.1)  # it is told the horizon
    np.testing.assert_allclose(distance.truth_m, distance.cue_m)
    for cue in ("colour", "shadow"):
        assert probe(GROUND, cue, SCENE).spread < 0.02


def test_size_is_followed_by_what_goes_by_it() -> None:
    size, position = (probe(BySize(), cue, SCENE) for cue in ("size", "position"))
    assert size.share == pytest.approx(1.0, abs=0.1)
    assert position.share == pytest.approx(0.0, abs=0.1)


def test_relative_depth_is_aligned_to_all_but_the_object() -> None:
    relative, metric = (probe(method, "position", SCENE) for method in (Relative(), GROUND))
    np.testing.assert_allclose(relative.found_m, metric.found_m, rtol=0.1)
    assert relative.share == pytest.approx(metric.share, abs=0.1)


def test_scenes_change_in_one_cue_alone() -> None:
    plain, lifted, painted, bare = (
        ProbeScene(height=96, width=160, **given).sample()
        for given in ({}, {"lift_m": 0.3}, {"paint": 2}, {"shadow": False})
    )
    mask = plain.masks["object"]
    assert lifted.masks["object"].sum() == pytest.approx(mask.sum(), rel=0.12)
    rows = [np.flatnonzero(s.masks["object"].any(axis=1))[-1] for s in (plain, lifted)]
    assert rows[0] - rows[1] == pytest.approx(0.3 / 12 * plain.camera.fy, abs=1.5)
    np.testing.assert_array_equal(painted.masks["object"], mask)
    assert np.abs(painted.image[mask].astype(int) - plain.image[mask]).mean() > 8
    far = ~mask & (np.abs(bare.image.astype(int) - plain.image).max(axis=2) > 12)
    assert 5 < far.sum() < 0.1 * mask.size
    assert (bare.image[far].mean() - plain.image[far].mean()) > 5
    with pytest.raises(ValueError, match="cue is 'smell'; allowed are distance, position"):
        probe(Constant(), "smell")


def test_figures_of_a_response() -> None:
    x = np.array([1.0, 2.0, 4.0])
    made = Response(method="m", cue="size", settings=x, found_m=3 * np.sqrt(x), truth_m=np.ones(3), cue_m=x)
    assert made.share == pytest.approx(0.5)
    assert made.spread == pytest.approx(1.0)
    page = render([made])
    assert "size" in page
    assert "0.50" in page


def test_the_verb_writes_the_plots(tmp_path, capsys) -> None:
    out = tmp_path / "probe.html"
    arguments = ["--cue", "shadow", "--size", "96x64", "--set", "objects=upright", "--set", "segmented=true"]
    with pytest.raises(SystemExit) as left:
        main(["probe", "ground_plane", *arguments, "--out", str(out)])
    assert left.value.code in (0, None)
    assert "<svg" in out.read_text()
    assert "shadow" in capsys.readouterr().out
    for wrong, message in ((["--cue", "smell"], "allowed are"), (["--size", "9by9"], "96x64")):
        with pytest.raises(SystemExit) as left:
            main(["probe", "ground_plane", *wrong, "--out", str(out)])
        assert left.value.code == 2
        assert message in capsys.readouterr().err
    assert set(CUES) >= {"position", "size", "colour", "shadow", "pitch"}
