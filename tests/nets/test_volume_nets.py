"""PSMNet, GwcNet and AnyNet: checkpoints of their authors, what they compute of them, training, borders."""

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

sys.path.append(str(Path(__file__).parent))
import published_anynet  # noqa: E402
import published_volume_nets as tables  # noqa: E402

from geomvision.nets import blocks_3d, public_anynet, public_psmnet  # noqa: E402
from geomvision.nets.anynet import AnyNet, carried  # noqa: E402
from geomvision.nets.gwcnet import GwcNet  # noqa: E402
from geomvision.nets.psmnet import PSMNet  # noqa: E402
from geomvision.nets.public import from_public  # noqa: E402

NARROW = {"width": 2, "blocks": (1, 2, 1, 1)}
#: Net, the function that knows its forms, the table of a checkpoint, parameters as published (5.22, 6.91, 6.5 million,
#: about 40 thousand), a small net of the same form.
FORMS = {
    "PSMNet": (PSMNet, public_psmnet.psmnet, tables.psmnet(), 5_224_768, NARROW),
    "GwcNet-GC": (GwcNet, public_psmnet.gwcnet, tables.gwcnet(), 6_909_728, {"joined": 3, "groups": 4, **NARROW}),
    "GwcNet-G": (GwcNet, public_psmnet.gwcnet, tables.gwcnet(0), 6_518_560, {"joined": 0, "groups": 5, **NARROW}),
    "AnyNet": (AnyNet, public_anynet.anynet, tables.anynet(), 43_269, {"width": 2, "spread": 3}),
    "AnyNet of three stages": (AnyNet, public_anynet.anynet, tables.anynet(False), 34_629, {"spread": 0}),
}
every_form = pytest.mark.parametrize("name", FORMS)


def random(name, seed=0):
    """A small net at random in use, statistics too, whose softmax is not all of one voxel."""
    net, _, _, _, arguments = FORMS[name]
    torch.manual_seed(seed)
    made = net(**arguments).eval()
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d | torch.nn.BatchNorm3d):
            torch.nn.init.uniform_(module.running_mean, -0.2, 0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
            torch.nn.init.uniform_(module.bias, -0.5, 0.5)
    for head in getattr(made, "heads", ()):
        head.leave.weight.data /= 2
    return made


def pair(height, width, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (2, 1, 3, height, width), generator=generator).float()


@every_form
def test_a_checkpoint_fills_every_tensor(name):
    """With the counters of newer versions of torch, or without."""
    net, forms, table, count, _ = FORMS[name]
    counters = name != "PSMNet"
    state = tables.checkpoint(table, counters=counters)
    made = from_public(net, forms(state), {"epoch": 3, "state_dict": state})
    assert sum(parameter.numel() for parameter in made.parameters()) == count
    ours = sorted(float(t.flatten()[0]) for n, t in made.state_dict().items() if counters or "num_batches" not in n)
    assert ours == sorted(float(tensor.flatten()[0]) for tensor in state.values())


@pytest.mark.parametrize("name", ["PSMNet", "AnyNet"])
def test_one_tensor_more_or_less_is_refused(name):
    net, forms, table, *_ = FORMS[name]
    state = tables.checkpoint(table)
    some = next(iter(state))
    for wrong in ({**state, "more": torch.zeros(1)}, {n: t for n, t in state.items() if n != some}):
        with pytest.raises(KeyError, match=r"it lacks .*, and has "):
            from_public(net, forms(wrong), wrong)


def published(name, net, left, right, disparities):
    """What the authors' net would compute of the small net's tensors, under their names."""
    _, forms, *_ = FORMS[name]
    layout = forms({})[0].layout
    state = {layout(ours)[0]: tensor for ours, tensor in net.state_dict().items()}
    with torch.inference_mode():
        if name == "PSMNet":
            return tables.psmnet_of(state, left, right, disparities)
        if name.startswith("Gwc"):
            return tables.gwcnet_of(state, left, right, disparities, net.groups)
        return published_anynet.AnyNet(state).stages(left, right, disparities)


@pytest.mark.parametrize(("name", "size"), [("PSMNet", (250, 260)), ("GwcNet-GC", (40, 60)), ("GwcNet-G", (48, 50))])
def test_volume_nets_compute_what_is_published(name, size):
    """Normalisation, the side that is filled up, volumes, hourglasses, the last head, how it is raised."""
    net, views = random(name), pair(*size)
    expected = published(name, net, *views, 32)
    with torch.inference_mode():
        found = net(*views, 32)
    assert np.ptp(expected[:, 0].numpy()) > 1
    np.testing.assert_allclose(found.disparity, expected[:, :1], atol=2e-3)
    same = (found.confidence - expected[:, 1:]).abs() < 1e-3  # but where a candidate is 4 pixels off, to a rounding
    assert same.float().mean() > 0.995
    assert found.steps == ()


@pytest.mark.parametrize("name", ["AnyNet", "AnyNet of three stages"])
def test_the_stages_of_anynet_are_the_published_ones(name):
    net, views = random(name), pair(60, 90)
    expected = published(name, net, *views, 64)
    assert len(expected) == (4 if name == "AnyNet" else 3)
    with torch.inference_mode():
        found = [net.raised(*each) for each in net.estimates(*views, 64)]
        for stages in (1, 2, 3):
            assert len(list(net.estimates(*views, 64, stages=stages))) == stages
        last = net(*views, 64).disparity
    for ours, theirs in zip(found, expected, strict=True):
        assert np.ptp(theirs.numpy()) > 1
        np.testing.assert_allclose(ours, theirs, atol=2e-3)
    assert torch.equal(last, found[-1])


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("at_once", [1 << 22, 200])
def test_a_volume_is_raised_without_being_held(corners, at_once, monkeypatch):
    monkeypatch.setattr(blocks_3d, "AT_ONCE", at_once)
    likely = torch.randn(2, 5, 7, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    size = (20, 28, 24)
    raised = torch.nn.functional.interpolate(likely[:, None], size, mode="trilinear", align_corners=corners)[:, 0]
    shares, candidates = torch.softmax(raised, 1), torch.arange(20)[:, None, None]
    expected = (shares * candidates).sum(1, keepdim=True)
    found = blocks_3d.regressed(likely, size, corners=corners)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    near = (candidates - found).abs() <= 2.5
    sure = blocks_3d.confidence(likely, found, size, corners=corners, within=2.5)
    np.testing.assert_allclose(sure, (shares * near).sum(1, keepdim=True), atol=1e-9)
    for to in ((7, 6), (1, 1), (9, 20)):
        theirs = torch.nn.functional.interpolate(likely, to, mode="bilinear", align_corners=corners)
        np.testing.assert_allclose(blocks_3d.resized(likely, to, corners=corners), theirs, atol=1e-12)


def test_what_is_carried_along_rows():
    """Zeros change nothing, shares of 1 repeat the first column, thirds take the mean of three."""
    x = torch.randn(1, 2, 4, 5, generator=torch.Generator().manual_seed(0))
    zero, one = torch.zeros_like(x), torch.ones_like(x)
    assert torch.equal(carried(x, zero, zero, zero), x)
    assert torch.allclose(carried(x, zero, one, zero), x[..., :1].expand_as(x))
    second = carried(x, one / 3, one / 3, one / 3)[0, 0, :, 1]
    first, given = x[0, 0, :, 0], x[0, 0, :, 1]
    np.testing.assert_allclose(second[1], first[:3].mean(), atol=1e-6)
    np.testing.assert_allclose(second[0], (first[:2].sum() + given[0]) / 3, atol=1e-6)  # what lies outside has no share


@every_form
def test_in_training_every_head_learns(name):
    net, views = random(name).train(), pair(32, 48)
    found = net(*torch.cat([views, views.flip(0)], dim=1), 32)
    assert len(found.steps) == {"PSMNet": 3, "GwcNet-GC": 4, "GwcNet-G": 4, "AnyNet": 4}.get(name, 3)
    assert torch.equal(found.disparity, found.steps[-1])
    sum(step.mean() for step in found.steps).backward()
    lacking = [n for n, p in net.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    assert lacking == []


@every_form
def test_what_no_pair_is_and_other_numbers_of_disparities_are_refused(name):
    net = random(name)
    with pytest.raises(ValueError, match=r"both must be \(B, 3, H, W\)"):
        net(torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 5))
    for disparities in (0, 24):
        with pytest.raises(ValueError, match=f"disparities is {disparities}; it must be a multiple of 16"):
            net(*pair(4, 4), disparities)


@pytest.mark.parametrize("kind", [PSMNet, GwcNet])
def test_half_precision_leaves_disparities_whole(kind):
    """Of 288 candidates with equal costs the mean is 143.5, which bfloat16 does not have."""
    net = kind(width=2, blocks=(1, 1, 1, 1), **({"groups": 4} if kind is GwcNet else {}))
    net._likely = lambda left, right, candidates, every, corners: iter([torch.zeros(1, candidates, 4, 4).bfloat16()])
    step = net(*torch.zeros(2, 1, 3, 16, 16), 288).steps[0]
    torch.testing.assert_close(step, torch.full((1, 1, 16, 16), 143.5))


def test_psmnet_says_that_one_small_image_has_no_statistics_to_learn_by():
    net = PSMNet(width=2, blocks=(1, 1, 1, 1))
    with pytest.raises(ValueError, match=r"single image of 32 x 48 pixels has one region .* at least two at once"):
        net(*torch.zeros(2, 1, 3, 32, 48), 16)
