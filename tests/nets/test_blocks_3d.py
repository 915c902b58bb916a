"""Convolutions that torch gets wrong on some processors, in the forms that the nets have them."""

import pytest

torch = pytest.importorskip("torch")


from geomvision.nets.blocks import Convolution  # noqa: E402
from geomvision.nets.blocks_3d import Convolution3D, Deconvolution3D  # noqa: E402


def derivatives(convolution, x, slope, autocast):
    x = x.clone().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        y = convolution(x)
    return y.detach(), *torch.autograd.grad(y, [convolution.weight, x], slope.to(y.dtype))


@pytest.mark.parametrize("size", [(2, 8, 12), (2, 3, 5), (4, 8, 8)])
@pytest.mark.parametrize(("kind", "inputs"), [(Convolution3D, 16), (Convolution3D, 32), (Deconvolution3D, 8)])
def test_within_autocast_small_volumes_have_the_derivatives_of_single_precision(kind, inputs, size):
    torch.manual_seed(0)
    convolution, x = kind(inputs, inputs), torch.randn(1, inputs, *size)
    slope = torch.randn_like(convolution(x))
    found, expected = derivatives(convolution, x, slope, True), derivatives(convolution, x, slope, False)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == torch.float32
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("inputs", [1, 4, 8, 12, 24])
def test_narrow_maps_are_halved_by_the_definition(inputs):
    """Sums over channels at every other pixel, and their derivatives, for maps whose backward torch 2.13 overruns."""
    torch.manual_seed(0)
    convolution = Convolution(inputs, 2 * inputs, size=1, stride=2).to(memory_format=torch.channels_last)
    x = torch.randn(2, inputs, 33, 48).contiguous(memory_format=torch.channels_last).requires_grad_()
    y = convolution(x)
    weight = convolution.weight.detach()[:, :, 0, 0]
    expected = torch.einsum("oc,bchw->bohw", weight, x.detach()[:, :, ::2, ::2]) + convolution.bias.view(-1, 1, 1)
    torch.testing.assert_close(y, expected)
    slope = torch.randn_like(y)
    of_weight, of_x = torch.autograd.grad(y, [convolution.weight, x], slope)
    torch.testing.assert_close(
        of_weight[:, :, 0, 0], torch.einsum("bohw,bchw->oc", slope, x.detach()[:, :, ::2, ::2]), rtol=1e-4, atol=1e-4
    )
    whole = torch.zeros_like(x)
    whole[:, :, ::2, ::2] = torch.einsum("oc,bohw->bchw", weight, slope)
    torch.testing.assert_close(of_x, whole, rtol=1e-4, atol=1e-5)
