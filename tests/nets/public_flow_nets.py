"""Public checkpoints of FlowNet, PWC-Net and SPyNet: their tensors, and the order in which their nets use them.

Written down from what their repositories save and compute. Each table is a list of (name, shape of the weight, whether
there is a bias) in the order of use; a name that is used for both images stands there once.
"""

from itertools import pairwise

import torch


def checkpoint(table):
    """Tensors by name, each filled with a number of its own; they take no memory."""
    found = {}
    for name, shape, bias in table:
        found[name + ".weight"] = torch.tensor(float(len(found) + 1)).expand(shape)
        if bias:
            found[name + ".bias"] = torch.tensor(float(len(found) + 1)).expand(_outputs(name, shape))
    return found


def _outputs(name, shape):
    transposed = any(word in name for word in ("deconv", "upsampled", "upfeat", "Up"))
    return (shape[1 if transposed else 0],)


def _flownet(first, upsample, bias=True, predicting=True, batch_norm=False):
    def convolution(name, inputs, outputs, size=3):
        return (f"{name}.0", (outputs, inputs, size, size), not batch_norm)

    table = [convolution(*each) for each in first]
    for stage, inputs, outputs in ((4, 256, 512), (5, 512, 512), (6, 512, 1024)):
        table += [convolution(f"conv{stage}", inputs, outputs), convolution(f"conv{stage}_1", outputs, outputs)]
    seen = 1024
    for level, fine, raised in ((5, 512, 512), (4, 512, 256), (3, 256, 128), (2, 128, 64)):
        table.append((f"predict_flow{level + 1}", (2, seen, 3, 3), predicting))
        table.append((f"deconv{level}.0", (seen, raised, 4, 4), bias))
        table.append((f"upsampled_flow{level + 1}_to_{level}", (2, 2, 4, 4), upsample))
        seen = fine + raised + 2
    return [*table, ("predict_flow2", (2, seen, 3, 3), predicting)]


def flownet_s(**options):
    first = [("conv1", 6, 64, 7), ("conv2", 64, 128, 5), ("conv3", 128, 256, 5), ("conv3_1", 256, 256, 3)]
    return _flownet(first, **options)


def flownet_c(**options):
    first = [("conv1", 3, 64, 7), ("conv2", 64, 128, 5), ("conv3", 128, 256, 5), ("conv_redir", 256, 32, 1)]
    return _flownet([*first, ("conv3_1", 473, 256, 3)], **options)


def batch_norms(table):
    """The tensors of the normalisations that follow the convolutions called conv…, but for the counter of steps."""
    found = {}
    for name, shape, _ in table:
        if name.startswith("conv"):
            for part in ("weight", "bias", "running_mean", "running_var"):
                found[f"{name[:-1]}1.{part}"] = torch.tensor(-1.0 - len(found)).expand(shape[0])
    return found


def _pyramid(names):
    widths, table = (3, 16, 32, 64, 96, 128, 196), []
    for level, letters in enumerate(names):
        for k, name in enumerate(letters):
            table.append((name, (widths[level + 1], widths[level + (k > 0)], 3, 3), True))
    return table


def _decoders(dense, predict, flow, features, around):
    """`dense` is called with level and layer, the next three with the level; `around` with the layer."""
    table, before = [], None
    for level, width in zip((6, 5, 4, 3, 2), (None, 128, 96, 64, 32), strict=True):
        seen = 81
        if width is not None:
            table += [(flow(level + 1), (2, 2, 4, 4), True), (features(level + 1), (before, 2, 4, 4), True)]
            seen += width + 4
        for layer, made in enumerate((128, 128, 96, 64, 32)):
            table.append((dense(level, layer), (made, seen, 3, 3), True))
            seen += made
        table.append((predict(level), (2, seen, 3, 3), True))
        before = seen
    for layer, made in enumerate((128, 128, 128, 96, 64, 32, 2)):
        table.append((around(layer), (made, before, 3, 3), True))
        before = made
    return table


def pwc_net(repeated=3):
    letters = [["a", "aa", "b"]] * 5 + [["aa", "a", "b"]] if repeated == 3 else [["a", "b"]] * 6
    table = _pyramid([[f"conv{level}{letter}.0" for letter in each] for level, each in enumerate(letters, start=1)])
    return table + _decoders(
        lambda level, layer: f"conv{level}_{layer}.0",
        lambda level: f"predict_flow{level}",
        lambda level: f"deconv{level}",
        lambda level: f"upfeat{level}",
        lambda layer: f"dc_conv{layer + 1}" + (".0" if layer < 6 else ""),
    )


def pwc_net_numbered(word="module"):
    numbers = ("One", "Two", "Thr", "Fou", "Fiv", "Six")
    table = _pyramid([[f"{word}Extractor.{word}{n}.{2 * k}" for k in range(3)] for n in numbers])
    return table + _decoders(
        lambda level, layer: f"{word}{numbers[level - 1]}.{word}{numbers[layer]}.0",
        lambda level: f"{word}{numbers[level - 1]}.{word}Six.0",
        lambda level: f"{word}{numbers[level - 2]}.{word}Upflow",
        lambda level: f"{word}{numbers[level - 2]}.{word}Upfeat",
        lambda layer: f"{word}Refiner.{word}Main.{2 * layer}",
    )


def spynet(word="moduleBasic", name="{}"):
    """`name` makes a layer's name of its number 0 … 4, doubled where layers without weights lie between."""
    widths = (8, 32, 64, 32, 16, 2)
    return [
        (f"{word}.{level}.{word}.{name.format(layer if 'conv' in name else 2 * layer)}", (b, a, 7, 7), True)
        for level in range(6)
        for layer, (a, b) in enumerate(pairwise(widths))
    ]
