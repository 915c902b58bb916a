"""Depth hints: what a stereo method sees is learnt where it explains a pair better than the net does."""

import dataclasses
import math

import numpy as np
import pytest
import torch

import geomvision as gv
from geomvision import io
from geomvision.cameras import StereoRig, pose
from geomvision.training._depth_frames import DepthFrames, Rig
from geomvision.training._depth_hints import hinted, hints_of
from geomvision.training._self_supervised_depth import SelfSupervisedDepth

PLAIN = {"noise": 0.0, "exposure": 0.0, "specular": 0.0, "textureless": 0.0, "supersampling": 1}


@pytest.fixture(scope="module")
def pair():
    return gv.datasets.Synthetic(seed=8, height=64, width=96, max_disparity=10, layout="tabletop", **PLAIN)[0]


@pytest.fixture
def folders(pair, tmp_path):
    for side in ("left", "right"):
        (tmp_path / side).mkdir()
        io.write_image(tmp_path / side / "0.png", getattr(pair, side))
    return [tmp_path / "left", tmp_path / "right"]


def test_hints_are_the_depth_of_both_views(pair, folders):
    frames = DepthFrames(folders, 10, least=1)
    found = hints_of(frames, (Rig.of(pair.rig),), "sgm", 64, 96)
    for (hint,), disparity in zip(found, (pair.disparity, pair.disparity_right), strict=True):
        truth = 1 / disparity.to_depth(pair.rig).m
        both = np.isfinite(hint) & np.isfinite(truth)
        assert both.mean() > 0.5
        assert np.median(np.abs(hint[both] / truth[both] - 1)) < 0.05
    (smaller,) = hints_of(frames, (Rig.of(pair.rig),), "sgm", 32, 48)[0]
    blocks = found[0][0].reshape(32, 2, 48, 2)
    whole = np.isfinite(blocks).all(axis=(1, 3))
    np.testing.assert_allclose(smaller[whole], blocks.mean(axis=(1, 3))[whole], rtol=1e-5)


def test_a_rig_that_is_not_rectified_is_refused(pair, folders):
    turned = StereoRig(left=pair.rig.left, right=pair.rig.right, T_right_left=pose(np.eye(3), (-0.1, 0.02, 0.0)))
    with pytest.raises(ValueError, match="the rig is not rectified"):
        hints_of(DepthFrames(folders, 10, least=1), (Rig.of(turned),), "sgm", 64, 96)


def test_what_explains_a_pixel_better_is_learnt():
    """An image is seen as it is where 1 / depth is 0.5, as its negative elsewhere: hints count where they are right."""
    image = torch.rand(1, 3, 12, 16, generator=torch.Generator().manual_seed(1)) * 255
    inverse = torch.full((1, 1, 12, 16), 0.25, requires_grad=True)
    hint = torch.full((1, 1, 12, 16), 0.5)
    hint[..., 8:] = 0.125  # no better than the net: both see the negative
    hint[:, :, 6:] = torch.nan

    def seen_by(values):
        return torch.where((values - 0.5).abs() < 1e-6, image, 255 - image)

    loss = hinted(image, inverse, hint, seen_by)
    assert float(loss.detach()) == pytest.approx(math.log(2))
    (slope,) = torch.autograd.grad(loss, inverse)
    assert bool((slope[0, 0, 1:5, 1:7] < 0).all())
    assert float(slope[..., 9:].abs().sum() + slope[:, :, 6:].abs().sum()) == 0
    assert float(hinted(image, inverse, torch.full_like(hint, torch.nan), seen_by).detach()) == 0


def test_hints_draw_depth_to_metres(pair, folders, depth_that_is_known, depth_recipe, train_depth, tmp_path):
    scale = 256 / pair.rig.left.fx
    sides = [(pair.left, pair.disparity), (pair.right, pair.disparity_right)]
    depth_that_is_known([(image, scale * d.to_depth(pair.rig).m) for image, d in sides], share=0.8)
    plan = depth_recipe(96, hints="sgm", steps=30, learning_rate=0.06, smooth=0.0)
    rigs = (Rig.of(pair.rig),)
    task = SelfSupervisedDepth("monodepth2", plan, tmp_path, folders=folders, rigs=rigs, start=None)
    net = train_depth(task).net
    assert float(net.depth.share.detach()) == pytest.approx(0, abs=0.06)
    alone = dataclasses.replace(task.recipe, hints="")
    assert task.objective.hints is not None
    batch = task.stacked([task.load(task.samples(0)[0])], torch.device("cpu"))
    with torch.no_grad():
        net.depth.share.fill_(0.8)
        assert (
            float(task.objective(net, batch))
            > float(dataclasses.replace(task.objective, recipe=alone)(net, batch)) + 0.5
        )
