import numpy as np
import pytest

from geomvision import ops

torch = pytest.importorskip("torch")
twin = pytest.importorskip("geomvision.ops._torch.propagate_planes")


def texture(height, width, seed=0):
    """Smooth random levels."""
    noise = np.random.default_rng(seed).uniform(0, 255, (height + 2, width + 2))
    return sum(noise[y : y + height, x : x + width] for y in range(3) for x in range(3)) / 9


def wall(shift, height=40, width=60, dtype=np.float64):
    """A pair whose left pixels have disparity `shift`, and random planes for both views."""
    wide = texture(height, width + abs(shift)).astype(dtype)
    left, right = wide[:, :width], wide[:, abs(shift) : abs(shift) + width]
    rng = np.random.default_rng(1)
    planes = np.zeros((2, height, width, 3), dtype)
    planes[..., 2] = rng.uniform(0, 12, planes.shape[:-1])
    return (left, right, *planes)


def disparity(planes):
    y, x = np.mgrid[: planes.shape[0], : planes.shape[1]]
    return planes[..., 0] * x + planes[..., 1] * y + planes[..., 2]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_iterations_find_a_wall_in_both_views(dtype):
    left, right, planes, right_planes = wall(5, dtype=dtype)
    for iteration in range(3):
        options = {"max_disparity": 13, "iteration": iteration, "window": 11, "step": 1}
        planes, right_planes = ops.propagate_planes(left, right, planes, right_planes, **options)
    assert planes.dtype == dtype
    assert np.median(np.abs(disparity(planes)[6:-6, 12:-12] - 5)) < 0.05
    assert np.median(np.abs(disparity(right_planes)[6:-6, 12:-12] - 5)) < 0.05


def test_one_right_plane_reaches_its_neighbours_and_the_other_view_exactly():
    """With one true plane among far ones, and no random change that could equal it."""
    left, right, planes, right_planes = wall(6)
    planes[:] = right_planes[:] = (0, 0, 0)
    planes[20, 30, 2] = 6
    planes, right_planes = ops.propagate_planes(left, right, planes, right_planes, max_disparity=13, step=1, window=11)
    for dx, dy in ((1, 0), (-5, 0), (17, 0), (0, -1), (0, 5), (0, -17)):
        np.testing.assert_allclose(disparity(planes)[20 + dy, 30 + dx], 6, atol=0.02)
    np.testing.assert_allclose(disparity(right_planes)[20, 24], 6, atol=0.02)


def test_planes_that_match_exactly_stay():
    left, right, planes, right_planes = wall(4)
    planes[:] = right_planes[:] = (0, 0, 4)
    found, found_right = ops.propagate_planes(left, right, planes, right_planes, max_disparity=13, window=3, step=1)
    np.testing.assert_array_equal(found[2:-2, 8:-2], planes[2:-2, 8:-2])
    np.testing.assert_array_equal(found_right[2:-2, 2:-8], right_planes[2:-2, 2:-8])


def test_a_slanted_plane_passes_from_view_to_view():
    """d = 0.25 x + 2 in the left view is d = x_right / 3 + 8 / 3 in the right one."""
    height, width = 24, 60
    columns = np.arange(200) - 60.0
    scene = texture(height, 200, 3)
    at = lambda x: np.stack([np.interp(x, columns, row) for row in scene])  # noqa: E731
    x = np.arange(width, dtype=float)
    left, right = at(x), at((x + 2) / 0.75)
    planes, right_planes = np.zeros((2, height, width, 3))
    planes[:] = (0.25, 0, 2)
    found = ops.propagate_planes(left, right, planes, right_planes, max_disparity=24, window=7, step=1, alpha=0.5)[1]
    error = disparity(found) - (x / 3 + 8 / 3)
    assert np.median(np.abs(error[4:-4, 4:36])) < 0.05


@pytest.mark.parametrize("case", range(6))
def test_the_kernel_equals_its_twin_exactly(case):
    rng = np.random.default_rng(case)
    height, width = (int(n) for n in rng.integers(1, 7 if case % 3 == 2 else 14, 2))  # the largest window is slow
    left, right = (torch.from_numpy(rng.uniform(-20, 280, (height, width))) for _ in range(2))
    planes = [torch.from_numpy(rng.normal(0, 0.5, (height, width, 3))) for _ in range(2)]
    for field in planes:
        field[..., 2] += 3
    planes[0][0, 0, 0] = float("nan")
    low = int(rng.integers(-6, 1))
    options = (low, low + int(rng.integers(6 - low, 20)), case, *[(3, 1), (7, 2), (35, 2)][case % 3], 7.0, 0.8, 12.0)
    options += (3.0, [0.0, 0.5, 0.9][case // 2], case, 2)
    expected = twin._twin(left, right, *planes, *options)
    for one, other in zip(torch.ops.geomvision.propagate_planes(left, right, *planes, *options), expected, strict=True):
        assert torch.equal(one, other)


def test_numpy_and_torch_agree_on_every_number_of_threads():
    given = wall(5, dtype=np.float32)
    expected = ops.propagate_planes(*given, max_disparity=13, num_threads=1)
    for threads in range(2, 9):
        found = ops.propagate_planes(*given, max_disparity=13, num_threads=threads)
        tensors = ops.propagate_planes(*map(torch.from_numpy, given), max_disparity=13, num_threads=threads)
        for view in range(2):
            np.testing.assert_array_equal(found[view], expected[view])
            np.testing.assert_array_equal(tensors[view].numpy(), expected[view])


def test_strided_input_gives_what_its_copy_gives_and_stays_as_it_is():
    left, right, planes, right_planes = wall(5)
    given = left[::-1, ::2], right[::-1, ::2], planes[::-1, ::2], right_planes[::-1, ::2]
    before = [array.copy() for array in given]
    found = ops.propagate_planes(*given, max_disparity=9)
    expected = ops.propagate_planes(*before, max_disparity=9)
    for view in range(2):
        np.testing.assert_array_equal(found[view], expected[view])
    for array, copy in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
def test_operator(assert_operator, dtype):
    given = [torch.from_numpy(array).to(dtype) for array in wall(2, 6, 9)]
    options = (0, 8, 0, 5, 1, 10.0, 0.9, 10.0, 2.0, 0.5, 0, 0)
    tolerance = 2e-2 if dtype == torch.float16 else 0  # the twin computes half in double, the kernel in float
    assert_operator(torch.ops.geomvision.propagate_planes.default, twin._twin, *given, *options, rtol=0, atol=tolerance)


def test_compiles(assert_compiles):
    given = [torch.from_numpy(array) for array in wall(2, 6, 9)]
    assert_compiles(lambda *a: ops.propagate_planes(*a, max_disparity=8, window=5)[0] * 2, *given)


FLAT, FIELD = np.zeros((4, 5), np.float32), np.zeros((4, 5, 3), np.float32)


@pytest.mark.parametrize(
    ("arrays", "options", "kind", "message"),
    [
        ((FLAT[0], FLAT, FIELD, FIELD), {}, ValueError, r"left has shape \(5,\); it must be \(H, W\)"),
        ((FLAT, FLAT[:, :4], FIELD, FIELD), {}, ValueError, "they must be equal"),
        ((FLAT, FLAT, FIELD[..., :2], FIELD), {}, ValueError, r"it must be \(4, 5, 3\)"),
        ((FLAT.astype(np.uint8), FLAT, FIELD, FIELD), {}, TypeError, "must be floating point"),
        ((FLAT, FLAT.astype(float), FIELD, FIELD), {}, TypeError, "one dtype"),
        ((FLAT * np.nan, FLAT, FIELD, FIELD), {}, ValueError, "NaN or infinity"),
        ((FLAT, FLAT, FIELD, FIELD), {"window": 37}, ValueError, "odd and between 3 and 35"),
        ((FLAT, FLAT, FIELD, FIELD), {"step": 3}, ValueError, "between 1 and 2"),
        ((FLAT, FLAT, FIELD, FIELD), {"max_slope": 1.0}, ValueError, "between 0 and 0.9"),
        ((FLAT, FLAT, FIELD, FIELD), {"min_disparity": 5}, ValueError, "choose a range nearer to 0"),
        ((FLAT, FLAT, FIELD, FIELD), {"min_disparity": 16}, ValueError, "max_disparity must be larger"),
        ((FLAT, FLAT, FIELD, FIELD), {"iteration": -1}, ValueError, "between 0 and 2147483647"),
    ],
)
def test_wrong_input_says_what_is_allowed(arrays, options, kind, message):
    with pytest.raises(kind, match=message):
        ops.propagate_planes(*arrays, **{"max_disparity": 16, **options})


@pytest.mark.parametrize("shape", [(0, 4), (4, 0), (1, 1), (1, 7), (9, 1)])
def test_any_size(shape):
    image, planes = np.zeros(shape, np.float32), np.zeros((*shape, 3), np.float32)
    found = ops.propagate_planes(image, image, planes, planes, max_disparity=4)
    assert found[0].shape == found[1].shape == (*shape, 3)
