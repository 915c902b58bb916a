"""Ops inside nets that torch compiles to machine code or exports: each is one node of the graph, and gives the same."""

from __future__ import annotations

import io
import os
import shutil

import pytest

from geomvision import ops

torch = pytest.importorskip("torch")


class Net(torch.nn.Module):
    """A stereo net in five lines: features, volume, disparity, and the right view as the left one sees it."""

    def __init__(self):
        super().__init__()
        self.features = torch.nn.Conv2d(1, 4, 3, padding=1)

    def forward(self, left, right):
        volume = ops.correlation_volume(self.features(left), self.features(right), max_disparity=4)
        disparity = ops.soft_argmin(-volume)
        return disparity, ops.warp_by_disparity(right, disparity, outside="zero")


def test_an_exported_net_is_saved_loaded_and_takes_other_sizes():
    net = Net()
    height, width = torch.export.Dim("height", min=2, max=999), torch.export.Dim("width", min=5, max=999)
    shape = {2: height, 3: width}
    exported = torch.export.export(net, tuple(torch.randn(2, 1, 1, 8, 12)), dynamic_shapes=(shape, shape))
    names = [str(node.target) for node in exported.graph.nodes if "geomvision" in str(node.target)]
    assert [name.split(".")[1] for name in names] == ["group_wise_volume", "soft_argmin", "warp_features"]
    file = io.BytesIO()
    torch.export.save(exported, file)
    file.seek(0)
    views = tuple(torch.randn(2, 1, 1, 10, 30))
    torch.testing.assert_close(torch.export.load(file).module()(*views), net(*views))


@pytest.mark.skipif(shutil.which(os.environ.get("CXX", "g++")) is None, reason="inductor compiles with g++")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # inductor imports what torch itself has outgrown
def test_inductor_gives_the_same_values_and_derivatives(tmp_path, monkeypatch):
    from torch._inductor import config

    def function(left, right):
        found = ops.soft_argmin(-2 * ops.correlation_volume(left, right.relu(), max_disparity=4)).square()
        return found * ops.median(found.detach().mT, size=3).mT  # of a map that is turned

    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    left, right = (torch.randn(1, 4, 6, 12, requires_grad=True) for _ in range(2))
    results = []
    with config.patch({"compile_threads": 1, "cpp.vec_isa_ok": False}):  # no other processes, no trials of vectors
        for run in (function, torch.compile(function, backend="inductor", fullgraph=True)):
            found = run(left, right)
            results.append((found, torch.autograd.grad(found.sum(), (left, right))))
    torch.testing.assert_close(results[1], results[0])
    assert list(tmp_path.rglob("*.so"))


class Tuned(torch.nn.Module):
    """Numbers that are no constants of the code: torch makes symbols of them once they change."""

    def __init__(self):
        super().__init__()
        self.first, self.epsilon, self.radius = 0.5, 9.0, 2

    def forward(self, costs, guide):
        expected = ops.soft_argmin(costs, first=self.first) + ops.guided_filter(
            guide, guide, radius=self.radius, epsilon=self.epsilon
        )
        return expected + ops.upsampled_soft_argmin(costs, size=(9, *costs.shape[2:]), first=self.first)


@pytest.mark.parametrize("dynamic", [None, True])
def test_numbers_may_change_from_call_to_call_without_a_graph_break(dynamic):
    tuned, costs, guide = Tuned(), torch.randn(1, 4, 5, 6), torch.randn(1, 5, 6)
    compiled = torch.compile(tuned, backend="aot_eager", fullgraph=True, dynamic=dynamic)
    for tuned.first, tuned.epsilon, tuned.radius in ((0.5, 9.0, 2), (-2.25, 1.5, 3), (7.0, 4.25, 1)):
        torch.testing.assert_close(compiled(costs, guide), tuned(costs, guide))
