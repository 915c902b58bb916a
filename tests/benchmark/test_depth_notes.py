"""What a comparison of depth says beside its figures: occluded returns removed, and how steady a clip is."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from geomvision.benchmark.comparison import compare_methods
from geomvision.cameras import Camera
from geomvision.depth._base import DepthMethod
from geomvision.method import backend, option
from geomvision.metrics import PROTOCOLS
from geomvision.report.tables import failures, told
from geomvision.results import Depth, RelativeDepth
from geomvision.samples import Clip, DepthSample, PointPairs

CAMERA = Camera(width=80, height=60, fx=90, fy=90, cx=39.5, cy=29.5)


@dataclass(frozen=True, kw_only=True)
class Flat(DepthMethod):
    """The same depth everywhere, in metres or not."""

    registered_as: ClassVar[str | None] = "flat"
    metres: float = option(10.0, "everywhere")
    relative: bool = option(False, "whether its scale is unknown")

    def on(self, sample: DepthSample) -> Depth | RelativeDepth:
        return self.execute(sample.image)

    @backend("told")
    def _told(self, image: np.ndarray) -> Depth | RelativeDepth:
        values = np.full(image.shape, self.metres, np.float32)
        return RelativeDepth(values=values, kind="depth_scale") if self.relative else Depth(m=values)


@pytest.fixture
def sample():
    """A scan of a wall at 10 m, of which every fifth return has one of 20 m beside it."""
    m = np.full((60, 80), np.nan)
    m[::6, ::4] = 10
    m[3::6, ::20] = 20
    return DepthSample(name="wall", image=np.zeros((60, 80), np.uint8), camera=CAMERA, depth=Depth(m=m))


def run(methods, samples, **options):
    return compare_methods(methods, samples, repeats=1, progress=False, **options)


def test_occluded_returns_are_removed_and_the_effect_is_shown(sample):
    comparison = run([Flat()], sample, protocols=["depth"], remove_occluded=True)
    assert comparison.notes == (
        "wall: 40 of 240 true depths (16.7 %) lie behind nearer ones; they are removed",
        "flat: AbsRel by depth 0.08333 with them, 0 without",
    )
    assert comparison.samples[0].depth.valid.sum() == 200
    assert comparison.figures("flat", PROTOCOLS["depth"]())["AbsRel"] == 0
    assert sample.depth.valid.sum() == 240
    assert run([Flat()], sample, protocols=["depth"]).notes == ()


def test_the_effect_on_relative_depth_is_that_after_its_alignment(sample):
    """One scale for 200 depths of 10 m and 40 of 20 m says 35 / 3 m everywhere."""
    comparison = run([Flat(relative=True)], sample, protocols=["depth"], remove_occluded=True, align="scale")
    before = (200 * (5 / 3) / 10 + 40 * (25 / 3) / 20) / 240
    assert comparison.notes[1] == f"flat: AbsRel by depth {before:.4g} with them, 0 without"


def test_without_truth_there_is_nothing_to_remove(sample):
    with pytest.raises(ValueError, match="no sample has any"):
        run([Flat()], replace(sample, depth=None), remove_occluded=True)


def test_relative_depth_is_told_and_refused_by_metric_protocols(sample):
    comparison = run([Flat(), Flat(relative=True)], sample)
    metric, relative = comparison.rows
    assert (metric.kind, relative.kind) == (None, "depth_scale")
    assert relative.to_dict()["kind"] == "depth_scale"
    assert set(metric.scores) == {"affine", "depth"}
    assert set(relative.scores) == {"affine"}
    assert "its scale is unknown" in relative.unscored["depth"]
    chosen = run([Flat(relative=True)], sample, protocols=["depth", "eigen_garg80", "affine"])
    (line,) = failures(chosen)
    assert line.startswith("flat is not scored by depth, eigen_garg80: the estimate is relative depth (depth_scale)")


def test_relative_depth_is_aligned_where_that_is_asked_for(sample):
    """To what the protocol counts: of 10 m 200 times and 90 m 100 times Eigen's takes 10 m alone, the median of all."""
    m = np.full((60, 80), np.nan)
    m[::3, ::4] = 10
    m[1::6, ::4] = 90
    far = replace(sample, depth=Depth(m=m))
    methods = [Flat(), Flat(relative=True, metres=3.0)]
    comparison = run(methods, far, protocols=["depth", "eigen_garg80", "affine"], align="median")
    metric, relative = comparison.rows
    assert (metric.align, relative.align) == (None, "median")
    assert relative.scores["eigen_garg80"]["AbsRel"].value == pytest.approx(0, abs=1e-6)
    assert relative.scores["depth"]["MAE"].value == pytest.approx(80 / 3, rel=1e-5)
    assert not relative.unscored
    assert relative.to_dict()["aligned"] == "median"
    assert [told(label, comparison.of(label)) for label in comparison.labels] == [
        "flat(metres=10.0, relative=False)",
        "flat(metres=3.0, relative=True) (depth_scale, aligned to the truth by median)",
    ]
    upside = run([Flat(relative=True)], replace(sample, depth=Depth(m=np.full((60, 80), np.nan))), align="median")
    assert set(upside.rows[0].unscored) == {"depth"}


def test_pairs_of_points_are_truth_of_their_own(sample):
    pairs = PointPairs(first=[[0, 0]], second=[[1, 1]], relation=[0])
    comparison = run([Flat(relative=True)], replace(sample, depth=None, pairs=pairs))
    assert [protocol.name for protocol in comparison.protocols] == ["ordinal"]
    assert comparison.rows[0].scores["ordinal"]["WKDR"].value == 0


def test_the_frames_of_a_clip_say_how_steady_a_method_is(sample):
    """The wall is approached by a metre; who says 10 m twice is off by 1 m, of 10 and of 10."""
    poses = np.tile(np.eye(4), (2, 1, 1))
    poses[1, 2, 3] = 1
    clips = [Clip(frames=(sample.image,) * 2, cameras=CAMERA, T_world_cam=poses, reference=k) for k in range(2)]
    wall = Depth(m=np.full((60, 80), 10.0))
    frames = [replace(sample, name=f"clip/{k}", clip=clip, depth=wall) for k, clip in enumerate(clips)]
    (note,) = run([Flat(), Flat(relative=True)], frames).notes
    assert note.startswith(
        "clip, 2 frames: depth is unsteady (TAE) by flat(relative=False) 10 %, flat(relative=True) 10 %"
    )
    alone = [replace(frame, name=f"other{k}/0") for k, frame in enumerate(frames)]
    assert run([Flat()], alone).notes == ()
