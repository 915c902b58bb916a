"""RAFT-Stereo: against what its authors publish, tensor by tensor, and against what must hold of any stereo net."""

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

sys.path.append(str(Path(__file__).parent))
import public_stereo_nets  # noqa: E402

from geomvision.nets.public import from_public  # noqa: E402
from geomvision.nets.public_raft_stereo import raft_stereo  # noqa: E402
from geomvision.nets.raft_stereo import RAFTStereo  # noqa: E402

#: Their standard net, the one of the Robust Vision Challenge, their real-time one; and one with a single level.
VARIANTS = {
    "standard": {"levels": 3, "halvings": 2, "shared": False, "context": "batch"},
    "challenge": {"levels": 3, "halvings": 2, "shared": False, "context": "instance"},
    "real-time": {"levels": 2, "halvings": 3, "shared": True, "context": "batch"},
    "single": {"levels": 1, "halvings": 3, "shared": False, "context": "batch"},
}
SMALL = {"stages": (8, 8, 12, 16), "hidden": 12, "features": 16}


def images(batch=1, height=32, width=64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (2, batch, 3, height, width), generator=generator).float()


def made(**options):
    torch.manual_seed(1)
    return RAFTStereo(**{**SMALL, **options}).eval()


def test_the_net_has_the_published_number_of_parameters():
    assert sum(parameter.numel() for parameter in RAFTStereo().parameters()) == 11_116_176  # "11.12M"


@pytest.mark.parametrize("name", VARIANTS)
def test_a_public_checkpoint_gives_what_its_tensors_stand_for(name):
    """Each tensor arrives where it belongs: the disparity is the one computed from them by their names."""
    options = VARIANTS[name]
    state = public_stereo_nets.at_random(public_stereo_nets.raft_stereo(**options))
    given = {"module." + key: value for key, value in state.items()}
    net = from_public(RAFTStereo, raft_stereo(given), given).eval()
    published = public_stereo_nets.Published(state, slow_fast=options["shared"], **options)
    pair = images()
    with torch.inference_mode():
        expected = published.disparity(*pair, iterations=2)
        found = net(*pair, iterations=2).disparity
    assert expected.std() > 0.1
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_a_checkpoint_that_lacks_or_adds_a_tensor_is_refused():
    state = public_stereo_nets.at_random(public_stereo_nets.raft_stereo())
    lacking = {key: value for key, value in state.items() if key != "cnet.outputs32.1.weight"}
    for wrong in (lacking, {**state, "cnet.layer6.0.conv1.weight": torch.zeros(1)}):
        with pytest.raises(KeyError, match="no checkpoint of RAFTStereo: it lacks"):
            from_public(RAFTStereo, raft_stereo(wrong), wrong)


def test_disparity_is_positive_where_the_match_lies_to_the_left():
    """Every iteration adds the head's bias, of columns in the right view, and begins where it is told."""
    net = made()
    with torch.no_grad():
        net.head[2].weight.zero_()
        net.head[2].bias.copy_(torch.tensor([-0.5, 7.0]))
    with torch.inference_mode():
        found = net(*images(), iterations=3, initial=torch.ones(1, 1, 8, 16))
        early = net(*images(), iterations=100, tolerance=2.0)
    np.testing.assert_allclose(found.coarse, np.full((1, 1, 8, 16), 2.5))
    np.testing.assert_allclose(found.disparity[0, 0, 8:-8, 8:-8], np.full((16, 48), 10.0), rtol=1e-5)
    assert found.steps == ()
    np.testing.assert_allclose(early.coarse, np.full((1, 1, 8, 16), 0.5))


def test_correlations_are_looked_up_where_the_disparity_points():
    """Rows of the right view moved by 3 columns of features: from there on, the middle of the window is the product."""
    net = made(levels=1)
    features = torch.randn(1, 16, 8, 19, generator=torch.Generator().manual_seed(0))
    views = iter([features[..., :16], features[..., 3:]])
    net.features = torch.nn.Identity()
    net.features.forward = lambda _: next(views)
    seen = []
    net.motion.register_forward_pre_hook(lambda module, given: seen.append(given))
    with torch.inference_mode():
        net(*images(), iterations=1, initial=torch.full((1, 1, 8, 16), 3.0))
    windows, flow = seen[0]
    assert flow[0, :, 4, 4].tolist() == [-3, 0]
    products = (features[..., 3:16] ** 2).sum(1) / 4
    torch.testing.assert_close(windows[:, 4, :, 3:], products, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("options", [{}, {"levels": 2, "halvings": 3, "shared": True, "slow_fast": True}])
def test_training_gives_every_estimate_and_a_derivative_to_every_parameter(options):
    # Torch 2.13's 1x1 convolutions of less than 16 channels with a stride write beyond their memory on several threads.
    net = made(stages=(16, 16, 16, 16), **options).train()
    found = net(*images(2, 32, 64), iterations=2)
    assert [step.shape for step in found.steps] == [(2, 1, 32, 64)] * 2
    torch.testing.assert_close(found.steps[-1], found.disparity)
    sum(step.abs().mean() for step in found.steps).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def test_without_gradients_all_is_as_with_them():
    net, pair = made(), images()
    expected = net(*pair, iterations=3).disparity
    with torch.inference_mode():
        torch.testing.assert_close(net(*pair, iterations=3).disparity, expected, rtol=1e-4, atol=1e-4)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="30 x 64 pixels; sides must be multiples of 4, and the width at least 32"):
        made()(*images(1, 30, 64))
    with pytest.raises(ValueError, match="levels is 4"):
        made(levels=4)
    with pytest.raises(ValueError, match="halvings is 1; allowed are 2 and 3"):
        made(halvings=1)
    with pytest.raises(ValueError, match="iterations is 0"):
        made()(*images(), iterations=0)
