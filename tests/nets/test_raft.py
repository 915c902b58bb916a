"""RAFT and RAFT-S: sizes, correlations, the end of an iteration, where the answer may and may not depend on things."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from geomvision.nets.correlation import CORRELATIONS, correlation  # noqa: E402
from geomvision.nets.pwc_small import PWCSmall  # noqa: E402
from geomvision.nets.raft import RAFT, RAFTSmall  # noqa: E402
from geomvision.nets.raft_encoder import Encoder  # noqa: E402
from geomvision.nets.raft_update import Recurrent  # noqa: E402
from geomvision.ops import convex_upsample  # noqa: E402


def images(batch=1, height=64, width=72, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (2, batch, 3, height, width), generator=generator).float()


def made(cls, **options):
    torch.manual_seed(1)
    return cls(**options).eval()


@pytest.mark.parametrize(("cls", "count"), [(RAFT, 5_257_536), (RAFTSmall, 990_162)])
def test_the_nets_have_the_published_number_of_parameters(cls, count):
    assert sum(parameter.numel() for parameter in cls().parameters()) == count


def test_pwc_small_is_small():
    assert sum(parameter.numel() for parameter in PWCSmall().parameters()) <= 1_000_000


@pytest.mark.parametrize("kind", CORRELATIONS)
def test_a_lookup_finds_the_products_where_it_is_pointed(kind):
    """One-hot features name pixels: the product of two is 1 / sqrt(C) where they are the same, else 0."""
    features = torch.eye(64).view(1, 64, 8, 8)
    y, x = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    shift = torch.tensor([1.0, -2.0]).view(1, 2, 1, 1)
    windows = correlation(kind, features, features, radius=2, levels=1)(torch.stack([x, y])[None] + shift)
    windows = windows.view(5, 5, 8, 8)[:, :, 2:6, 2:6]  # x changes slowest
    expected = torch.zeros(5, 5)
    expected[1, 4] = 1 / 8
    np.testing.assert_allclose(windows, expected[:, :, None, None].expand(5, 5, 4, 4), atol=1e-6)


def test_all_ways_to_correlate_give_one_flow():
    pair = images(2)
    nets = [made(RAFTSmall, correlation=kind) for kind in CORRELATIONS]
    with torch.inference_mode():
        found = [net(*pair, iterations=3).flow for net in nets]
    for flow in found[1:]:
        np.testing.assert_allclose(flow, found[0], atol=2e-3, rtol=1e-4)


def test_a_constant_flow_is_raised_as_it_is():
    logits = torch.randn(1, 9 * 64, 5, 6)
    flow = torch.tensor([3.0, -1.5]).view(1, 2, 1, 1).expand(1, 2, 5, 6)
    raised = convex_upsample(8 * flow, logits, factor=8)
    np.testing.assert_allclose(raised, (8 * flow[:, :, :1, :1]).expand(1, 2, 40, 48), rtol=1e-5)
    inside = convex_upsample(8 * flow, logits, factor=8, outside="zero")
    np.testing.assert_allclose(inside[..., 8:-8, 8:-8], raised[..., 8:-8, 8:-8], rtol=1e-5)
    assert (inside[:, 0] <= raised[:, 0] + 1e-4).all()
    assert (inside[:, 0, 0] < raised[:, 0, 0]).all()  # zeros beyond the border have their share


def test_each_fine_pixel_has_its_own_weights():
    """Logits that choose one neighbour: fine pixel (1, 0) takes the one above, all others the centre."""
    logits = torch.full((1, 9, 4, 3, 3), -1e4)
    logits[:, 4] = 0
    logits[:, 4, 2], logits[:, 1, 2] = -1e4, 0
    coarse = torch.arange(18.0).view(1, 2, 3, 3)
    fine = convex_upsample(coarse, logits.view(1, 36, 3, 3), factor=2)
    centre = coarse[0].repeat_interleave(2, 1).repeat_interleave(2, 2)
    centre[:, 3::2, 0::2] = coarse[0, :, :-1]
    np.testing.assert_allclose(fine[0], centre)


def test_the_recurrent_unit_is_the_gated_one():
    """With all weights zero, gates are one half and the candidate is tanh of its bias; and sums split as they may."""
    unit = Recurrent(3, 2, 4, ((3, 3),))
    torch.manual_seed(0)
    hidden, context, motion = (torch.randn(1, channels, 5, 6) for channels in (3, 2, 4))
    whole = torch.cat([hidden, context, motion], dim=1)
    with torch.no_grad():
        update, reset = (torch.sigmoid(gate[0](whole)) for gate in (unit.update, unit.reset))
        candidate = torch.tanh(unit.candidate[0](torch.cat([reset * hidden, context, motion], dim=1)))
        expected = (1 - update) * hidden + update * candidate
        np.testing.assert_allclose(unit(hidden, motion, unit.prepared(context)), expected, atol=1e-6)
        for parameter in unit.parameters():
            parameter.zero_()
        unit.candidate[0].bias.fill_(0.7)
        found = unit(hidden, motion, unit.prepared(context))
    np.testing.assert_allclose(found, hidden / 2 + np.tanh(0.7) / 2, atol=1e-6)


@pytest.mark.parametrize("cls", [RAFT, RAFTSmall])
def test_a_head_that_says_the_same_everywhere_adds_up(cls):
    """Every iteration adds the head's bias, an eighth of the flow in pixels, and begins where it is told."""
    net = made(cls)
    with torch.no_grad():
        net.head[2].weight.zero_()
        net.head[2].bias.copy_(torch.tensor([0.5, -0.25]))
    initial = torch.ones(1, 2, 8, 9)
    with torch.inference_mode():
        found = net(*images(), iterations=3, initial=initial)
    np.testing.assert_allclose(found.coarse[0, :, 4, 4], [2.5, 0.25])
    np.testing.assert_allclose(found.flow[0, :, 32, 32], [20.0, 2.0], rtol=1e-5)
    assert found.flow.shape == (1, 2, 64, 72)
    assert found.steps == ()
    with torch.inference_mode():
        early = net(*images(), iterations=100, tolerance=4.0)
    np.testing.assert_allclose(early.coarse[0, :, 4, 4], [0.5, -0.25])


@pytest.mark.parametrize("cls", [RAFT, RAFTSmall])
@pytest.mark.parametrize("enlarge", [2, 4])
def test_an_enlarged_look_is_that_of_enlarged_images(cls, enlarge):
    """The flow of a pixel is the mean of that of the pixels which it became, in pixels of its own size."""
    net, plain = made(cls, enlarge=enlarge), made(cls)
    pair = images(1, 64, 72)
    larger = [functional.interpolate(image, scale_factor=enlarge, mode="bilinear") for image in pair]
    with torch.inference_mode():
        found, expected = net(*pair, iterations=3), plain(*larger, iterations=3)
    torch.testing.assert_close(found.coarse, expected.coarse)
    cells = expected.flow.reshape(1, 2, 64, enlarge, 72, enlarge)
    torch.testing.assert_close(found.flow, cells.mean((3, 5)) / enlarge)


def test_an_enlarged_look_begins_and_ends_early_in_pixels_of_the_images():
    net = made(RAFTSmall, enlarge=2)
    with torch.no_grad():
        net.head[2].weight.zero_()
        net.head[2].bias.copy_(torch.tensor([0.5, -0.25]))
    with torch.inference_mode():
        found = net(*images(), iterations=3, initial=torch.ones(1, 2, 16, 18))
        early = net(*images(), iterations=100, tolerance=2.0)
    np.testing.assert_allclose(found.coarse[0, :, 4, 4], [2.5, 0.25])
    np.testing.assert_allclose(found.flow[0, :, 32, 32], [10.0, 1.0], rtol=1e-5)
    np.testing.assert_allclose(early.coarse[0, :, 4, 4], [0.5, -0.25])


def test_pictures_are_rgb_scaled_to_plus_minus_one():
    net = made(RAFTSmall)
    seen = []
    net.features.enter.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    pair = torch.zeros(2, 1, 3, 64, 64)
    pair[:, :, 0] = 255
    net(*pair, iterations=1)
    assert seen[0][0, :, 0, 0].tolist() == [1, -1, -1]


@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
@pytest.mark.parametrize("bottleneck", [True, False])
def test_an_encoder_in_its_own_memory_gives_what_one_with_gradients_gives(norm, bottleneck):
    torch.manual_seed(3)
    encoder = Encoder((8, 8, 12, 16), 20, bottleneck=bottleneck, norm=norm).eval()
    images = torch.rand(2, 3, 40, 56).contiguous(memory_format=torch.channels_last)
    given, expected = images.clone(), encoder(images)
    with torch.inference_mode():
        found = encoder(images)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert torch.equal(images, given)


def test_an_encoder_of_half_precision_normalises_as_torch_does():
    torch.manual_seed(3)
    encoder = Encoder((8, 8, 12, 16), 20, bottleneck=False, norm="instance").eval()
    images = 200 + torch.rand(1, 3, 136, 136).contiguous(memory_format=torch.channels_last)
    expected = encoder.bfloat16()(images.bfloat16())
    with torch.inference_mode():
        torch.testing.assert_close(encoder(images.bfloat16()), expected, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("cls", [RAFTSmall, PWCSmall])
def test_training_gives_every_estimate_and_a_derivative_to_every_parameter(cls):
    net = made(cls).train()
    found = net(*images(2, 64, 96)) if cls is PWCSmall else net(*images(2, 64, 96), iterations=2)
    assert all(step.shape == (2, 2, 64, 96) for step in found.steps)
    assert len(found.steps) == (5 if cls is PWCSmall else 2)
    torch.testing.assert_close(found.steps[-1], found.flow)
    sum(step.abs().mean() for step in found.steps).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


@pytest.mark.parametrize("cls", [RAFTSmall, PWCSmall])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_changes_little(cls, dtype):
    net = made(cls)
    pair = images(1, 64, 64)
    with torch.inference_mode():
        exact = net(*pair).flow
        with torch.autocast("cpu", dtype):
            half = net(*pair).flow
    assert half.dtype == torch.float32
    assert (half - exact).abs().max() < 0.1 * exact.abs().max() + 0.5


def test_wrong_images_are_refused():
    with pytest.raises(ValueError, match="60 x 72 pixels; sides must be multiples of 8, at least 64"):
        RAFTSmall()(*images(1, 60, 72))
    with pytest.raises(ValueError, match="sides that are multiples of 32"):
        PWCSmall()(*images(1, 60, 72))
    with pytest.raises(ValueError, match="correlation is 'fast'; allowed are 'lookup', 'volume', 'torch'"):
        RAFT(correlation="fast")
    with pytest.raises(ValueError, match="enlarge is 3; allowed are 1, 2 and 4"):
        RAFT(enlarge=3)


def test_nothing_in_pwc_small_depends_on_where_a_picture_begins():
    """Moving both pictures by the coarsest cell moves the flow, away from the borders."""
    net = made(PWCSmall)
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.02) if parameter.ndim > 1 else None
    wide = images(1, 64, 32 * 28, seed=3)
    with torch.inference_mode():
        first, moved = net(*wide[..., :-32]).flow, net(*wide[..., 32:]).flow
    assert first.std() > 0.01
    np.testing.assert_allclose(moved[..., 12 * 32 : 15 * 32], first[..., 13 * 32 : 16 * 32], atol=1e-3)
