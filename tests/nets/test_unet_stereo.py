"""The U-Net: its size, what its last layer means, how far it sees, derivatives."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from geomvision.nets.unet_stereo import UNetStereo  # noqa: E402


def images(batch=1, height=32, width=48, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (2, batch, 3, height, width), generator=generator).float()


def made(**options):
    torch.manual_seed(1)
    return UNetStereo(**{"width": 2, **options}).eval()


def test_the_net_has_the_size_of_the_paper():
    """Convolutions of its figure 1 with biases, summed by hand, but for six channels in and one out."""
    widths = (64, 128, 256, 512, 1024)
    plan = [(a, b, 3) for a, b in zip((6, *widths), widths, strict=False)] + [(w, w, 3) for w in widths]
    plan += [(2 * w, w, k) for w in widths[:-1] for k in (2, 3)] + [(w, w, 3) for w in widths[:-1]] + [(64, 1, 1)]
    count = sum(a * b * k * k + b for a, b, k in plan)
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in UNetStereo().parameters()) == count == 31_033_473


def test_where_the_last_layer_says_a_half_disparities_are_ten_pixels():
    net = made()
    with torch.no_grad():
        net.predict.weight.zero_()
        net.predict.bias.fill_(0.5)
    with torch.inference_mode():
        found = net(*images())
    assert found.steps == ()
    np.testing.assert_allclose(found.disparity, np.full((1, 1, 32, 48), 10), rtol=1e-6)


@pytest.mark.parametrize("view", [0, 1])
def test_a_pixel_of_either_view_reaches_what_the_layers_let_it(view):
    """Convolutions reach 2 (1 + 2 + 4 + 8 + 16 + 8 + 4 + 2 + 1) = 92 pixels, pooling 1 + 2 + 4 + 8 = 15 more."""
    net = made()
    pair = images(1, 32, 256)
    pair.requires_grad_()
    (slope,) = torch.autograd.grad(net(*pair).disparity[0, 0, 16, 128], pair)
    columns = slope[view].abs().sum(dim=(0, 1, 2)).nonzero().flatten()
    assert 128 - 107 <= int(columns.min()) < 128 - 70
    assert 128 + 70 < int(columns.max()) <= 128 + 107


def test_training_gives_a_derivative_to_every_parameter():
    net = made().train()
    found = net(*images(2))
    assert [step.shape for step in found.steps] == [(2, 1, 32, 48)]
    found.steps[0].abs().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="31 x 48 pixels; sides must be multiples of 16"):
        made()(*images(1, 31))
    with pytest.raises(ValueError, match="width is 0; it must be at least 1"):
        made(width=0)
