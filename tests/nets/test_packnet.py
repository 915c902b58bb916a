"""PackNet: packing loses nothing and is undone by unpacking; what the net's answers mean, derivatives."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from geomvision.nets.packnet import Packing, PackNet, Unpacking  # noqa: E402

CHANNELS, FEATURES = 3, 2


def images(count=1, height=64, width=96, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, height, width), generator=generator).float()


def at_places(layer, value):
    """Weights of a convolution that looks at its place alone; `value` is of (outputs, inputs)."""
    with torch.no_grad():
        layer.weight.zero_()
        middle = tuple(side // 2 for side in layer.weight.shape[2:])
        layer.weight[(slice(None), slice(None), *middle)] = value
        if layer.bias is not None:
            layer.bias.zero_()


def carrying():
    """Packing and unpacking that pass everything on: in two dimensions identities, in three, of one copy of two."""
    packed = 4 * CHANNELS
    pack, unpack = Packing(CHANNELS, packed, features=FEATURES), Unpacking(packed, CHANNELS, features=1)
    at_places(pack.deep, torch.tensor([[1.0], [0.0]]))
    at_places(pack.flat, torch.cat([torch.eye(packed), torch.zeros(packed, packed)], dim=1))
    at_places(unpack.flat, torch.eye(packed))
    at_places(unpack.deep, torch.tensor([[1.0]]))
    return pack, unpack


def test_packing_takes_a_two_by_two_block_of_each_channel_into_four_channels():
    pack, _ = carrying()
    x = torch.randn(2, CHANNELS, 6, 8)
    with torch.no_grad():
        packed = pack(x)
    assert packed.shape == (2, 4 * CHANNELS, 3, 4)
    for channel in range(CHANNELS):
        for row in (0, 1):
            for column in (0, 1):
                expected = x[:, channel, row::2, column::2]
                torch.testing.assert_close(packed[:, 4 * channel + 2 * row + column], expected)


def test_what_is_packed_can_be_restored_exactly_by_unpacking():
    """There are weights for which unpacking is the inverse of packing; here a pair of them.

    Pooling and bilinear upsampling have no inverse: what they make of a checkerboard is what they make of grey.
    """
    pack, unpack = carrying()
    checkerboard = ((torch.arange(8)[:, None] + torch.arange(10)) % 2).float()
    x = torch.stack([checkerboard, torch.randn(8, 10), torch.randn(8, 10)])[None]
    with torch.no_grad():
        torch.testing.assert_close(unpack(pack(x)), x)


def test_the_blocks_of_a_layer_learn_to_restore_noise():
    """Means over 2×2 pixels, repeated, are off by three quarters of the energy of white noise."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(Packing(1, 8, features=2), Unpacking(8, 1, features=2))
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-2)
    x = torch.randn(2, 1, 8, 8)
    for _ in range(100):
        loss = (net(x) - x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.1 * float(x.square().mean())


@pytest.mark.parametrize("size", [(64, 96), (1, 1), (40, 70)])
def test_depth_has_the_size_of_any_image_and_four_estimates(size):
    torch.manual_seed(0)
    net = PackNet(width=2, features=2).eval()
    with torch.inference_mode():
        found = net(images(2, *size))
    seen = tuple(-(-side // 32) * 32 for side in size)
    assert found.depth.shape == (2, 1, *size)
    assert bool(((found.depth >= 0.5) & (found.depth <= 100)).all())
    assert [each.shape[2:] for each in found.estimates] == [tuple(side >> k for side in seen) for k in (3, 2, 1, 0)]


def test_training_and_use_compute_the_same_and_every_parameter_has_a_derivative():
    torch.manual_seed(0)
    net = PackNet(width=2, features=2)
    found = net(images(2))
    sum(each.square().sum() for each in found.estimates).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
    with torch.inference_mode():
        torch.testing.assert_close(net.eval()(images(2)).depth, found.depth.detach(), rtol=1e-4, atol=1e-4)


def test_what_cannot_be_is_refused():
    for wrong, told in (
        ({"width": 6}, "width is 6, features 4; width must be a multiple of features"),
        ({"blocks": (1, 1)}, r"blocks is \(1, 1\); it must be 4 counts"),
        ({"near": 2, "far": np.float64(1)}, "near is 2, far 1"),
    ):
        with pytest.raises(ValueError, match=told):
            PackNet(**wrong)
    with pytest.raises(ValueError, match="4 outputs must be a multiple of features"):
        Unpacking(4, 1, features=8)


@pytest.mark.parametrize("channels", [1, 3, 12])
def test_the_deep_convolution_learns_as_the_one_of_three_dimensions_that_it_is(channels):
    """In training, few channels are convolved in two dimensions: values and derivatives are those of three."""
    torch.manual_seed(4)
    deep = Packing(CHANNELS, 4, features=FEATURES).deep
    x = torch.randn(2, channels, 5, 7, requires_grad=True)
    y = deep(x)
    expected = torch.nn.functional.conv3d(x[:, None], deep.weight, padding=1).flatten(1, 2)
    torch.testing.assert_close(y, expected)
    slope = torch.randn_like(y)
    found, wanted = (torch.autograd.grad(each, [deep.weight, x], slope) for each in (y, expected))
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)
