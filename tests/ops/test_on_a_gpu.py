"""What only a real GPU shows: streams, captured graphs, automatic precision, and that failing calls leave nothing."""

from __future__ import annotations

import pytest

from geomvision import ops

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that torch can use"),
]


def features(seed=0, size=(1, 8, 24, 40)):
    return torch.randn(size, generator=torch.Generator().manual_seed(seed)).cuda()


def matched(left, right):
    volume = ops.group_wise_volume(left, right, max_disparity=8, groups=4)
    around = ops.local_correlation(left, right, radius=2)
    moved = ops.warp(right, around[:, :2], outside="border")
    return volume.sum((1, 2)) + moved.sum(1)


def test_work_goes_on_the_stream_that_is_current():
    left, right = features(), features(1)
    wanted = matched(left, right)
    stream = torch.cuda.Stream()
    torch.cuda.synchronize()
    with torch.cuda.stream(stream):
        torch.cuda._sleep(50_000_000)  # what ran elsewhere would be done before this
        later = left * 2
        found = matched(later, right)
    stream.synchronize()
    torch.testing.assert_close(found, matched(left * 2, right))
    assert not torch.equal(found, wanted)


def test_a_captured_graph_gives_the_same_for_new_values():
    left, right = features(), features(1)
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        matched(left, right)  # warm
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        captured = matched(left, right)
    left.copy_(features(2))
    graph.replay()
    torch.testing.assert_close(captured, matched(left, right))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precisions_and_autocast(dtype):
    left, right = features(), features(1)
    wanted = ops.local_correlation(left.to(dtype).float(), right.to(dtype).float(), radius=2).to(dtype)
    torch.testing.assert_close(ops.local_correlation(left.to(dtype), right.to(dtype), radius=2), wanted)
    with torch.autocast("cuda", dtype):
        torch.testing.assert_close(
            ops.local_correlation(left, right, radius=2), ops.local_correlation(left, right, radius=2)
        )


def test_compiled_functions_give_the_same():
    left, right = features(), features(1)
    compiled = torch.compile(matched, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(left, right), matched(left, right))


def test_a_thousand_failing_calls_leave_nothing_and_the_next_one_works():
    left, right = features(), features(1)
    wanted = matched(left, right)
    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated(), torch.cuda.mem_get_info()[0]
    for _ in range(1000):
        with pytest.raises(ValueError, match="must be equal"):
            ops.local_correlation(left, right[..., 1:], radius=2)
        with pytest.raises(ValueError, match="one device"):
            torch.ops.geomvision.local_correlation(left, right.cpu(), 2, 1, 1, 0)
    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    assert torch.cuda.memory_allocated() == before[0]
    assert torch.cuda.mem_get_info()[0] >= before[1] - (1 << 20)
    torch.testing.assert_close(matched(left, right), wanted)


def test_too_large_for_the_device_is_an_error_that_leaves_it_usable():
    left = torch.zeros(1, 1, 1, 1, device="cuda").expand(1, 1, 1 << 16, 1 << 16)
    with pytest.raises((RuntimeError, ValueError)):
        ops.local_correlation(left, left, radius=20)
    torch.cuda.empty_cache()
    assert torch.isfinite(matched(features(), features(1))).all()
