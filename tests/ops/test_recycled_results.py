"""Memory of results that nobody holds any more is taken over by the next result of its size."""

from collections.abc import Iterator

import numpy as np
import pytest

from geomvision import _core, ops

LEFT, RIGHT = np.random.default_rng(0).standard_normal((2, 1, 4, 128, 256), np.float32)
MB = 1 << 20


@pytest.fixture(autouse=True)
def nothing_waits() -> Iterator[None]:
    _core.recycled_forget()
    yield
    _core.recycled_forget()


def correlate(scale: float = 1.0) -> np.ndarray:
    return ops.local_correlation(LEFT * np.float32(scale), RIGHT, radius=2)  # 3.1 MB


def test_the_next_result_of_the_size_takes_over_what_the_last_one_leaves() -> None:
    result = correlate()
    size, address = result.nbytes, result.ctypes.data
    assert address % 64 == 0
    assert _core.recycled_bytes() == 0
    del result
    assert size <= _core.recycled_bytes() <= size + 4096
    assert correlate().ctypes.data == address
    assert ops.local_correlation(LEFT, RIGHT, radius=1).ctypes.data != address  # of another size
    _core.recycled_forget()
    assert _core.recycled_bytes() == 0


def test_a_result_that_all_but_fills_a_huge_page_takes_the_whole_page() -> None:
    image = np.zeros((600, 800), np.float32)  # 1.83 of 2 MB
    ops.warp(image, np.zeros((600, 800, 2), np.float32))
    assert _core.recycled_bytes() == 2 * MB


def test_what_somebody_holds_is_never_written_to() -> None:
    expected = correlate().copy()
    view = correlate()[0, 3:5, ::2]
    held = [correlate(scale) for scale in (2, 4, 8)]
    assert len({array.ctypes.data for array in (view, *held)}) == 4
    np.testing.assert_array_equal(view, expected[0, 3:5, ::2])
    for array, scale in zip(held, (2, 4, 8), strict=True):
        np.testing.assert_array_equal(array, expected * np.float32(scale))


def test_a_tensor_holds_its_memory() -> None:
    torch = pytest.importorskip("torch")
    tensor = ops.local_correlation(torch.from_numpy(LEFT), torch.from_numpy(RIGHT), radius=2)[:, 1]
    before = tensor.clone()
    correlate(3)
    assert torch.equal(tensor, before)
    del tensor
    assert _core.recycled_bytes() > 6 * MB


def test_no_more_than_32_megabytes_wait_in_small_pages() -> None:
    image = np.zeros((400, 500), np.float32)  # 0.8 MB
    held = [ops.warp(image, np.zeros((400, 500, 2), np.float32)) for _ in range(60)]
    held.clear()
    assert 31 * MB < _core.recycled_bytes() <= 32 * MB


def test_no_more_than_half_a_gigabyte_waits() -> None:
    one = np.zeros((1, 1, 1024, 1024), np.float32)
    held = [ops.local_correlation(one, one, radius=3) for _ in range(3)]  # 205 MB each
    held.clear()
    assert 350 * MB < _core.recycled_bytes() <= 512 * MB


def test_a_result_that_no_memory_holds_is_named():
    features = np.zeros((1, 4, 1000, 1000), np.float32)
    with pytest.raises(MemoryError, match=r"a result of shape \(1, 4, 2147483647, 1000, 1000\) takes 34\d+\.\d+ GB"):
        ops.group_wise_volume(features, features, max_disparity=2**31 - 1, groups=4)
