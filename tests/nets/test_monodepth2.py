"""Monodepth2's depth and pose nets: against what its authors publish, and against what must hold of any such net."""

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

sys.path.append(str(Path(__file__).parent))
import published_monodepth2 as published  # noqa: E402

from geomvision.nets.monodepth2 import Monodepth2  # noqa: E402
from geomvision.nets.pose_net import PoseNet  # noqa: E402
from geomvision.nets.public import from_public  # noqa: E402
from geomvision.nets.public_monodepth2 import monodepth2, pose_net  # noqa: E402


def images(count=1, height=64, width=96, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, height, width), generator=generator).float()


def size_of(net):
    return sum(parameter.numel() for parameter in net.parameters())


def depth_checkpoint(**said):
    return published.at_random(published.encoder()) | said | published.at_random(published.depth_decoder())


def test_nets_have_the_published_number_of_parameters():
    """Of the depth net "14.8M" with the layer that classified, of 512 inputs and 1000 classes: 14,842,236."""
    with torch.device("meta"):
        assert size_of(Monodepth2()) == 14_842_236 - 513 * 1000
        assert size_of(Monodepth2().encoder) == 11_689_512 - 513 * 1000  # ResNet-18
        assert size_of(PoseNet()) == 12_498_950


@pytest.mark.parametrize("stereo", [False, True])
def test_a_public_checkpoint_gives_what_its_tensors_stand_for(stereo):
    state = depth_checkpoint(height=64, width=96, use_stereo=stereo)
    net = from_public(Monodepth2, monodepth2(state), state).eval()
    with torch.inference_mode():
        found = net(images())
        expected = published.Published(state).disparities(images())
    assert expected[-1].std() > 0.05
    for one, other in zip(found.estimates, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)
    depth = (5.4 if stereo else 1) / (0.01 + 9.99 * expected[-1])
    torch.testing.assert_close(found.depth, depth, rtol=1e-2, atol=1e-4)
    assert net.feed == (64, 96)


@pytest.mark.parametrize("shared", [False, True])
def test_a_public_pose_checkpoint_gives_what_its_tensors_stand_for(shared):
    features = 2 if shared else 1
    state = published.at_random(published.encoder(3 - features) | published.pose_decoder(features))
    net = from_public(PoseNet, pose_net(state), state).eval()
    with torch.inference_mode():
        found = net(images(2), images(2, seed=1))
        expected = published.Published(state).pose(images(2), images(2, seed=1), shared)
    for one, other in zip(found, expected, strict=True):
        assert one.shape == (2, 3)
        assert other.abs().max() > 1e-3
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)


def test_a_checkpoint_that_lacks_or_adds_a_tensor_is_refused():
    state = depth_checkpoint(height=64, width=96, use_stereo=False)
    lacking = {name: each for name, each in state.items() if name != "decoder.13.conv.bias"}
    for wrong in (lacking, state | {"decoder.14.conv.weight": torch.zeros(1)}, state | {"epoch": 3}):
        with pytest.raises(KeyError, match="no checkpoint of"):
            from_public(Monodepth2, monodepth2(wrong), wrong)


def test_a_sigmoid_of_zero_is_far_and_of_one_is_near():
    net = Monodepth2(width=4, near=0.5, far=80)
    sigmoid = torch.tensor([0.0, 1.0, 0.5]).view(3, 1, 1, 1)
    depth = net.raised(sigmoid, (4, 6))
    assert depth.shape == (3, 1, 4, 6)
    np.testing.assert_allclose(depth[:, 0, 0, 0], [80, 0.5, 2 / (1 / 80 + 2)], rtol=1e-5)
    np.testing.assert_allclose(Monodepth2(width=4, stereo=True).raised(sigmoid, (1, 1)).flatten()[:2], [540, 0.54])


@pytest.mark.parametrize(("size", "seen"), [((64, 96), (64, 96)), ((33, 70), (64, 96)), ((1, 1), (64, 64))])
def test_depth_has_the_size_of_any_image_and_four_estimates(size, seen):
    torch.manual_seed(0)
    net = Monodepth2(width=4).eval()
    with torch.inference_mode():
        found = net(images(2, *size))
    assert found.depth.shape == (2, 1, *size)
    assert found.depth.isfinite().all()
    assert [each.shape[2:] for each in found.estimates] == [tuple(side >> k for side in seen) for k in (3, 2, 1, 0)]


def test_training_and_use_compute_the_same_and_every_parameter_has_a_derivative():
    torch.manual_seed(0)
    depth, pose, shared = Monodepth2(width=4), PoseNet(width=4), PoseNet(width=4, shared=True)
    shared.encoder = depth.encoder
    pair = images(2), images(2, seed=1)
    for net, arguments in ((depth, pair[:1]), (pose, pair), (shared, pair)):
        net.train()
        found = net(*arguments)
        parts = found.estimates if net is depth else found
        sum(part.square().sum() for part in parts).backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
        net.eval()
        with_slopes = net(*arguments)
        with torch.inference_mode():
            without = net(*arguments)
        torch.testing.assert_close(with_slopes[0].detach(), without[0], rtol=1e-4, atol=1e-5)


def test_what_cannot_be_is_refused():
    for wrong, told in (
        ({"width": 6}, "width is 6; it must be a multiple of 4"),
        ({"near": 2, "far": 1}, "near is 2, far 1"),
        ({"feed": (60, 64)}, r"feed is \(60, 64\); it must be two multiples of 32"),
    ):
        with pytest.raises(ValueError, match=told):
            Monodepth2(**wrong)
    with pytest.raises(ValueError, match="poses is 0"):
        PoseNet(width=4, poses=0)
    with pytest.raises(ValueError, match=r"images are \(1, 4, 64, 64\)"):
        Monodepth2(width=4)(torch.zeros(1, 4, 64, 64))
    with pytest.raises(ValueError, match="both must be"):
        PoseNet(width=4)(images(), images(1, 32))
