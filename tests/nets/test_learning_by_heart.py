"""Nets of one image that answer at several sizes each learn eight rendered images by heart."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from geomvision.nets.monodepth import Monodepth  # noqa: E402
from geomvision.nets.monodepth2 import Monodepth2  # noqa: E402
from geomvision.nets.packnet import PackNet  # noqa: E402

#: Tiny nets: how each is made, the side of the images, the largest rate of learning, steps.
NETS = {
    "monodepth": (lambda: Monodepth(width=8, baseline_m=0.02), 32, 4e-3, 100),
    "monodepth2": (lambda: Monodepth2(width=16, near=0.5, far=20), 64, 5e-3, 120),
    "packnet": (lambda: PackNet(width=12, features=2, blocks=(0, 0, 0, 0), near=0.5, far=20), 32, 7e-3, 150),
}
#: Weight of a size against the next finer one.
COARSER = 0.1


def turned(angle, first, second):
    """The rotation of the axes `first` and `second`."""
    matrix = np.eye(3)
    matrix[[first, second], [first, second]] = np.cos(angle)
    matrix[first, second], matrix[second, first] = np.sin(angle), -np.sin(angle)
    return matrix


def rooms(count=8, side=64, seed=0):
    """Views of rooms whose walls are chequered, (N, 3, side, side), and their depth in metres: rays meet planes."""
    random = np.random.default_rng(seed)
    places = (np.arange(side) + 0.5) / side - 0.5
    rays = np.dstack([*np.meshgrid(places, places), np.ones((side, side))])
    images, depths = [], []
    for _ in range(count):
        views = rays @ turned(random.uniform(-0.2, 0.3), 1, 2) @ turned(random.uniform(-0.6, 0.6), 0, 2)
        half = random.uniform(1.2, 3.0, 3)
        where = random.uniform(-0.5, 0.5, 3) * half
        reached = (np.sign(views) * half - where) / views
        wall, depth = reached.argmin(axis=-1), reached.min(axis=-1)
        front = np.take_along_axis(views, wall[..., None], axis=-1)[..., 0] > 0
        squares = np.floor((where + depth[..., None] * views) * random.uniform(1, 3) + 1e-6).sum(axis=-1) % 2
        colours = random.uniform(60, 200, (3, 2, 3))[wall, front.astype(int)]
        images.append(colours * (0.7 + 0.3 * squares[..., None]) + random.normal(0, 2, (side, side, 3)))
        depths.append(depth)
    shown = torch.from_numpy(np.stack(images)).float().permute(0, 3, 1, 2).clamp(0, 255)
    return shown, torch.from_numpy(np.stack(depths)).float()[:, None]


@pytest.mark.parametrize("name", NETS)
def test_a_net_learns_eight_rooms_by_heart(name):
    make, side, rate, steps = NETS[name]
    images, truth = (maps[:, :, :: 64 // side, :: 64 // side] for maps in rooms())
    torch.manual_seed(0)
    net = make().train()
    optimizer = torch.optim.Adam(net.parameters(), betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.2)
    for _ in range(steps):
        found = [net.raised(*each)[:, :1] for each in net.estimates(images)]
        costs = [(depth.log() - truth.log()).abs().mean() for depth in found]
        optimizer.zero_grad()
        sum(COARSER**k * cost for k, cost in enumerate(reversed(costs))).backward()
        optimizer.step()
        schedule.step()
    with torch.inference_mode():
        depth = net.eval()(images).depth[:, :1]
    constant = float((truth.mean() / truth - 1).abs().mean())
    assert float((depth / truth - 1).abs().mean()) <= 0.05 < constant
