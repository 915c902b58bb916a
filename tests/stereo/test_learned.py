"""Stereo nets in use: views at any size, the range, threads, stages, weights."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from geomvision import learned
from geomvision.images import ImageError
from geomvision.learned import Net
from geomvision.method import BackendError
from geomvision.stereo._learned import RangedStereo

torch = pytest.importorskip("torch")


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


def test_without_weights_a_method_says_where_they_come_from():
    image = noise(4, 6)
    told = r"has no weights 'none': neither shipped nor a file; give weights= .* or of a checkpoint of nobody"
    with pytest.raises(BackendError, match=told):
        Matcher(weights="none")(image, image)
