import argparse

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import geomvision as gv  # noqa: E402
from geomvision.nets.mc_cnn import MCCNNFast, similarity  # noqa: E402
from geomvision.nets.public import from_public  # noqa: E402
from geomvision.nets.public_mc_cnn import mc_cnn  # noqa: E402
from geomvision.weights import WeightsError  # noqa: E402


def images(height=20, width=30, seed=0):
    return torch.rand(1, 1, height, width, generator=torch.Generator().manual_seed(seed))


def public(seed=0):
    """A checkpoint in the layout of the public ones, with random weights."""
    net = torch.nn.Sequential()
    generator = torch.Generator().manual_seed(seed)
    for place in range(5):
        net.add_module(str(2 * place), torch.nn.Conv2d(1 if place == 0 else 64, 64, 3))
        net.add_module(str(2 * place + 1), torch.nn.ReLU())
    state = {f"conv_blocks.{name}": torch.randn(t.shape, generator=generator) for name, t in net.state_dict().items()}
    return {"model": state, "epoch": 13}


def test_it_has_the_parameters_of_the_paper():
    assert sum(p.numel() for p in MCCNNFast().parameters()) == (9 + 1) * 64 + 4 * (64 * 9 + 1) * 64


def test_features_are_unit_vectors_and_do_not_depend_on_gain_and_offset():
    net = MCCNNFast()
    with torch.no_grad():
        features = net(images())
        torch.testing.assert_close(features.norm(dim=1), torch.ones(1, 20, 30))
        torch.testing.assert_close(net(7 * images() + 3), features, rtol=1e-4, atol=1e-4)


def test_a_feature_sees_a_patch_of_eleven_pixels():
    net = MCCNNFast()
    image = images(30, 40).requires_grad_()
    normalised = (image - image.mean().detach()) / image.std(correction=0).detach()
    leaf = normalised.detach().requires_grad_()
    x = torch.nn.functional.pad(leaf, [5] * 4, mode="replicate")
    for place, layer in enumerate(net.layers):
        x = layer(x if place == 0 else torch.relu(x))
    (gradient,) = torch.autograd.grad(x[0, :, 15, 20].sum(), leaf)
    seen = gradient[0, 0].nonzero()
    assert seen.amin(0).tolist() == [10, 15]
    assert seen.amax(0).tolist() == [20, 25]


def test_public_layout_gives_the_function_of_the_public_net():
    checkpoint = public()
    net = from_public(MCCNNFast, mc_cnn(checkpoint), checkpoint)
    layers = [m for place in range(5) for m in (torch.nn.Conv2d(64 if place else 1, 64, 3), torch.nn.ReLU())][:-1]
    theirs = torch.nn.Sequential(*layers)
    theirs.load_state_dict({k.removeprefix("conv_blocks."): v for k, v in checkpoint["model"].items()})
    image = images()
    normalised = (image - image.mean()) / image.std(correction=0)
    with torch.no_grad():
        expected = torch.nn.functional.normalize(theirs(normalised), dim=1)
        torch.testing.assert_close(net(image)[..., 5:-5, 5:-5], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("key", ["conv_blocks.1.weight", "features.0.weight", "conv_blocks.x.bias"])
def test_another_layout_is_refused(key):
    checkpoint = {"model": {key: torch.zeros(1)}}
    with pytest.raises(KeyError, match=f"no checkpoint of MCCNNFast: it lacks .*, and has {key}"):
        from_public(MCCNNFast, mc_cnn(checkpoint), checkpoint)


@pytest.mark.parametrize("form", ["as it is", "of several devices", "without an entry", "with what was not computed"])
def test_training_loops_wrap_checkpoints_in_several_ways(form, tmp_path):
    """What torch does not read by itself, arguments and NumPy's numbers, is left out; nothing of it is run."""
    state = public()["model"]
    wrapped = {
        "as it is": {"model": state, "epoch": 13},
        "of several devices": {"state_dict": {f"module.{name}": tensor for name, tensor in state.items()}},
        "without an entry": state,
        "with what was not computed": {"model": state, "args": argparse.Namespace(lr=1.0), "best": np.float64(0.5)},
    }
    torch.save(public(), tmp_path / "a.pt")
    torch.save(wrapped[form], tmp_path / "b.pt")
    views = np.random.default_rng(0).integers(0, 256, (2, 24, 40), np.uint8)
    expected, found = (
        gv.stereo.MCCNNSGM(weights=str(tmp_path / name), max_disparity=8)(*views).px for name in ("a.pt", "b.pt")
    )
    np.testing.assert_array_equal(found, expected)


def test_a_checkpoint_that_does_not_fit_is_told_in_one_line(tmp_path):
    state = public()["model"]
    views = np.zeros((2, 24, 40), np.uint8)
    for wrong, told in (
        ({name: tensor for name, tensor in state.items() if "8" not in name}, "lacks conv_blocks.8.bias, conv_blocks"),
        ({**state, "conv_blocks.0.weight": torch.zeros(32, 1, 3, 3)}, "size mismatch for layers.0.weight"),
    ):
        torch.save({"model": wrong}, tmp_path / "a.pt")
        with pytest.raises(WeightsError, match=rf"a\.pt: .*{told}") as failed:
            gv.stereo.MCCNNSGM(weights=str(tmp_path / "a.pt"), max_disparity=8)(*views)
        assert "\n" not in str(failed.value)


def test_the_public_checkpoints_load(real_weights):
    for path in sorted((real_weights / "mc_cnn_fast").glob("*.pt")):
        checkpoint = gv.weights.load_torch(path)
        from_public(MCCNNFast, mc_cnn(checkpoint), checkpoint)


def test_similarity_looks_to_the_left_by_the_disparity():
    left = torch.randn(1, 3, 2, 8)
    right = torch.roll(left, -2, 3)
    torch.testing.assert_close(similarity(left, right, 2)[..., 2:], (left * left).sum(1)[..., 2:])
    assert (similarity(left, right, 2)[..., :2] == 0).all()
    assert (similarity(left, right, -3)[..., 5:] == 0).all()
