"""SGM on learned and on the caller's costs."""

import numpy as np
import pytest

import geomvision as gv
from geomvision.images import ImageError, to_grey
from geomvision.method import OptionError
from geomvision.stereo.mccnn_sgm import MCCNNSGM
from geomvision.stereo.sgm import SGM
from geomvision.weights import WeightsError

torch = pytest.importorskip("torch")
costs = pytest.importorskip("geomvision.stereo._costs")


def pair(height=60, width=90, seed=1):
    sample = gv.datasets.Synthetic(seed=seed, height=height, width=width, max_disparity=16)[0]
    return to_grey(sample.left), to_grey(sample.right), sample


def test_the_cost_of_a_pixel_with_itself_is_nothing_and_of_others_more():
    left, _, _ = pair()
    volume = costs.volume("mc_cnn", left, left, range(-3, 4), 1)
    assert volume.shape == (60, 90, 7)
    assert (volume[:, :, 3] == 0).all()
    assert volume[:, 5:-5].max() <= costs.MOST
    assert volume[20:40, 20:60, 0].mean() > 10


def test_candidates_outside_are_neutral():
    cost = np.full((1, 4, 3), 40, np.uint8)
    found = costs.with_border(cost, range(1, 4))
    np.testing.assert_array_equal(found[0], [[21, 21, 21], [40, 21, 21], [40, 40, 21], [40, 40, 40]])
    cheap = costs.with_border(np.full((1, 2, 2), 6, np.uint8), range(2))
    np.testing.assert_array_equal(cheap[0], [[6, 6], [6, 6]])  # never dearer than the mean of those inside


def test_scaling_is_linear_up_to_the_largest():
    np.testing.assert_array_equal(costs.scaled(np.array([0.0, 0.5, 1.0, 7.0], np.float32), 1.0), [0, 32, 63, 63])


@pytest.mark.parametrize("min_disparity", [0, -4])
def test_cpp_equals_the_reference_on_learned_costs(min_disparity):
    left, right, _ = pair()
    sgm = SGM(cost="mc_cnn", max_disparity=12, min_disparity=min_disparity, paths=4)
    found = [sgm.with_options(backend=name)(left, right) for name in ("cpp", "reference")]
    np.testing.assert_array_equal(found[0].px, found[1].px)
    np.testing.assert_array_equal(found[0].confidence, found[1].confidence)


@pytest.mark.parametrize("backend", ["cpp", "reference"])
def test_costs_of_the_caller_decide(backend):
    volume = np.full((20, 30, 8), 50, np.uint8)
    volume[:, :15, 2] = 0
    volume[:, 15:, 5] = 0
    sgm = SGM(max_disparity=8, left_right=-1, subpixel="none", median=1, backend=backend)
    found = sgm.from_costs(volume, np.zeros((20, 30), np.uint8))
    np.testing.assert_array_equal(found.px[:, :15], 2)
    np.testing.assert_array_equal(found.px[:, 15:], 5)


def test_wrong_costs_say_what_is_allowed():
    image = np.zeros((4, 20), np.uint8)
    sgm = SGM(max_disparity=8)
    with pytest.raises(ImageError, match=r"float32 \(4, 20, 8\); they must be uint8 \(4, 20, 8\)"):
        sgm.from_costs(np.zeros((4, 20, 8), np.float32), image)
    with pytest.raises(ImageError, match=r"must be uint8 \(4, 20, 8\)"):
        sgm.from_costs(np.zeros((4, 20, 9), np.uint8), image)
    with pytest.raises(ValueError, match="up to 80; with p2 180 they may be 255 − p2 = 75"):
        sgm.from_costs(np.full((4, 20, 8), 80, np.uint8), image)
    good = np.zeros((4, 20, 8), np.uint8)
    for other in (good.tolist(), np.ma.masked_array(good, good == 0), torch.from_numpy(good), None):
        with pytest.raises(TypeError, match=rf"a {type(other).__name__}; .*plain numpy array, uint8 \(4, 20, 8\)"):
            sgm.from_costs(other, image)
    with pytest.raises(WeightsError, match=r"'mc_cmn' is none of census, .*zncc, and no weights 'mc_cmn'"):
        SGM(cost="mc_cmn")(image, image)
    with pytest.raises(OptionError, match="p2 must be at least p1"):
        MCCNNSGM(p1=100, p2=50)


@pytest.mark.parametrize("cost", costs.OPS)
def test_every_op_matches_a_rendered_scene(cost):
    left, right, sample = pair(120, 160)
    seen = np.isfinite(sample.disparity.px) & ~sample.disparity.occluded
    found = [SGM(cost=cost, max_disparity=24, fill="background", backend=b)(left, right) for b in ("cpp", "reference")]
    np.testing.assert_array_equal(found[0].px, found[1].px)
    assert (np.abs(found[0].px - sample.disparity.px)[seen] > 2).mean() < (0.2 if cost == "ncc" else 0.12)


@pytest.mark.parametrize("cost", ["mc_cnn", *costs.OPS])
@pytest.mark.parametrize("exponent", [-120, -30, 70, 110])
def test_the_unit_of_floats_does_not_matter(cost, exponent):
    left, right, _ = pair(40, 60)
    views = [view.astype(np.float32) for view in (left, right)]
    expected = costs.volume(cost, *views, range(-2, 9), 1)
    far = (np.ldexp(view, exponent) for view in views)
    np.testing.assert_array_equal(costs.volume(cost, *far, range(-2, 9), 1), expected)


def test_bands_of_rows_leave_no_trace(monkeypatch):
    left, right, _ = pair()
    whole = costs.volume("zncc", left, right, range(-2, 9), 1)
    monkeypatch.setattr(costs, "BAND", 7)
    np.testing.assert_array_equal(costs.volume("zncc", left, right, range(-2, 9), 1), whole)


def test_a_rendered_scene_is_matched_as_well_as_by_census():
    wrong = {"census": [], "mc_cnn": []}
    for seed in range(3):
        left, right, sample = pair(120, 160, seed)
        seen = np.isfinite(sample.disparity.px) & ~sample.disparity.occluded
        for cost, shares in wrong.items():
            px = SGM(cost=cost, max_disparity=24, fill="background")(left, right).px
            shares.append((np.abs(px - sample.disparity.px)[seen] > 2).mean())
    assert np.mean(wrong["mc_cnn"]) < 0.1
    assert np.mean(wrong["mc_cnn"]) < 1.2 * np.mean(wrong["census"])


def test_the_public_checkpoint_beats_census_on_real_pairs(real_data, real_weights):
    checkpoint = str(real_weights / "mc_cnn_fast" / "mc_cnn_fast_mb_weights.pt")
    wrong = {"census": [], checkpoint: []}
    for name in ("Piano", "eth3d_playground_1l"):
        sample = next(s for s in gv.datasets.Folder(real_data / "stereo") if s.name.endswith(name))
        truth = sample.disparity.px
        for cost, shares in wrong.items():
            px = SGM(cost=cost, max_disparity=80, fill="background")(sample.left, sample.right).px
            shares.append((np.abs(px - truth)[np.isfinite(truth)] > 2).mean())
    assert np.mean(wrong[checkpoint]) < 0.95 * np.mean(wrong["census"])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda model: {"weights": model}, "no checkpoint of tensors by name: weights"),
        (lambda model: {"model": 3}, "no checkpoint of tensors by name: model"),
        (lambda model: {"model": dict(list(model.items())[:-1])}, "no checkpoint of MCCNNFast: it lacks conv_blocks.8"),
        (lambda model: {"model": {name: tensor[:1] for name, tensor in model.items()}}, "size mismatch"),
        (
            lambda model: {"model": {f"other.{name}": tensor for name, tensor in model.items()}},
            "and has other.conv_blocks.0",
        ),
        (lambda model: {"model": {name: tensor * torch.nan for name, tensor in model.items()}}, "NaN or infinite"),
    ],
)
def test_checkpoints_of_something_else_are_refused_by_their_path(tmp_path, spoil, message):
    from geomvision.nets.mc_cnn import MCCNNFast

    state = MCCNNFast().state_dict()
    model = {f"conv_blocks.{2 * int(name.split('.')[1])}.{name.split('.')[2]}": state[name] for name in state}
    path, image = tmp_path / "net.pt", np.zeros((4, 20), np.uint8)
    torch.save({"model": model}, path)
    MCCNNSGM(weights=str(path), max_disparity=8)(image, image)
    torch.save(spoil(model), tmp_path / "other.pt")
    with pytest.raises(WeightsError, match=rf"other\.pt\b.*{message}"):
        MCCNNSGM(weights=str(tmp_path / "other.pt"), max_disparity=8)(image, image)


def test_a_default_device_of_torch_changes_nothing():
    left, right, _ = pair(30, 60)
    expected = costs.volume("mc_cnn", left, right, range(8), 1)
    costs._net.cache_clear()
    with torch.device("meta"):
        np.testing.assert_array_equal(costs.volume("mc_cnn", left, right, range(8), 1), expected)
