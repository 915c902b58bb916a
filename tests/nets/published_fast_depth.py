"""FastDepth as its repository builds, saves and computes it: names, shapes and sums of the tensors of a checkpoint."""

import torch
from torch.nn import functional

#: Channels after each layer of the encoder and of the decoder; strides of the encoder; where the decoder adds.
ENCODER = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
DECODER = (512, 256, 128, 64, 32)
#: As pruning leaves them: odd, but equal where they are added.
PRUNED = (7, 11, 13, 13, 9, 17, 21, 20, 19, 18, 23, 22, 30, 31)
PRUNED_DECODER = (19, 17, 13, 11, 5)
STRIDES = (2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)


def names(skips):
    return ("conv{}", "decode_conv{}") if skips else ("mobilenet.{}", "decoder.conv{}")


def convolved(shapes, name, inputs, outputs, size, groups=1):
    """A convolution and, under the next number, its normalisation."""
    shapes[f"{name}.weight"] = (outputs, inputs // groups, size, size)
    *head, number = name.split(".")
    norm = ".".join([*head, str(int(number) + 1)])
    shapes |= {f"{norm}.{part}": (outputs,) for part in ("weight", "bias", "running_mean", "running_var")}
    shapes[f"{norm}.num_batches_tracked"] = ()
    return shapes


def layout(encoder=ENCODER, decoder=DECODER, skips=True):
    shapes, (enter, leave), before = {}, names(skips), 3
    for k, after in enumerate(encoder):
        if k:
            shapes = convolved(shapes, enter.format(k) + ".0", before, before, 3, groups=before)
        shapes = convolved(shapes, enter.format(k) + (".3" if k else ".0"), before, after, 1 if k else 3)
        before = after
    for k, after in enumerate(decoder, start=1):
        shapes = convolved(shapes, leave.format(k) + ".0.0", before, before, 5, groups=before)
        shapes = convolved(shapes, leave.format(k) + ".1.0", before, after, 1)
        before = after
    return convolved(shapes, leave.format(6) + ".0", before, 1, 1)


def at_random(shapes, seed=0):
    generator, state = torch.Generator().manual_seed(seed), {}
    for name, shape in shapes.items():
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(7)
            continue
        values = torch.randn(shape, generator=generator) / max(1, torch.Size(shape[1:]).numel()) ** 0.5
        state[name] = values.abs() + 0.5 if name.endswith("running_var") or len(shape) == 1 else values
    return state


class Published:
    """The net of a checkpoint, tensor by tensor."""

    def __init__(self, state, skips=True):
        self.state, self.skips = state, skips

    def layer(self, x, name, rectifier, stride=1, padding=0):
        weight = self.state[f"{name}.weight"]
        groups = x.shape[1] if weight.shape[1] == 1 and weight.shape[2] > 1 else 1
        x = functional.conv2d(x, weight, None, stride, padding, groups=groups)
        *head, number = name.split(".")
        norm = ".".join([*head, str(int(number) + 1)])
        parts = (self.state[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return rectifier(functional.batch_norm(x, *parts))

    def __call__(self, image):
        (enter, leave), x, seen = names(self.skips), image / 255, {}
        for k, stride in enumerate(STRIDES):
            name = enter.format(k)
            x = self.layer(x, name + ".0", functional.relu6, stride, 1)
            x = self.layer(x, name + ".3", functional.relu6) if k else x
            seen[k] = x
        for k in range(1, 6):
            name = leave.format(k)
            x = self.layer(self.layer(x, name + ".0.0", functional.relu, 1, 2), name + ".1.0", functional.relu)
            x = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
            if self.skips and k in (2, 3, 4):
                x = x + seen[{2: 5, 3: 3, 4: 1}[k]]
        return self.layer(x, leave.format(6) + ".0", functional.relu)
