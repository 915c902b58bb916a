"""What moves by itself in a clip is found by competition, and flow and depth agree elsewhere."""

import dataclasses

import numpy as np
import pytest
import torch

import geomvision as gv
from geomvision import io
from geomvision.training._depth_frames import Rig
from geomvision.training._depth_movers import Movers
from geomvision.training._self_supervised_depth import SelfSupervisedDepth

PLAIN = {"noise": 0.0, "exposure": 0.0, "specular": 0.0, "textureless": 0.0, "supersampling": 1}
SIZE = {"height": 64, "width": 96}


@pytest.fixture(scope="module")
def moving():
    options = {"seed": 5, "max_disparity": 10, "layout": "tabletop", "motion": 8.0, **SIZE, **PLAIN}
    return gv.datasets.Synthetic(task="scene_flow", **options)[4]


@pytest.fixture
def task(moving, depth_that_is_known, depth_recipe, tmp_path, monkeypatch):
    """A clip of two frames, its depth and the camera's motion known: what is left to learn is what moves."""
    rig = moving.rig
    folder = tmp_path / "clip"
    folder.mkdir()
    for k, image in enumerate((moving.left0, moving.left1)):
        io.write_image(folder / f"{k}.png", image)
    maps = [moving.disparity0.to_depth(rig).m, moving.disparity_of_left1.to_depth(rig).m]
    depth_that_is_known(list(zip((moving.left0, moving.left1), maps, strict=True)), share=0.0)
    T = np.stack([np.eye(4), moving.T_1_0])
    monkeypatch.setattr(SelfSupervisedDepth, "_solved", lambda _: T)
    plan = depth_recipe(
        96, poses="solved", flow="pwc_small", flow_rate=0.01, steps=20, learning_rate=1.5e-2, agree=0.01
    )
    return SelfSupervisedDepth("monodepth2", plan, tmp_path, folders=[folder], rigs=(Rig.of(rig.left),), start=None)


def ranked(values, truth):
    """Chance that a pixel of the truth ranks above one that is not (Mann & Whitney, 1947); 0.5 is chance."""
    order = np.argsort(np.argsort(values, kind="stable"), kind="stable") + 1.0
    count = int(truth.sum())
    return (order[truth].sum() - count * (count + 1) / 2) / (count * (truth.size - count))


def test_masks_find_what_moves_by_itself(moving, task, train_depth):
    state = train_depth(task)
    looks = [dataclasses.replace(look, progress=1.0) for step in range(9) for look in task.samples(step)]
    look = next(look for look in looks if look.time == 0)
    with torch.no_grad():
        standing = task.objective.standing(state.net, task.stacked([task.load(look)], torch.device("cpu")))[0, 0]
    truth = moving.masks["moving"]
    assert 0.02 < truth.mean() < 0.2
    found = 1 - standing.numpy()
    assert ranked(found.ravel(), truth.ravel()) > 0.75
    assert found[truth].mean() > 1.5 * found[~truth].mean()


def test_what_stands_still_is_left_to_depth(task):
    """Before anything is learnt every pixel is in doubt; masks, flow and depth all have slopes."""
    task.prepare(1, lambda done: None)
    net = task.net()
    (look,) = task.samples(0)
    batch = task.stacked([task.load(look)], torch.device("cpu"))
    assert float(task.objective.standing(net, batch).detach().mean()) == pytest.approx(0.5)
    loss = task.batch_loss(net, batch)
    slopes = dict(zip(dict(net.named_parameters()), torch.autograd.grad(loss, list(net.parameters())), strict=True))
    for name in ("depth.share", "movers.leave.bias", "movers.flow.context.layers.0.weight"):
        if name in slopes:
            assert float(slopes[name].abs().sum()) > 0, name
    assert [len(group["params"]) > 0 for group in task.groups(net)] == [True, True]


def test_a_net_of_flow_that_nobody_knows_is_told():
    with pytest.raises(ValueError, match="flow is 'guess'; it must be one of 'pwc_small', 'raft_s'"):
        Movers("guess", 8)
