"""The look at a pair, on pairs whose geometry is known because they were cut from one texture, and on real scenes."""

import numpy as np
import pytest

from geomvision.benchmark import PairRefused, inspect_pair
from geomvision.benchmark.inspection import inspect_frames, inspect_sample
from geomvision.datasets.folder import Folder
from geomvision.images import ImageError
from geomvision.samples import FlowSample

DISPARITY = 12


def texture(seed: int, height: int = 220, width: int = 360) -> np.ndarray:
    """Noise at four scales, 40 … 215."""
    random = np.random.default_rng(seed)
    total = np.zeros((height, width))
    for scale in (2, 4, 8, 16):
        coarse = random.random((height // scale + 2, width // scale + 2))
        total += np.kron(coarse, np.ones((scale, scale)))[:height, :width]
    low, high = total.min(), total.max()
    return (40 + 175 * (total - low) / (high - low)).astype(np.uint8)


@pytest.fixture(scope="module")
def pair() -> tuple[np.ndarray, np.ndarray]:
    """Left (x, y) is right (x − 12, y)."""
    wide = texture(1)
    return wide[:, :-DISPARITY].copy(), wide[:, DISPARITY:].copy()


def test_a_right_pair_is_measured(pair):
    report = inspect_pair(*pair)
    assert report.can_be_right
    assert report.left == (348, 220, 1)
    assert report.vertical_abs_px == pytest.approx(0.0, abs=0.1)
    assert report.negative_share == pytest.approx(0.0, abs=0.02)
    assert report.disparity_px == pytest.approx((DISPARITY,) * 3, abs=0.6)
    assert DISPARITY < report.max_disparity <= 32
    assert (report.exposure_gain, report.exposure_bias) == pytest.approx((1.0, 0.0), abs=0.02)


def test_swapped_views_are_refused_with_the_evidence(pair):
    report = inspect_pair(pair[1], pair[0])
    with pytest.raises(PairRefused, match=r"swapped: 100 % of \d+ matches .* median -12\.0 px") as refusal:
        report.require()
    assert refusal.value.report is report


@pytest.mark.parametrize("rows", [-5, 5, 3])
def test_rows_that_do_not_correspond_are_refused(pair, rows):
    left, right = pair
    shifted = (left[rows:], right[:-rows]) if rows > 0 else (left[:rows], right[-rows:])
    report = inspect_pair(*shifted)
    assert report.vertical_px == pytest.approx(-rows, abs=0.2)
    assert "rows do not correspond" in report.problems[0]


def test_a_mirrored_view_is_refused():
    # Symmetric blobs look alike in a mirror: they match, row by row, at a disparity that falls along the row.
    random = np.random.default_rng(5)
    y, x = np.mgrid[:240, :400]
    image = np.full((240, 400), 128.0)
    for centre_y, centre_x in random.uniform((10, 30), (230, 370), (120, 2)):
        size, height = random.uniform(2, 6), random.choice([-60, 60])
        image += height * np.exp(-((x - centre_x) ** 2 + (y - centre_y) ** 2) / (2 * size**2))
    wide = np.clip(image, 0, 255).astype(np.uint8)
    left, right = wide[:, :-DISPARITY], wide[:, DISPARITY:]
    assert inspect_pair(left, right).can_be_right
    report = inspect_pair(left, right[:, ::-1])
    assert "one image is mirrored" in report.problems[0]


def test_one_row_off_is_still_a_pair(pair):
    report = inspect_pair(pair[0][1:], pair[1][:-1])
    assert report.can_be_right
    assert report.vertical_abs_px == pytest.approx(1.0, abs=0.1)


def test_exposure_is_measured_and_noted(pair):
    left, right = pair
    darker = np.rint(0.6 * right.astype(float) + 10).astype(np.uint8)
    report = inspect_pair(left, darker)
    assert report.can_be_right
    assert report.exposure_gain == pytest.approx(0.6, abs=0.03)
    assert report.exposure_bias == pytest.approx(10 / 255, abs=0.02)
    assert any("exposure differs" in note for note in report.notes)


def test_unrelated_images_are_refused():
    report = inspect_pair(texture(2), texture(3))
    assert "nothing matches" in report.problems[0]


def test_the_same_image_twice_is_refused(pair):
    assert "same image" in inspect_pair(pair[0], pair[0].copy()).problems[0]


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (64, 64, 3)])
def test_constant_images_are_refused(shape):
    flat = np.full(shape, 7, np.uint8)
    report = inspect_pair(flat, flat)
    assert [problem.split(":")[0] for problem in report.problems] == ["left is constant", "right is constant"]


def test_different_sizes_and_types_are_refused(pair):
    left, right = pair
    assert "differ in size (left is 348x220, right is 340x220 pixels)" in inspect_pair(left, right[:, 8:]).problems[0]
    assert "differ in type" in inspect_pair(left, right.astype(np.uint16)).problems[0]


@pytest.mark.parametrize("size", [2, 8, 20])
def test_tiny_images_cannot_be_judged_but_are_no_problem(size):
    random = np.random.default_rng(size)
    left, right = random.integers(0, 255, (2, size, size), dtype=np.uint8)
    report = inspect_pair(left, right)
    assert report.can_be_right
    assert report.notes
    assert report.vertical_px is None


def test_float_uint16_and_mixed_channels_are_judged_alike(pair):
    left, right = pair
    for scale, dtype in ((1 / 255, np.float32), (257, np.uint16)):
        report = inspect_pair((left.astype(float) * scale).astype(dtype), (right.astype(float) * scale).astype(dtype))
        assert report.can_be_right
        assert report.disparity_px == pytest.approx((DISPARITY,) * 3, abs=0.6)
    colour = np.repeat(right[..., None], 3, axis=2)
    assert inspect_pair(left, colour).right == (348, 220, 3)


def test_what_is_no_image_is_an_error():
    with pytest.raises(ImageError, match="NaN"):
        inspect_pair(np.full((4, 4), np.nan, np.float32), np.zeros((4, 4), np.float32))


def test_frames_may_move_anyhow_but_not_be_constant(pair):
    assert inspect_frames(pair[1], pair[0]).can_be_right
    assert inspect_frames(pair[0], pair[0]).can_be_right
    flat = np.zeros((5, 6), np.uint8)
    report = inspect_sample(FlowSample(name="flat", frame0=flat, frame1=flat))
    with pytest.raises(PairRefused, match="two frames of a motion: frame0 is constant"):
        report.require()


def test_no_real_scene_is_refused_and_every_wrong_version_of_it_is(real_data):
    wrong = []
    for number, scene in enumerate(Folder(real_data / "stereo")):
        left, right = scene.left, scene.right
        report = inspect_pair(left, right)
        if not report.can_be_right or report.max_disparity < 0.95 * float(np.nanmax(scene.disparity.px)):
            wrong.append((scene.name, report.problems, report.max_disparity))
        if "swapped" not in "".join(inspect_pair(right, left).problems):
            wrong.append((scene.name, "swapped"))
        if number % 3 == 0 and "rows do not correspond" not in "".join(inspect_pair(left[5:], right[:-5]).problems):
            wrong.append((scene.name, "5 px"))
    assert not wrong
