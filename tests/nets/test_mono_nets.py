"""Nets of one image: their sizes, what their last layers mean, and how sizes of images change nothing."""

import pytest

torch = pytest.importorskip("torch")

import numpy as np  # noqa: E402
from torch.nn import functional  # noqa: E402

from geomvision.nets._mono import closer, resized  # noqa: E402
from geomvision.nets.dorn import DORN  # noqa: E402
from geomvision.nets.dpt import DPT  # noqa: E402
from geomvision.nets.eigen import Eigen  # noqa: E402
from geomvision.nets.fast_depth import FastDepth  # noqa: E402
from geomvision.nets.fcrn import FCRN, UpProjection  # noqa: E402
from geomvision.nets.metric_bins import Head, MetricBins, standardised  # noqa: E402

TRANSFORMER = {
    "channels": 8, "depth": 4, "heads": 2, "patch": 8, "after": (0, 1, 2, 3), "maps": (4, 4, 4, 4), "fused": 32,
}  # fmt: skip
TINY = {
    FastDepth: {"width": 0.1},
    Eigen: {"width": 3, "hidden": 8, "fine": 4, "size": (64, 64)},
    FCRN: {"width": 2, "blocks": (1, 1, 1, 1)},
    DORN: {"width": 2, "blocks": (1, 1, 1, 1), "size": (32, 32), "bins": 8},
    DPT: {**TRANSFORMER, "size": (32, 48)},
    MetricBins: {"network": {**TRANSFORMER, "size": (32, 48)}, "width": 4, "bins": 8},
}
EACH = pytest.mark.parametrize("kind", TINY, ids=lambda kind: kind.__name__)


def images(batch=1, height=64, width=96, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (batch, 3, height, width), generator=generator).float()


def made(kind, **options):
    torch.manual_seed(1)
    return kind(**{**TINY[kind], **options})


def bottlenecks(blocks, stem):
    """Weights of convolutions and normalisations of a ResNet without its last layer, by its paper's table."""
    total, inputs = stem, 128 if stem > 20_000 else 64
    for level, count in enumerate(blocks):
        inner = 64 << level
        for k in range(count):
            total += inputs * inner + 9 * inner * inner + 4 * inner * inner + 2 * (inner + inner + 4 * inner)
            total += 4 * inner * inputs + 2 * 4 * inner if k == 0 else 0
            inputs = 4 * inner
    return total


def of_fcrn():
    """Figure 1 of Laina et al.; they count 63.6 million."""
    ups = sum(2 * 25 * 2 * w * w + 9 * w * w + 3 * 2 * w for w in (512, 256, 128, 64))
    return bottlenecks((3, 4, 6, 3), 3 * 64 * 49 + 128) + 2048 * 1024 + 2048 + ups + 9 * 64 + 1


def of_eigen():
    """Figure 1 of Eigen et al.: 74 x 55 values of 304 x 228 pixels."""
    coarse = sum(
        a * b * k * k + b for a, b, k in ((3, 96, 11), (96, 256, 5), (256, 384, 3), (384, 384, 3), (384, 256, 3))
    )
    full = 6 * 8 * 256 * 4096 + 4096 + 4096 * 74 * 55 + 74 * 55
    return coarse + full + sum(a * b * k * k + b for a, b, k in ((3, 63, 9), (64, 64, 5), (64, 1, 5)))


def of_dorn():
    """Figure 2 of Fu et al., and 5 x 6 cells of 257 x 353 pixels; others count 110 million."""
    stem = 27 * 64 + 9 * 64 * 64 + 9 * 64 * 128 + 2 * (64 + 64 + 128)
    whole = 30 * 2048 * 512 + 512 + 512 * 512 + 512
    branches = sum(k * 2048 * 512 + 512 + 512 * 512 + 512 for k in (1, 9, 9, 9))
    return bottlenecks((3, 4, 23, 3), stem) + whole + branches + 2560 * 2048 + 2048 + 2048 * 136 + 136


def of_dpt():
    """Ranftl et al. count 343 million; a unit of the last fusion and the last normalisation are not used in theirs."""
    c, f = 1024, 256
    transformer = 768 * c + c + (24 * 24 + 2) * c + 24 * (12 * c * c + 13 * c)
    maps = (256, 512, 1024, 1024)
    taken = sum(2 * c * c + c + c * m + m + 9 * m * f for m in maps) + 256 * 256 * 16 + 256 + 512 * 512 * 4 + 512
    unit = 2 * (9 * f * f + f)
    head = 9 * f * f // 2 + f // 2 + 9 * f // 2 * f // 8 + f // 8 + f // 8 + 1
    return transformer + taken + 9 * c * c + c + 7 * unit + 4 * (f * f + f) + head


@pytest.mark.parametrize(
    ("kind", "count", "published"),
    [(FCRN, of_fcrn, 63.6), (Eigen, of_eigen, 70.9), (DORN, of_dorn, 110.3), (DPT, of_dpt, 341.8)],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_net_has_the_size_of_its_paper(kind, count, published):
    with torch.device("meta"):
        found = sum(parameter.numel() for parameter in kind().parameters())
    assert found == count()
    assert round(found / 1e6, 1) == published


@EACH
def test_training_gives_a_derivative_to_every_parameter(kind):
    net = made(kind).train()
    found = net(images(2))
    answers = [found.logits] if kind is DORN else found.steps
    assert all(each.shape[0::2] == (2, 64) and each.shape[3] == 96 for each in (found[0], *answers))
    ((answers[0] ** 2).mean() + (answers[-1] ** 2).mean()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


@EACH
def test_a_net_says_of_each_image_what_it_says_of_it_alone(kind):
    net = made(kind).eval()
    with torch.inference_mode():
        both, alone = (getattr(net(each), "logits", net(each)[0]) for each in (images(2), images(2)[1:]))
    np.testing.assert_allclose(both[1:], alone, rtol=1e-4, atol=1e-5)
    assert float(both.std()) > 0


@EACH
def test_what_is_no_batch_of_images_is_refused(kind):
    with pytest.raises(ValueError, match=r"images are \(1, 1, 64, 64\); they must be \(B, 3, H, W\)"):
        made(kind)(torch.zeros(1, 1, 64, 64))


@pytest.mark.parametrize(("kind", "options"), [(Eigen, {}), (DORN, {"bins": 100})])
def test_nets_of_one_size_give_others_the_depth_of_the_same_camera(kind, options):
    """Twice the pixels have twice the focal length, so that the same metres are half in units of 256 px."""
    net = made(kind, **options).eval()
    large = images(1, 2 * net.size[0], 2 * net.size[1])
    small = resized(large, net.size)
    with torch.inference_mode():
        found, expected = net(large)[0], net(small)[0]
    assert closer(net.size, (2 * net.size[0], 2 * net.size[1])) == 0.5
    np.testing.assert_allclose(found[..., 8:-8:2, 8:-8:2], 0.5 * expected[..., 4:-4, 4:-4], rtol=0.25)
    np.testing.assert_allclose(found.mean(), 0.5 * expected.mean(), rtol=0.02)


def test_estimates_of_eigen_lie_where_their_convolutions_look():
    """A ramp of values is a ramp of pixels: value (i, j) is that of pixel (4 i + 5, 4 j + 5)."""
    net = made(Eigen, scale=3.0)
    rows, columns = torch.meshgrid(torch.arange(14.0), torch.arange(14.0), indexing="ij")
    depth = net.raised((0.1 * rows + 0.01 * columns)[None, None], (64, 64))[0, 0]
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    expected = 3 * (0.1 * ((y - 5) / 4).clamp(0, 13) + 0.01 * ((x - 5) / 4).clamp(0, 13)).exp()
    np.testing.assert_allclose(depth, expected, rtol=1e-5)


def test_the_fine_stack_does_not_teach_the_coarse_one():
    net = made(Eigen).train()
    net(images()).last.mean().backward()
    taught = {name.split(".")[0] for name, p in net.named_parameters() if p.grad is not None}
    assert taught == {"look", "refine", "predict"}


def test_the_fine_stack_begins_with_what_the_coarse_one_says():
    """Beside what its other channels add, of any sign."""
    net = made(Eigen, fine=16).eval()
    with torch.inference_mode():
        for layer, others in ((net.refine, net.refine.weight[2:]), (net.predict, net.predict.weight[:, 2:])):
            others.zero_()
            layer.bias.zero_()
        (coarse, _), (fine, _) = net.estimates(images(4))
    assert float(coarse.min()) < 0 < float(coarse.max())
    torch.testing.assert_close(fine, coarse)


def test_an_up_projection_convolves_what_has_zeros_between():
    """As the paper says it: values apart, then 5x5 twice, 3x3 once."""
    torch.manual_seed(2)
    up, x = UpProjection(6, 4).eval(), torch.randn(2, 6, 5, 7)
    apart = torch.zeros(2, 6, 10, 14)
    apart[:, :, ::2, ::2] = x
    weight = up.both.convolution.weight.flip(2, 3).transpose(0, 1)
    first, second = up.both.norm(functional.conv2d(apart, weight, padding=2)).chunk(2, dim=1)
    with torch.no_grad():
        expected = functional.relu(up.last(functional.relu(first)) + second)
        np.testing.assert_allclose(up(x), expected, atol=1e-5)


def test_the_bins_of_dorn_end_where_they_are_told():
    net = made(DORN, near=0.5, far=8.0, bins=4)
    np.testing.assert_allclose(net.edges, [0.5, 1, 2, 4, 8], rtol=1e-6)
    logits = torch.tensor([5.0, 1, -1, -5]).view(1, 4, 1, 1).expand(-1, -1, 4, 4)
    assert net.raised(torch.empty(0), logits, (32, 32)).unique().tolist() == [3.0]  # beyond 2 bins: from 2 to 4 m
    with pytest.raises(ValueError, match=r"near is 2\.0 and far 1\.0"):
        made(DORN, near=2.0, far=1.0)


def test_what_metric_bins_say_is_within_their_range_and_knows_no_scale_of_the_relative():
    torch.manual_seed(3)
    head, relative = Head(width=4, bins=8, near=0.5, far=20.0).eval(), torch.rand(2, 1, 24, 40)
    with torch.inference_mode():
        found, again = head(images(2), relative), head(images(2), 7 * relative - 3)
    assert found.shape == (2, 1, 32, 48)
    assert float(found.min()) >= 0.5
    assert float(found.max()) <= 20
    np.testing.assert_allclose(found, again, rtol=1e-3)
    assert standardised(torch.ones(1, 1, 2, 2)).abs().max() == 0


def test_a_frozen_base_is_not_taught():
    net = made(MetricBins, freeze=True).train()
    net(images()).last.mean().backward()
    assert all((p.grad is None) == name.startswith("base.") for name, p in net.named_parameters())


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        (Eigen, {"size": (62, 99)}, "size is 62 x 99 pixels; it must be 63 x 63 at least"),
        (Eigen, {"width": 0}, "width is 0; it must be above 0"),
        (FCRN, {"scale": -1.0}, "scale is -1.0; it must be above 0"),
        (DPT, {"channels": 9}, "channels is 9, heads 2, patch 8; channels must be a multiple of heads"),
        (DPT, {"after": (0, 1, 2, 4)}, "four each, and the former numbers of the 4 blocks"),
        (MetricBins, {"base": "eigen"}, "base is 'eigen'; allowed are dpt, mono_small"),
        (MetricBins, {"far": 1e-4}, "near is 0.001 and far 0.0001; far must be farther"),
    ],
)
def test_what_cannot_be_is_refused(kind, options, told):
    with pytest.raises(ValueError, match=told):
        made(kind, **options)


@pytest.mark.parametrize("kind", [FCRN, DPT, MetricBins])
def test_sizes_between_are_refused(kind):
    with pytest.raises(ValueError, match=r"64 x 40 pixels; sides must be multiples of (16|32): pad them"):
        made(kind)(images(1, 64, 40))
