import numpy as np
import pytest

import geomvision as gv
from geomvision import _core, weights
from geomvision.datasets.folder import Folder
from geomvision.images import to_grey
from geomvision.method import BackendError, OptionError
from geomvision.stereo.refined_sgm import RefinedSGM
from geomvision.stereo.sgm import SGM

#: Rendered with a seed that training does not use.
HELD_OUT = {"seed": 2_000_003, "height": 240, "width": 320, "max_disparity": 48}


def wrong(disparity, truth, region):
    """How many pixels of a region are more than 2 px off or missing, and of how many."""
    known = region & ~np.isnan(truth)
    return np.array([np.count_nonzero(known & ~(np.abs(disparity - truth) <= 2)), np.count_nonzero(known)])


def both(sample, max_disparity):
    """Wrong pixels as (SGM filled, refined) × (all, not occluded)."""
    truth, seen = sample.disparity.px, ~sample.occluded
    filled = SGM(max_disparity=max_disparity, fill="background")(sample.left, sample.right)
    refined = RefinedSGM(max_disparity=max_disparity)(sample.left, sample.right)
    assert refined.density == 1
    regions = (np.ones_like(seen), seen)
    return np.array([[wrong(result.px, truth, region) for region in regions] for result in (filled, refined)])


def test_it_beats_what_it_refines_on_rendered_scenes_it_never_saw():
    scenes = gv.datasets.Synthetic(**HELD_OUT)
    counts = sum(both(scenes.stereo(index), 48) for index in range(6))
    filled, refined = 100 * counts[..., 0] / counts[..., 1]
    assert refined[0] < 0.9 * filled[0]
    assert refined[1] < filled[1]


@pytest.mark.parametrize("method", ["refined_sgm", "fast_stereo"])
def test_rounded_factors_change_little_and_are_taken_where_they_are_multiplied_faster(method):
    sample = gv.datasets.Synthetic(**HELD_OUT).stereo(0)
    found = {
        precision: gv.stereo.METHODS[method](max_disparity=48, precision=precision)(sample.left, sample.right)
        for precision in ("auto", "float32", "bfloat16")
    }
    faster = _core.has_matrix_tiles() or _core.has_matrix_pairs()
    np.testing.assert_array_equal(found["auto"].px, found["bfloat16" if faster else "float32"].px)
    change = np.abs(found["bfloat16"].px - found["float32"].px)
    assert 0 < np.median(change) < 0.02
    assert np.mean(change > 1) < 0.01
    wrong_px = [wrong(found[each].px, sample.disparity.px, True)[0] for each in ("float32", "bfloat16")]
    assert wrong_px[1] < 1.1 * wrong_px[0]


def test_it_beats_what_it_refines_on_real_scenes(real_data):
    names = ("cones", "Reindeer", "Piano", "Baby2")
    samples = {sample.name: sample for sample in Folder(real_data / "stereo") if sample.name in names}
    assert len(samples) == len(names)
    counts = sum(both(sample, sample.max_disparity or 80) for sample in samples.values())
    filled, refined = counts[:, 0, 0] / counts[:, 0, 1]
    assert refined < 0.95 * filled


def test_confidence_and_occlusion_mean_what_they_say():
    scenes = gv.datasets.Synthetic(**HELD_OUT)
    good, confident, hidden, called = [], [], [], []
    for index in range(6, 10):
        sample = scenes.stereo(index)
        result = RefinedSGM(max_disparity=48)(sample.left, sample.right)
        good.append(np.abs(result.px - sample.disparity.px).ravel() < 1)
        confident.append(result.confidence.ravel())
        hidden.append(sample.occluded.ravel())
        called.append(result.occluded.ravel())
    good, confident, hidden, called = (np.concatenate(parts) for parts in (good, confident, hidden, called))
    for low, high in ((0.5, 0.8), (0.8, 0.95), (0.95, 1.0)):
        chosen = (confident >= low) & (confident < high)
        assert abs(good[chosen].mean() - confident[chosen].mean()) < 0.15
    assert (hidden & called).sum() / (hidden | called).sum() > 0.5


@pytest.mark.parametrize("method", ["refined_sgm", "fast_stereo"])
def test_confidence_sorts_errors_better_than_that_of_sgm_on_real_scenes(real_data, method):
    names = ("cones", "Reindeer", "Piano", "Baby2")
    samples = [sample for sample in Folder(real_data / "stereo") if sample.name in names]
    assert len(samples) == len(names)
    areas = [
        [
            gv.metrics.sparsification(
                gv.stereo.METHODS[each](max_disparity=sample.max_disparity or 80).on(sample), sample, threshold=1.0
            ).normalised_area
            for sample in samples
        ]
        for each in (method, "sgm")
    ]
    assert np.mean(areas[0]) < 0.55 * np.mean(areas[1])


def test_nothing_is_made_of_nothing():
    flat = np.full((20, 30), 90, np.uint8)
    assert np.isnan(RefinedSGM(max_disparity=8)(flat, flat).px).all()


@pytest.mark.parametrize(("dtype", "scale"), [(np.uint16, 257), (np.float32, 1.0), (np.float64, 3.25)])
def test_units_of_grey_images_do_not_matter(dtype, scale):
    sample = gv.datasets.Synthetic(**{**HELD_OUT, "height": 96, "width": 128, "max_disparity": 24}).stereo(0)
    left, right = to_grey(sample.left), to_grey(sample.right)
    method = RefinedSGM(max_disparity=24)
    expected = method(left, right)
    scaled = method(left.astype(dtype) * dtype(scale), right.astype(dtype) * dtype(scale))
    assert np.mean(np.abs(scaled.px - expected.px) < 0.02) > 0.98


def test_nothing_lies_beyond_infinity():
    sample = gv.datasets.Synthetic(**{**HELD_OUT, "layout": "street", "height": 96, "width": 128}).stereo(1)
    assert RefinedSGM(max_disparity=48)(sample.left, sample.right).px.min() >= 0


def test_disparities_may_be_negative():
    sample = gv.datasets.Synthetic(**{**HELD_OUT, "layout": "tabletop"}).stereo(1)
    swapped = RefinedSGM(min_disparity=-47, max_disparity=1)(sample.right, sample.left)
    seen = ~sample.disparity_right.occluded
    assert np.median(np.abs(swapped.px + sample.disparity_right.px)[seen]) < 0.5
    assert np.median(swapped.px) < -5


def test_options_are_those_of_sgm():
    with pytest.raises(OptionError, match="max_disparity must be larger"):
        RefinedSGM(max_disparity=4, min_disparity=4)
    with pytest.raises(OptionError, match="p2 must be at least p1"):
        RefinedSGM(p1=50, p2=20)
    ours, theirs = RefinedSGM().options(), SGM().options()
    assert {name: ours[name] for name in ours if name not in ("weights", "precision")}.items() <= theirs.items()


def test_weights_can_be_a_file_and_must_exist(tmp_path):
    image = np.random.default_rng(0).integers(0, 255, (40, 50), dtype=np.uint8)
    with pytest.raises(weights.WeightsError, match="no weights 'mine'"):
        RefinedSGM(weights="mine", max_disparity=8)(image, image)
    shipped = weights.find("refined_sgm")
    for path in (shipped, shipped.with_suffix(".json")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    method = RefinedSGM(weights=str(tmp_path / shipped.name), max_disparity=8)
    expected = RefinedSGM(max_disparity=8)(image, image)
    assert np.array_equal(method(image, image).px, expected.px)


def test_without_torch_it_says_how_to_get_it(monkeypatch):
    from geomvision import method

    monkeypatch.setattr(method, "importable", lambda module: module != "torch")
    image = np.zeros((8, 8), np.uint8)
    with pytest.raises(BackendError, match=r"torch needs torch: pip install 'geomvision\[learned\]'"):
        RefinedSGM()(image, image)


def test_torch_keeps_its_number_of_threads():
    import torch

    before = torch.get_num_threads()
    image = np.random.default_rng(0).integers(0, 255, (40, 50), dtype=np.uint8)
    RefinedSGM(max_disparity=8, num_threads=1 + before)(image, image)
    assert torch.get_num_threads() == before
