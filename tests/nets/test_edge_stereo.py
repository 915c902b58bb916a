"""The net with edges: sizes, what its parts mean, what guides what, derivatives."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from geomvision.losses.edges import balanced_cross_entropy  # noqa: E402
from geomvision.nets.edge_stereo import EdgeStereo  # noqa: E402


def images(batch=1, height=64, width=96, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (2, batch, 3, height, width), generator=generator).float()


def made(**options):
    torch.manual_seed(1)
    return EdgeStereo(**{"width": 2, "candidates": 6, **options}).eval()


def begun_at(net, value):
    """Whose coarsest estimate is `value` of its own pixels everywhere."""
    with torch.no_grad():
        net.begin.weight.zero_()
        net.begin.bias.fill_(value)
    return net


def test_an_estimate_is_carried_up_in_pixels_of_each_size():
    """Heads begin at nothing: half a pixel of 1/32 is 16 pixels of the images, at every size."""
    with torch.inference_mode():
        net = begun_at(made(), 0.5)
        found = list(net.estimates(*images()))
        full = [net.raised(*each) for each in found]
    assert [tuple(each.shape[2:]) for each, *_ in found] == [(2 << k, 3 << k) for k in range(6)]
    assert [level for _, level, _ in found] == [5, 4, 3, 2, 1, 0]
    for each in full:
        assert each.shape == (1, 2, 64, 96)
        np.testing.assert_allclose(each[0, 0], np.full((64, 96), 16), rtol=1e-6)
        assert ((each[0, 1] > 0) & (each[0, 1] < 1)).all()


def test_the_finest_size_sees_what_the_warped_view_gets_wrong():
    """Of a right view that is the left one moved by the estimate nothing is wrong where both see, of another much."""
    wide = images(1, 64, 128)[0]
    left, right = wide[..., :96], wide[..., 16:112]
    seen = []
    net = begun_at(made(), 0.5)
    net.heads[4].register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    with torch.inference_mode():
        net(left, right)
        net(left, left)
    for k, (low, high) in enumerate([(0, 1e-5), (0.3, 2)]):
        wrong, disparity = seen[k][0, 1:4, :, 16:], seen[k][0, 4]
        assert low <= float(wrong.mean()) <= high
        np.testing.assert_allclose(disparity, np.full((64, 96), 0.5), rtol=1e-6)  # of 32 pixels


def test_edges_guide_the_disparity_and_not_the_other_way():
    """The disparity depends on the edge branch's weights; what the edges answer, not on the disparity branch's."""
    net = made().train()
    with torch.no_grad():
        for head in net.heads:
            torch.nn.init.normal_(head.last.weight)
    pair = images()
    branch = [net.edges.down.enter.weight, net.edges.sides[0].weight, net.edges.fuse.weight]
    others = [*net.join.parameters(), *net.begin.parameters()]
    slopes = torch.autograd.grad(net(*pair).disparity.square().mean(), branch)
    assert all(float(slope.abs().max()) > 0 for slope in slopes)
    *_, (_, _, logits) = net.estimates(*pair)
    truth = (images(seed=3)[0][:, :1] > 200).float()
    slopes = torch.autograd.grad(balanced_cross_entropy(logits, truth), others, allow_unused=True)
    assert slopes == (None,) * len(others)


def test_training_gives_every_estimate_and_a_derivative_to_every_parameter():
    net = made().train()
    found = net(*images(2))
    assert [step.shape for step in found.steps] == [(2, 1, 64, 96)] * 6
    torch.testing.assert_close(found.steps[-1], found.disparity)
    (sum(step.abs().mean() for step in found.steps) + found.edges.mean()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="64 x 90 pixels; sides must be multiples of 32"):
        made()(*images(1, 64, 90))
    with pytest.raises(ValueError, match="width is 1, candidates 6; they must be at least 2 and 1"):
        made(width=1)
