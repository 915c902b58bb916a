"""Stereo nets in use: views at any size, the range, threads, stages, weights."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import geomvision as gv
from geomvision import learned, weights
from geomvision.images import ImageError
from geomvision.learned import Net
from geomvision.method import BackendError
from geomvision.stereo._learned import RangedStereo

torch = pytest.importorskip("torch")

sys.path.append(str(Path(__file__).parents[1] / "nets"))
import public_stereo_nets  # noqa: E402

from geomvision.nets.dispnet import DispNet, DispNetC  # noqa: E402
from geomvision.nets.edge_stereo import EdgeStereo  # noqa: E402
from geomvision.nets.raft_stereo import RAFTStereo  # noqa: E402
from geomvision.nets.unet_stereo import UNetStereo  # noqa: E402

TINY = {"halvings": 3, "stages": [4, 4, 8, 8], "hidden": 8, "features": 8}
#: Nets whose weights are saved here with a card, their arguments, and the fewest options, for speed.
NETS = {
    "raft_stereo": (RAFTStereo, TINY, {"iterations": 2}),
    "dispnet": (DispNet, {"width": 4}, {}),
    "dispnet_c": (DispNetC, {"width": 4}, {}),
    "unet": (UNetStereo, {"width": 2}, {}),
    "edge_stereo": (EdgeStereo, {"width": 2, "candidates": 6}, {}),
}


@pytest.fixture(scope="module")
def methods(tmp_path_factory):
    """Every learned stereo method with random weights."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    empty = dict.fromkeys(("name", "network", "input_rule", "training_data", "licence", "sha256"), "")
    counts = {"parameters": 0, "seed": 0, "steps": 0, "commercial_use": True}
    found = {}
    for name, (net, arguments, options) in NETS.items():
        card = weights.Card(**empty, **counts, task=f"stereo/{name}", kind="disparity_px", arguments=arguments)
        weights.save(folder / f"{name}.safetensors", net(**arguments), card)
        found[name] = gv.stereo.METHODS[name](weights=str(folder / f"{name}.safetensors"), **options)
    return found


class Differences(torch.nn.Module):
    """The disparity whose colours differ least; its first estimate is a rougher one."""

    def estimates(self, left, right, disparities):
        costs = []
        for d in range(disparities):
            moved = torch.roll(right, d, dims=3)
            costs.append((left - moved).abs().sum(1, keepdim=True))
        best = torch.cat(costs, dim=1).argmin(dim=1, keepdim=True).float()
        yield best[:, :, ::2, ::2] / 2, None
        yield best, disparities

    def raised(self, estimate, disparities):
        return torch.cat([estimate, torch.full_like(estimate, disparities)], dim=1)


@dataclass(frozen=True, kw_only=True)
class Matcher(RangedStereo):
    """Searches a multiple of 4 disparities."""

    net: ClassVar[Net] = Net("none", "Differences", 8, 16, origin="nobody")
    granularity: ClassVar[int] = 4

    def _result(self, maps, memory):
        memory["given"] = maps[1]
        return super()._result(maps, memory)


@pytest.fixture
def matcher(monkeypatch, tmp_path):
    monkeypatch.setattr(learned, "loaded", lambda *_: Differences())
    (tmp_path / "a.pt").write_text("")
    return Matcher(weights=str(tmp_path / "a.pt"), max_disparity=12)


def noise(height, width, dtype=np.uint8):
    wide = np.random.default_rng(0).integers(0, 256, (height, width + 60, 3), dtype=np.uint8)
    return wide.astype(dtype) * dtype(257 if dtype == np.uint16 else 1)


@pytest.mark.parametrize("first", [0, 5, -9])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_disparities_count_from_where_the_range_begins(matcher, first, dtype):
    """A texture that lies 7 pixels farther than that in one view is found there wherever the match is in view."""
    wide = noise(21, 75, dtype)
    truth = first + 7
    left, right = wide[:, 30:105], wide[:, 30 + truth :][:, :75]
    found = matcher.with_options(min_disparity=first, max_disparity=first + 10)(left, right)
    inside = slice(max(truth, 0) + 16, 75 - 16)
    np.testing.assert_array_equal(found.px[:, inside], truth)
    assert found.px.dtype == np.float32


@pytest.mark.parametrize(("range_", "expected"), [((0, 12), 12), ((0, 13), 16), ((-2, 7), 12), ((0, 4000), 20)])
def test_the_net_is_given_a_number_of_disparities_that_it_takes(matcher, range_, expected):
    memory = {}
    pair = noise(9, 17)[:, :17], noise(9, 17)[:, :17]
    method = matcher.with_options(min_disparity=range_[0], max_disparity=range_[1])
    method._torch(*pair, memory)
    assert np.unique(memory["given"]).tolist() == [expected]  # 17 pixels have 17 disparities at most
    assert memory["coarse"].shape == (1, 1, 16, 24)


def test_a_range_without_a_match_is_refused(matcher):
    image = noise(4, 6)[:, :6]
    with pytest.raises(ImageError, match="6 pixels wide has a match between min_disparity 7"):
        matcher.with_options(min_disparity=7)(image, image)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (17, 3), (33, 31)])
def test_any_size_has_a_disparity_everywhere(matcher, size):
    image = noise(*size)[:, : size[1]]
    assert matcher(image, image).px.shape == size
    assert (matcher(image, image).px == 0).all()


def test_the_stages_lead_to_the_result(matcher):
    pair = noise(12, 30)[:, :30], noise(12, 30)[:, 3:33]
    trace = matcher.trace(*pair)
    assert [stage.name for stage in trace] == ["left", "estimate 1", "estimate 2", "disparity"]
    assert trace["estimate 1"].array.shape == (8, 16)
    np.testing.assert_array_equal(trace.result.px, matcher(*pair).px)


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (65, 3), (33, 71)])
def test_every_net_has_a_finite_disparity_at_any_size(methods, name, size):
    image = noise(*size)
    found = methods[name](image[:, : size[1]], image[:, 9 : 9 + size[1]])
    assert found.px.shape == size
    assert np.isfinite(found.px).all()


@pytest.mark.parametrize("name", NETS)
def test_a_size_that_does_not_fit_is_the_one_that_does_with_its_border_repeated(methods, name):
    pair = noise(61, 90)[:, :90], noise(61, 90)[:, 9:99]
    stride = methods[name].net.stride
    right = -90 % stride
    around = ((1, 2), (right // 2, right - right // 2), (0, 0))
    padded = [np.pad(view, around, mode="edge") for view in pair]
    inside = methods[name](*padded).px[1:62, right // 2 : right // 2 + 90]
    np.testing.assert_array_equal(methods[name](*pair).px, inside)


@pytest.mark.parametrize("name", NETS)
def test_threads_dtypes_and_grey_change_nothing(methods, name):
    method, wide = methods[name], noise(250, 270)
    pair = wide[:, :270], wide[:, 9:279]
    expected = method.with_options(num_threads=1)(*pair).px
    assert np.ptp(expected) > 0
    np.testing.assert_array_equal(method.with_options(num_threads=3)(*pair).px, expected)
    small = [view[:40, :56] for view in pair]
    sixteen = [view.astype(np.uint16) * 257 for view in small]
    np.testing.assert_allclose(method(*sixteen).px, method(*small).px, atol=1e-4)
    grey = [view[..., 0] for view in small]
    np.testing.assert_array_equal(method(*grey).px, method(*(np.dstack([view] * 3) for view in grey)).px)


@pytest.mark.parametrize(("name", "estimates"), [("raft_stereo", 2), ("dispnet", 6), ("dispnet_c", 6), ("unet", 1)])
def test_every_estimate_of_a_net_is_a_stage(methods, name, estimates):
    pair = noise(40, 60)[:, :60], noise(40, 60)[:, 9:69]
    trace = methods[name].trace(*pair)
    names = ["left", *(f"estimate {k}" for k in range(1, estimates + 1)), "disparity"]
    assert [stage.name for stage in trace] == names
    np.testing.assert_array_equal(trace.result.px, methods[name](*pair).px)
    np.testing.assert_array_equal(trace["disparity"].array, trace.result.px)


def test_the_edges_that_a_net_saw_are_a_stage(methods):
    pair = noise(40, 60)[:, :60], noise(40, 60)[:, 9:69]
    trace = methods["edge_stereo"].trace(*pair)
    names = ["left", *(f"estimate {k}" for k in range(1, 7)), "disparity", "edges"]
    assert [stage.name for stage in trace] == names
    np.testing.assert_array_equal(trace.result.px, methods["edge_stereo"](*pair).px)
    edges = trace["edges"].array
    assert edges.shape == (40, 60)
    assert ((edges > 0) & (edges < 1)).all()
    assert np.ptp(edges) > 0


def test_a_clip_begins_each_pair_where_the_last_ended(methods):
    pair = noise(64, 64)[:, :64], noise(64, 64)[:, 9:73]
    method = methods["raft_stereo"]
    first, second = method.along([pair, pair])
    np.testing.assert_array_equal(first.px, method(*pair).px)
    longer = method.trace(*pair)
    assert not np.array_equal(second.px, longer.result.px)
    assert second.run.method == "stereo/raft_stereo"
    with pytest.raises(ImageError, match="a pair is 40x64 pixels, the one before 64x64"):
        list(method.along([pair, [view[:, :40] for view in pair]]))


def test_a_public_checkpoint_is_used_by_its_method(tmp_path):
    """Random weights of the authors' layout; the disparity is the net's at the size that theirs pads to."""
    state = public_stereo_nets.at_random(public_stereo_nets.raft_stereo(2, 3, True))
    torch.save({"module." + key: value for key, value in state.items()}, tmp_path / "real-time.pth")
    pair = noise(50, 90)[:, :90], noise(50, 90)[:, 9:99]
    found = gv.stereo.RAFTStereo(weights=str(tmp_path / "real-time.pth"), iterations=1)(*pair).px
    published = public_stereo_nets.Published(state, 2, 3, True, True, "batch")
    given = [np.pad(np.float32(view), ((7, 7), (3, 3), (0, 0)), mode="edge").transpose(2, 0, 1) for view in pair]
    with torch.inference_mode():
        expected = published.disparity(*(torch.from_numpy(view[None].copy()) for view in given), iterations=1)
    np.testing.assert_allclose(found, expected[0, 0, 7:57, 3:93], rtol=1e-3, atol=1e-3)
    (tmp_path / "a.pt").write_bytes((tmp_path / "real-time.pth").read_bytes())
    with pytest.raises(weights.WeightsError, match=r"a\.pt is no \.safetensors file; DispNet has no public"):
        gv.stereo.DispNet(weights=str(tmp_path / "a.pt"))(*pair)


def test_without_weights_a_method_says_where_they_come_from():
    image = noise(4, 6)
    told = r"has no weights 'none': neither shipped nor a file; give weights= .* or of a checkpoint of nobody"
    with pytest.raises(BackendError, match=told):
        Matcher(weights="none")(image, image)
