import pytest

torch = pytest.importorskip("torch")

from geomvision import weights  # noqa: E402
from geomvision.nets.mc_cnn import MCCNNFast, from_public, similarity  # noqa: E402


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
    net = MCCNNFast()
    net.load_state_dict(from_public(checkpoint))
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
    with pytest.raises(KeyError, match="public MC-CNN"):
        from_public({"model": {key: torch.zeros(1)}})


def test_the_public_checkpoints_load(real_weights):
    for path in sorted((real_weights / "mc_cnn_fast").glob("*.pt")):
        MCCNNFast().load_state_dict(from_public(weights.load_torch(path)))


def test_similarity_looks_to_the_left_by_the_disparity():
    left = torch.randn(1, 3, 2, 8)
    right = torch.roll(left, -2, 3)
    torch.testing.assert_close(similarity(left, right, 2)[..., 2:], (left * left).sum(1)[..., 2:])
    assert (similarity(left, right, 2)[..., :2] == 0).all()
    assert (similarity(left, right, -3)[..., 5:] == 0).all()
