"""Running, timing and scoring, with methods whose result is known because they are told it."""

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from geomvision.benchmark import PairRefused, describe_machine
from geomvision.benchmark.comparison import compare_methods, run_row
from geomvision.benchmark.fitting import RangeFit, search_range
from geomvision.benchmark.inspection import inspect_pair
from geomvision.benchmark.protocols import applicable
from geomvision.flow._base import FlowMethod
from geomvision.method import backend, option
from geomvision.results import Disparity, Flow
from geomvision.samples import FlowSample, StereoSample
from geomvision.stereo._base import StereoMethod

SHAPE = (24, 40)


@dataclass(frozen=True, kw_only=True)
class Constant(StereoMethod):
    """The same disparity everywhere but in the first columns."""

    registered_as: ClassVar[str | None] = "constant"

    px: float = option(3.0, "what is returned", unit="px")
    skipped: int = option(0, "columns without an estimate", minimum=0)
    max_disparity: int = option(64, "searched range", unit="px", minimum=1)

    @backend("told")
    def _told(self, left: np.ndarray, right: np.ndarray) -> Disparity:
        px = np.full(left.shape[:2], self.px, np.float32)
        px[:, : self.skipped] = np.nan
        return Disparity(px=px)


@dataclass(frozen=True, kw_only=True)
class Broken(StereoMethod):
    """Fails."""

    registered_as: ClassVar[str | None] = "broken"

    @backend("told")
    def _told(self, left: np.ndarray, right: np.ndarray) -> Disparity:
        raise RuntimeError("the lens cap is on")


@dataclass(frozen=True, kw_only=True)
class Still(FlowMethod):
    """No motion."""

    registered_as: ClassVar[str | None] = "still"

    @backend("told")
    def _told(self, frame0: np.ndarray, frame1: np.ndarray) -> Flow:
        return Flow(px=np.zeros((*frame0.shape[:2], 2), np.float32))


def stereo_sample(name: str = "made", truth: float | None = 3.0, seed: int = 0) -> StereoSample:
    left, right = np.random.default_rng(seed).integers(0, 255, (2, *SHAPE), dtype=np.uint8)
    known = None if truth is None else Disparity(px=np.full(SHAPE, truth, np.float32))
    return StereoSample(name=name, left=left, right=right, disparity=known)


def flow_sample() -> FlowSample:
    frame0, frame1 = np.random.default_rng(1).integers(0, 255, (2, *SHAPE), dtype=np.uint8)
    return FlowSample(name="moved", frame0=frame0, frame1=frame1, flow=Flow(px=np.full((*SHAPE, 2), (3.0, 4.0))))


def test_scores_density_time_and_estimate_are_in_the_row():
    comparison = compare_methods([Constant(px=4.5, skipped=10)], stereo_sample(), repeats=2, progress=False)
    (row,) = comparison.rows
    assert row.density == pytest.approx(0.75)
    assert row.scores["middlebury"]["bad-1.0 all"].value == pytest.approx(75.0)
    assert row.scores["middlebury"]["invalid all"].value == pytest.approx(25.0)
    assert row.scores["kitti2015"]["D1-all all"].value == pytest.approx(0.0)
    assert row.timing.repeats == 2
    assert 0 < row.timing.minimum_s <= row.timing.median_s <= row.timing.maximum_s
    assert row.backend == "told"
    assert row.estimate.px[0, 20] == 4.5


def test_flow_is_compared_alike():
    comparison = compare_methods([Still()], flow_sample(), protocols=["middlebury_flow", "kitti2015"], progress=False)
    assert [protocol.name for protocol in comparison.protocols] == ["middlebury_flow", "kitti2015_flow"]
    assert comparison.figures("still", comparison.protocols[0])["EPE"] == pytest.approx(5.0)


def test_a_failing_method_is_a_row_with_its_error():
    comparison = compare_methods([Broken(), Constant()], stereo_sample(), progress=False)
    broken, fine = comparison.rows
    assert broken.error == "RuntimeError: the lens cap is on"
    assert broken.timing is None
    assert fine.error is None


@pytest.mark.parametrize("asked", [False, True])
def test_no_method_is_charged_with_the_import_of_its_package(tmp_path, monkeypatch, asked):
    name = f"slow_and_large_{asked}"
    (tmp_path / f"{name}.py").write_text("import time\ntime.sleep(0.5)\nMEMORY = bytes([1]) * 200_000_000\n")
    monkeypatch.syspath_prepend(tmp_path)

    @dataclass(frozen=True, kw_only=True)
    class Heavy(Constant):
        """Needs the package."""

        @backend("heavy", requires=name)
        def _heavy(self, left: np.ndarray, right: np.ndarray) -> Disparity:
            assert name in sys.modules
            return self._told(left, right)

    @dataclass(frozen=True, kw_only=True)
    class Asking(Constant):
        """Asks the one that does."""

        def asked(self) -> tuple[Heavy]:
            return (Heavy(backend="heavy"),)

        def _told(self, left: np.ndarray, right: np.ndarray) -> Disparity:
            return self.asked()[0](left, right)

    method = Asking() if asked else Heavy(backend="heavy")
    try:
        row = run_row(method, stereo_sample(), [])
    finally:
        sys.modules.pop(name, None)
    assert row.error is None
    assert row.timing.peak_memory_bytes is None or row.timing.peak_memory_bytes < 50e6
    assert row.timing.maximum_s < 0.5
    assert row.estimate.run.seconds < 0.5


def test_several_samples_are_aggregated_as_the_protocol_says():
    samples = [stereo_sample("a", 3.0), stereo_sample("b", 13.0)]
    comparison = compare_methods([Constant()], samples, protocols=["middlebury"], repeats=1, progress=False)
    (protocol,) = comparison.protocols
    assert comparison.figures(comparison.labels[0], protocol)["totbad-2.0 all"] == pytest.approx(50.0)
    assert len(comparison.of(comparison.labels[0])) == 2


def test_labels_are_short_and_tell_methods_apart():
    methods = [Constant(px=1.0, max_disparity=32), Constant(px=2.0, max_disparity=32), Broken()]
    comparison = compare_methods(methods, stereo_sample(), repeats=1, progress=False)
    assert comparison.labels == ("constant(px=1.0)", "constant(px=2.0)", "broken")
    with pytest.raises(ValueError, match="given twice"):
        compare_methods([Constant(), Constant()], stereo_sample(), progress=False)


def test_a_pair_that_cannot_be_right_is_refused_unless_forced():
    sample = stereo_sample()
    same = replace(sample, right=sample.left.copy())
    with pytest.raises(PairRefused, match="same image"):
        compare_methods([Constant()], same, progress=False)
    forced = compare_methods([Constant()], same, repeats=1, progress=False, force=True)
    assert "was forced although left and right are the same image" in forced.warnings[0]
    assert forced.rows[0].error is None


def test_everything_but_the_maps_is_json():
    comparison = compare_methods([Constant(skipped=40), Broken()], stereo_sample(), repeats=1, progress=False)
    text = json.dumps(comparison.to_dict(), allow_nan=False)
    row = json.loads(text)["rows"][0]
    assert row["scores"]["middlebury"]["avgerr all"] is None  # nothing was estimated
    assert row["options"] == {"px": 3.0, "skipped": 40, "max_disparity": 64}
    assert row["timing"]["repeats"] == 1


def test_what_does_not_belong_together_is_refused():
    with pytest.raises(ValueError, match="one task"):
        compare_methods([Still()], stereo_sample(), progress=False)
    with pytest.raises(ValueError, match="at least one"):
        compare_methods([], stereo_sample(), progress=False)
    with pytest.raises(TypeError, match="no method"):
        compare_methods([Constant], stereo_sample(), progress=False)
    with pytest.raises(TypeError, match="no sample"):
        compare_methods([Constant()], [np.zeros((3, 3))], progress=False)
    with pytest.raises(ValueError, match="same name"):
        compare_methods([Constant()], [stereo_sample(), stereo_sample()], progress=False)


def test_protocols_need_truth_and_their_task():
    blind = stereo_sample(truth=None)
    assert applicable("stereo", None, [blind]) == ()
    assert {"middlebury", "kitti2012", "kitti2015", "eth3d"} <= {
        protocol.name for protocol in applicable("stereo", None, [stereo_sample()])
    }
    with pytest.raises(ValueError, match="no sample has truth"):
        applicable("stereo", ["middlebury"], [blind])
    with pytest.raises(ValueError, match="no stereo protocol 'sintel'"):
        applicable("stereo", ["sintel"], [stereo_sample()])


def test_an_estimate_a_protocol_cannot_score_says_why():
    half = replace(stereo_sample(), disparity=Disparity(px=np.ones((5, 5), np.float32)))
    row = run_row(Constant(), half, applicable("stereo", ["middlebury"], [half]), repeats=1)
    assert not row.scores
    assert "5" in row.unscored["middlebury"]


def test_the_range_comes_from_calibration_then_measurement_then_a_guess():
    sample = stereo_sample()
    assert search_range(replace(sample, max_disparity=20), None) == (20, "from the calibration")
    assert search_range(replace(sample, max_disparity=500), None)[0] == SHAPE[1]
    seen = inspect_pair(sample.left, sample.right)
    measured = replace(seen, max_disparity=9)  # ETH3D's calibration gives the width of the image, which is no bound
    assert search_range(replace(sample, max_disparity=SHAPE[1]), measured) == (9, "measured from the pair")
    assert search_range(replace(sample, max_disparity=SHAPE[1] - 1), measured)[0] == SHAPE[1] - 1
    value, origin = search_range(sample, None)
    assert value == SHAPE[1]
    assert origin.startswith("a guess")
    fitted = RangeFit()(Constant(), replace(sample, max_disparity=20), None)
    assert fitted == Constant(max_disparity=20)
    assert RangeFit({Constant.name()})(Constant(), replace(sample, max_disparity=20), None) == Constant()
    assert RangeFit()(Still(), flow_sample(), None) == Still()


def test_the_machine_is_described_without_names_or_places():
    machine = describe_machine()
    assert machine["cores"] >= 1
    assert machine["packages"]["numpy"] == np.__version__
    text = json.dumps(machine)
    assert str(Path.home()) not in text
    assert "/" not in text.replace("w/", "")
