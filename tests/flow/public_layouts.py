"""Names and shapes of the tensors in public checkpoints, written down from what their repositories save."""

from itertools import pairwise

import torch


def checkpoint(shapes, prefix="", seed=0):
    """Small random tensors by name; names that a checkpoint holds twice share one."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, (shape, same) in shapes.items():
        if same is not None:
            tensors[prefix + name] = tensors[prefix + same]
        elif name.endswith("num_batches_tracked"):
            tensors[prefix + name] = torch.tensor(7)
        else:
            values = torch.randn(shape, generator=generator) / max(1, torch.Size(shape[1:]).numel()) ** 0.5
            tensors[prefix + name] = values.abs() + 0.1 if name.endswith("running_var") else values
    return tensors


def _convolution(found, name, inputs, outputs, height, width=None, bias=True):
    found[name + ".weight"] = ((outputs, inputs, height, width or height), None)
    if bias:
        found[name + ".bias"] = ((outputs,), None)


def _batch(found, name, channels, same=None):
    for part in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
        shape = () if part == "num_batches_tracked" else (channels,)
        found[f"{name}.{part}"] = (shape, None if same is None else f"{same}.{part}")


def _encoder(found, name, widths, outputs, small, batch):
    _convolution(found, f"{name}.conv1", 3, widths[0], 7)
    if batch:
        _batch(found, f"{name}.norm1", widths[0])
    for layer, (inputs, width) in enumerate(pairwise((widths[0], *widths)), start=1):
        for block in (0, 1):
            here, first = f"{name}.layer{layer}.{block}", inputs if block == 0 else width
            narrow = width // 4
            plan = ((first, narrow, 1), (narrow, narrow, 3), (narrow, width, 1)) if small else ()
            for k, (a, b, size) in enumerate(plan or ((first, width, 3), (width, width, 3)), start=1):
                _convolution(found, f"{here}.conv{k}", a, b, size)
                if batch:
                    _batch(found, f"{here}.norm{k}", b)
            if block == 0 and layer > 1:
                _convolution(found, f"{here}.downsample.0", first, width, 1)
                if batch:
                    _batch(found, f"{here}.norm3", width)
                    _batch(found, f"{here}.downsample.1", width, same=f"{here}.norm3")
    _convolution(found, f"{name}.conv2", widths[-1], outputs, 1)


def raft():
    found = {}
    _encoder(found, "fnet", (64, 96, 128), 256, False, False)
    _encoder(found, "cnet", (64, 96, 128), 256, False, True)
    unit = "update_block."
    for name, plan in {
        "encoder.convc1": (4 * 81, 256, 1),
        "encoder.convc2": (256, 192, 3),
        "encoder.convf1": (2, 128, 7),
        "encoder.convf2": (128, 64, 3),
        "encoder.conv": (256, 126, 3),
        "flow_head.conv1": (128, 256, 3),
        "flow_head.conv2": (256, 2, 3),
        "mask.0": (128, 256, 3),
        "mask.2": (256, 576, 1),
    }.items():
        _convolution(found, unit + name, *plan)
    for gate in "zrq":
        _convolution(found, f"{unit}gru.conv{gate}1", 384, 128, 1, 5)
        _convolution(found, f"{unit}gru.conv{gate}2", 384, 128, 5, 1)
    return found


def raft_small():
    found = {}
    _encoder(found, "fnet", (32, 64, 96), 128, True, False)
    _encoder(found, "cnet", (32, 64, 96), 160, True, False)
    unit = "update_block."
    for name, plan in {
        "encoder.convc1": (4 * 49, 96, 1),
        "encoder.convf1": (2, 64, 7),
        "encoder.convf2": (64, 32, 3),
        "encoder.conv": (128, 80, 3),
        "flow_head.conv1": (96, 128, 3),
        "flow_head.conv2": (128, 2, 3),
        **{f"gru.conv{gate}": (96 + 64 + 82, 96, 3) for gate in "zrq"},
    }.items():
        _convolution(found, unit + name, *plan)
    return found
