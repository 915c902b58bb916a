"""Public checkpoints of PSMNet, GwcNet and AnyNet: their tensors, and what their nets compute of these.

Written down from what their repositories save and compute, in their names, without anything of geomvision. Tables are
shapes of weights by name; normalisations, named by their channels alone, have four tensors and a counter more.
"""

from itertools import pairwise

import torch
from torch.nn import functional

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def checkpoint(table, prefix="module.", counters=True):
    """Small tensors by name, each of a number of its own."""
    found = {}
    for name, shape in table.items():
        if len(shape) == 1 and not name.endswith("bias"):
            for part in ("weight", "bias", "running_mean", "running_var"):
                found[f"{prefix}{name}.{part}"] = torch.tensor(float(len(found) + 1)).expand(shape)
            if counters:
                found[f"{prefix}{name}.num_batches_tracked"] = torch.tensor(len(found) + 1)
        else:
            where = prefix + name + ("" if name.endswith("bias") else ".weight")
            found[where] = torch.tensor(float(len(found) + 1)).expand(shape)
    return found


def _both(table, name, outputs, inputs, *sides, transposed=False):
    """A convolution and its normalisation."""
    table[f"{name}.0"] = (inputs, outputs, *sides) if transposed else (outputs, inputs, *sides)
    table[f"{name}.1"] = (outputs,)


def _features(table):
    for k, inputs in enumerate((3, 32, 32)):
        _both(table, f"feature_extraction.firstconv.{2 * k}", 32, inputs, 3, 3)
    before = 32
    for layer, (width, blocks) in enumerate(((32, 3), (64, 16), (128, 3), (128, 3)), start=1):
        for block in range(blocks):
            here = f"feature_extraction.layer{layer}.{block}"
            _both(table, f"{here}.conv1.0", width, before, 3, 3)
            _both(table, f"{here}.conv2", width, width, 3, 3)
            if block == 0 and layer in (2, 3):
                _both(table, f"{here}.downsample", width, before, 1, 1)
            before = width


def _volume(table, inputs):
    for name, first in (("dres0", inputs), ("dres1", 32)):
        _both(table, f"{name}.0", 32, first, 3, 3, 3)
        _both(table, f"{name}.2", 32, 32, 3, 3, 3)


def _heads(table, numbers):
    for number in numbers:
        _both(table, f"classif{number}.0", 32, 32, 3, 3, 3)
        table[f"classif{number}.2"] = (1, 32, 3, 3, 3)


def psmnet():
    table = {}
    _features(table)
    for branch in (1, 2, 3, 4):
        _both(table, f"feature_extraction.branch{branch}.1", 32, 128, 1, 1)
    _both(table, "feature_extraction.lastconv.0", 128, 320, 3, 3)
    table["feature_extraction.lastconv.2"] = (32, 128, 1, 1)
    _volume(table, 64)
    for stack in (2, 3, 4):
        _both(table, f"dres{stack}.conv1.0", 64, 32, 3, 3, 3)
        _both(table, f"dres{stack}.conv2", 64, 64, 3, 3, 3)
        _both(table, f"dres{stack}.conv3.0", 64, 64, 3, 3, 3)
        _both(table, f"dres{stack}.conv4.0", 64, 64, 3, 3, 3)
        _both(table, f"dres{stack}.conv5", 64, 64, 3, 3, 3, transposed=True)
        _both(table, f"dres{stack}.conv6", 32, 64, 3, 3, 3, transposed=True)
    _heads(table, (1, 2, 3))
    return table


def gwcnet(concatenated=12):
    table = {}
    _features(table)
    if concatenated:
        _both(table, "feature_extraction.lastconv.0", 128, 320, 3, 3)
        table["feature_extraction.lastconv.2"] = (concatenated, 128, 1, 1)
    _volume(table, 40 + 2 * concatenated)
    for stack in (2, 3, 4):
        for k, (inputs, outputs) in enumerate(((32, 64), (64, 64), (64, 128), (128, 128)), start=1):
            _both(table, f"dres{stack}.conv{k}.0", outputs, inputs, 3, 3, 3)
        _both(table, f"dres{stack}.conv5", 64, 128, 3, 3, 3, transposed=True)
        _both(table, f"dres{stack}.conv6", 32, 64, 3, 3, 3, transposed=True)
        _both(table, f"dres{stack}.redir1", 32, 32, 1, 1, 1)
        _both(table, f"dres{stack}.redir2", 64, 64, 1, 1, 1)
    _heads(table, (0, 1, 2, 3))
    return table


def anynet(spread=True):
    table = {"feature_extraction.block0.0.0": (1, 3, 3, 3), "feature_extraction.block0.0.0.bias": (1,)}

    def before(name, inputs, outputs, *sides):
        table[f"{name}.0"] = (inputs,)
        table[f"{name}.2"] = (outputs, inputs, *sides)

    before("feature_extraction.block0.0.1", 1, 1, 3, 3)
    for name, inputs in (("block0.1", 1), ("blocks.0", 2), ("blocks.1", 4)):
        before(f"feature_extraction.{name}.1", inputs, 2 * inputs, 3, 3)
        before(f"feature_extraction.{name}.2", 2 * inputs, 2 * inputs, 3, 3)
    for k, (inputs, outputs) in enumerate(((12, 4), (6, 2))):
        before(f"feature_extraction.upblocks.{k}.conv.0", inputs, outputs, 3, 3)
        before(f"feature_extraction.upblocks.{k}.conv.1", outputs, outputs, 3, 3)
    for stage, width in enumerate((16, 4, 4)):
        for k, (inputs, outputs) in enumerate(pairwise((1, *[width] * 5, 1))):
            before(f"volume_postprocess.{stage}.{k}", inputs, outputs, 3, 3, 3)
    if spread:
        for k, (inputs, outputs) in enumerate(((3, 16), (16, 16), (16, 16), (16, 24))):
            table[f"refine_spn.0.{2 * k}"] = (outputs, inputs, 3, 3)
        table |= {"refine_spn.1": (8, 1, 3, 3), "refine_spn.2": (1, 8, 3, 3)}
    return table


class Published:
    """What a net computes of its tensors, by their names in a checkpoint."""

    def __init__(self, state):
        self.state = state

    def prepared(self, images):
        """Normalised, and zeros above and at the right up to multiples of 16."""
        x = (images / 255 - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(DEVIATION).view(3, 1, 1)
        return functional.pad(x, (0, -x.shape[3] % 16, -x.shape[2] % 16, 0))

    def convolved(self, name, x, stride=1, dilation=1):
        weight = self.state[name + ".weight"]
        run = functional.conv3d if weight.ndim == 5 else functional.conv2d
        padding = weight.shape[-1] // 2 * dilation
        return run(x, weight, self.state.get(name + ".bias"), stride=stride, padding=padding, dilation=dilation)

    def normed(self, name, x):
        parts = (self.state[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return functional.batch_norm(x, *parts)

    def both(self, name, x, **options):
        return self.normed(f"{name}.1", self.convolved(f"{name}.0", x, **options))

    def doubled(self, name, x):
        y = functional.conv_transpose3d(x, self.state[f"{name}.0.weight"], stride=2, padding=1, output_padding=1)
        return self.normed(f"{name}.1", y)

    def sequence(self, name, count, x, stride=1):
        """Convolutions each with a rectifier behind, the first of them with a stride."""
        for k in range(count):
            x = self.both(f"{name}.{2 * k}", x, stride=1 if k else stride).relu()
        return x

    def features(self, x):
        x = self.sequence("feature_extraction.firstconv", 3, x, stride=2)
        found = []
        for layer, stride, dilation in ((1, 1, 1), (2, 2, 1), (3, 1, 1), (4, 1, 2)):
            block = 0
            while f"feature_extraction.layer{layer}.{block}.conv2.0.weight" in self.state:
                here = f"feature_extraction.layer{layer}.{block}"
                step = stride if block == 0 else 1
                y = self.both(f"{here}.conv1.0", x, stride=step, dilation=dilation).relu()
                y = self.both(f"{here}.conv2", y, dilation=dilation)
                short = f"{here}.downsample" if f"{here}.downsample.0.weight" in self.state else None
                x = y + (self.both(short, x, stride=step) if short else x)
                block += 1
            found.append(x)
        return found[1:]

    def reduced(self, x):
        x = self.both("feature_extraction.lastconv.0", x).relu()
        return self.convolved("feature_extraction.lastconv.2", x)

    def entered(self, volume):
        x = self.sequence("dres0", 2, volume)
        return self.both("dres1.2", self.both("dres1.0", x).relu()) + x

    def head(self, number, x):
        return self.convolved(f"classif{number}.2", self.both(f"classif{number}.0", x).relu())

    @staticmethod
    def estimate(similarities, size, disparities, corners):
        """Softmax of similarities raised to (disparities, height, width), its mean; without what was filled up."""
        full = [4 * side for side in similarities.shape[3:]]
        raised = functional.interpolate(similarities, (disparities, *full), mode="trilinear", align_corners=corners)
        shares = torch.softmax(raised[:, 0], 1)
        mean = (shares * torch.arange(disparities).view(1, -1, 1, 1)).sum(1)
        near = (torch.arange(disparities).view(1, -1, 1, 1) - mean[:, None]).abs() <= 4
        return torch.stack([mean, (shares * near).sum(1)], 1)[:, :, full[0] - size[0] :, : size[1]]


def joined(left, right, disparities, voxel):
    """`voxel` of both views at each disparity, zero where the right one is not seen."""
    slices = []
    for d in range(disparities):
        seen = voxel(left[..., d:], right[..., : right.shape[3] - d])
        slices.append(functional.pad(seen, (d, 0)))
    return torch.stack(slices, 2)


def psmnet_of(state, left, right, disparities, corners=True):
    """Disparity and confidence, (B, 2, H, W): the last of three heads. `corners`: as torch raised maps before 0.4."""
    net, size = Published(state), left.shape[2:]

    def features(x):
        raw, _, deep = net.features(x)
        found = [raw, deep]
        for branch, side in ((4, 8), (3, 16), (2, 32), (1, 64)):
            y = net.both(f"feature_extraction.branch{branch}.1", functional.avg_pool2d(deep, side, stride=side)).relu()
            found.append(functional.interpolate(y, deep.shape[2:], mode="bilinear", align_corners=corners))
        return net.reduced(torch.cat(found, 1))

    def hourglass(name, x, first, before):
        half = net.both(f"{name}.conv2", net.both(f"{name}.conv1.0", x, stride=2).relu())
        half = (half if before is None else half + before).relu()
        deep = net.both(f"{name}.conv4.0", net.both(f"{name}.conv3.0", half, stride=2).relu()).relu()
        after = (net.doubled(f"{name}.conv5", deep) + (half if first is None else first)).relu()
        return net.doubled(f"{name}.conv6", after), half, after

    views = [features(net.prepared(images)) for images in (left, right)]
    cost = net.entered(joined(*views, disparities // 4, lambda a, b: torch.cat([a, b], 1)))
    out1, half1, after1 = hourglass("dres2", cost, None, None)
    out1 = out1 + cost
    out2, _, after2 = hourglass("dres3", out1, half1, after1)
    out2 = out2 + cost
    out3 = hourglass("dres4", out2, half1, after2)[0] + cost
    said = net.head(1, out1) + net.head(2, out2) + net.head(3, out3)
    return net.estimate(said, size, disparities, corners)


def gwcnet_of(state, left, right, disparities, groups):
    """Disparity and confidence, (B, 2, H, W): the last of four heads."""
    net, size = Published(state), left.shape[2:]
    views = [torch.cat(net.features(net.prepared(images)), 1) for images in (left, right)]

    def correlated(a, b):
        return (a * b).unflatten(1, (groups, -1)).mean(2)

    x = joined(*views, disparities // 4, correlated)
    if "feature_extraction.lastconv.2.weight" in state:
        both = joined(*map(net.reduced, views), disparities // 4, lambda a, b: torch.cat([a, b], 1))
        x = torch.cat([x, both], 1)
    x = net.entered(x)
    for name in ("dres2", "dres3", "dres4"):
        half = net.both(f"{name}.conv2.0", net.both(f"{name}.conv1.0", x, stride=2).relu()).relu()
        deep = net.both(f"{name}.conv4.0", net.both(f"{name}.conv3.0", half, stride=2).relu()).relu()
        up = (net.doubled(f"{name}.conv5", deep) + net.both(f"{name}.redir2", half)).relu()
        x = (net.doubled(f"{name}.conv6", up) + net.both(f"{name}.redir1", x)).relu()
    return net.estimate(net.head(3, x), size, disparities, False)
