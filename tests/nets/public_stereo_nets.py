"""RAFT-Stereo as its repository saves and computes it: names, shapes, and the sums of named tensors they stand for."""

import torch
from torch.nn import functional


class Layout(dict):
    """Shape of each tensor by name."""

    def convolution(self, name, inputs, outputs, size):
        self[name + ".weight"], self[name + ".bias"] = (outputs, inputs, size, size), (outputs,)

    def norm(self, name, channels, kind):
        if kind == "batch":
            self.update({f"{name}.{part}": (channels,) for part in ("weight", "bias", "running_mean", "running_var")})
            self[f"{name}.num_batches_tracked"] = ()

    def block(self, name, inputs, outputs, kind, other=False):
        for k, seen in ((1, inputs), (2, outputs)):
            self.convolution(f"{name}.conv{k}", seen, outputs, 3)
            self.norm(f"{name}.norm{k}", outputs, kind)
        if other:
            self.convolution(f"{name}.downsample.0", inputs, outputs, 1)
            self.norm(f"{name}.norm3", outputs, kind)
            self.norm(f"{name}.downsample.1", outputs, kind)

    def trunk(self, name, kind, layers):
        self.convolution(f"{name}.conv1", 3, 64, 7)
        self.norm(f"{name}.norm1", 64, kind)
        for k, (inputs, width) in enumerate([(64, 64), (64, 96), (96, 128), (128, 128), (128, 128)][:layers], 1):
            self.block(f"{name}.layer{k}.0", inputs, width, kind, other=k > 1)
            self.block(f"{name}.layer{k}.1", width, width, kind)

    def ends(self, kind):
        for end in (0, 1):
            for size in ("08", "16"):
                self.block(f"cnet.outputs{size}.{end}.0", 128, 128, kind)
                self.convolution(f"cnet.outputs{size}.{end}.1", 128, 128, 3)
            self.convolution(f"cnet.outputs32.{end}", 128, 128, 3)


def raft_stereo(levels=3, halvings=2, shared=False, context="batch"):
    """RAFT-Stereo's; all three levels are saved, however few are used."""
    found = Layout()
    found.trunk("cnet", context, 5)
    found.ends(context)
    if shared:
        found.block("conv2.0", 128, 128, "instance")
        found.convolution("conv2.1", 128, 256, 3)
    else:
        found.trunk("fnet", "instance", 3)
        found.convolution("fnet.conv2", 128, 256, 1)
    inputs = {"08": 128 + 128 * (levels > 1), "16": 128 + 128 * (levels == 3), "32": 128}
    for name, plan in {
        **{f"gru{size}.conv{gate}": (128 + seen, 128, 3) for size, seen in inputs.items() for gate in "zrq"},
        "encoder.convc1": (36, 64, 1),
        "encoder.convc2": (64, 64, 3),
        "encoder.convf1": (2, 64, 7),
        "encoder.convf2": (64, 64, 3),
        "encoder.conv": (128, 126, 3),
        "flow_head.conv1": (128, 256, 3),
        "flow_head.conv2": (256, 2, 3),
        "mask.0": (128, 256, 3),
        "mask.2": (256, 9 * 4**halvings, 1),
    }.items():
        found.convolution("update_block." + name, *plan)
    for level in range(levels):
        found.convolution(f"context_zqr_convs.{level}", 128, 384, 3)
    return found


def at_random(shapes, seed=0):
    """A checkpoint; the normalisation of a block's other way is saved twice."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, shape in shapes.items():
        if ".downsample.1." in name:
            state[name] = state[name.replace("downsample.1", "norm3")]
        elif name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(7)
        else:
            values = torch.randn(shape, generator=generator) / max(1, torch.Size(shape[1:]).numel()) ** 0.5
            state[name] = values.abs() + 0.5 if name.endswith("running_var") else values
    return state


class Published:
    """The net of a checkpoint, tensor by tensor."""

    def __init__(self, state, levels, halvings, shared, slow_fast, context):
        self.state, self.levels, self.halvings = state, levels, halvings
        self.shared, self.slow_fast, self.kind = shared, slow_fast, context

    def convolved(self, x, name, stride=1):
        weight = self.state[name + ".weight"]
        return functional.conv2d(x, weight, self.state[name + ".bias"], stride, weight.shape[2] // 2)

    def normalised(self, x, name, kind):
        if kind == "instance":
            return functional.instance_norm(x)
        parts = (self.state[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return functional.batch_norm(x, *parts)

    def block(self, x, name, kind, stride=1):
        y = torch.relu(self.normalised(self.convolved(x, name + ".conv1", stride), name + ".norm1", kind))
        y = torch.relu(self.normalised(self.convolved(y, name + ".conv2"), name + ".norm2", kind))
        if name + ".downsample.0.weight" in self.state:
            x = self.normalised(self.convolved(x, name + ".downsample.0", stride), name + ".norm3", kind)
        return torch.relu(x + y)

    def trunk(self, x, name, kind):
        x = self.convolved(x, name + ".conv1", 2 if self.halvings == 3 else 1)
        x = torch.relu(self.normalised(x, name + ".norm1", kind))
        for layer, stride in ((1, 1), (2, 2), (3, 2)):
            x = self.layer(x, f"{name}.layer{layer}", kind, stride)
        return x

    def layer(self, x, name, kind, stride):
        return self.block(self.block(x, name + ".0", kind, stride), name + ".1", kind)

    def end(self, x, size, which):
        name = f"cnet.outputs{size}.{which}"
        if size == "32":
            return self.convolved(x, name)
        return self.convolved(self.block(x, name + ".0", self.kind), name + ".1")

    def gru(self, hidden, told, inputs, size):
        name = f"update_block.gru{size}.conv"
        seen = torch.cat(inputs, 1)
        update, reset = (
            torch.sigmoid(self.convolved(torch.cat([hidden, seen], 1), name + gate) + share)
            for gate, share in zip("zr", told[:2], strict=True)
        )
        new = torch.tanh(self.convolved(torch.cat([reset * hidden, seen], 1), name + "q") + told[2])
        return (1 - update) * hidden + update * new

    def step(self, hidden, told, motion, finest):
        sizes = ("08", "16", "32")
        for k in reversed(range(finest, self.levels)):
            inputs = [functional.avg_pool2d(hidden[k - 1], 3, 2, 1) if k else motion]
            if k + 1 < self.levels:
                size = hidden[k].shape[2:]
                inputs.append(functional.interpolate(hidden[k + 1], size, mode="bilinear", align_corners=True))
            hidden[k] = self.gru(hidden[k], told[k], inputs, sizes[k])

    def seen(self, features, columns):
        """What a row's products look like around each column, on four levels, linear between pixels, zero outside."""
        volume = torch.einsum("bcyx,bcyz->byxz", *features) / 16
        found = []
        for level in range(4):
            last = volume.shape[3]
            for step in range(-4, 5):
                x = columns / 2**level + step
                low = x.floor()
                parts = []
                for place, weight in ((low, 1 - (x - low)), (low + 1, x - low)):
                    inside = (place >= 0) & (place < last)
                    value = volume.gather(3, place.clamp(0, last - 1).long()[..., None])[..., 0]
                    parts.append(value * weight * inside)
                found.append(sum(parts))
            if last > 1:
                volume = functional.avg_pool1d(volume.flatten(0, 1), 2).unflatten(0, volume.shape[:2])
        return torch.stack(found, 1)

    def disparity(self, left, right, iterations):
        left, right = (2 * image / 255 - 1 for image in (left, right))
        x = self.trunk(left, "cnet", self.kind)
        if self.shared:
            views = (x, self.trunk(right, "cnet", self.kind))
            features = [self.convolved(self.block(view, "conv2.0", "instance"), "conv2.1") for view in views]
        else:
            features = [self.convolved(self.trunk(view, "fnet", "instance"), "fnet.conv2") for view in (left, right)]
        hidden, told = [], []
        for k in range(self.levels):
            x = self.layer(x, f"cnet.layer{k + 3}", self.kind, 2) if k else x
            hidden.append(torch.tanh(self.end(x, ("08", "16", "32")[k], 0)))
            context = torch.relu(self.end(x, ("08", "16", "32")[k], 1))
            told.append(self.convolved(context, f"context_zqr_convs.{k}").chunk(3, 1))
        height, width = hidden[0].shape[2:]
        here = torch.arange(width).float().expand(1, height, width)
        flow = torch.zeros(1, 2, height, width)
        unit = "update_block."
        for _ in range(iterations):
            cost = self.seen(features, here + flow[:, 0])
            for k in (1, 2):
                cost = torch.relu(self.convolved(cost, f"{unit}encoder.convc{k}"))
            moved = flow
            for k in (1, 2):
                moved = torch.relu(self.convolved(moved, f"{unit}encoder.convf{k}"))
            motion = torch.relu(self.convolved(torch.cat([cost, moved], 1), unit + "encoder.conv"))
            for finest in (2, 1) if self.slow_fast else ():
                self.step(hidden, told, None, finest)
            self.step(hidden, told, torch.cat([motion, flow], 1), 0)
            change = torch.relu(self.convolved(hidden[0], unit + "flow_head.conv1"))
            flow = flow + self.convolved(change, unit + "flow_head.conv2") * torch.tensor([1.0, 0.0]).view(1, 2, 1, 1)
        shares = torch.relu(self.convolved(hidden[0], unit + "mask.0"))
        return -self.raised(flow[:, :1], self.convolved(shares, unit + "mask.2"))

    def raised(self, flow, logits):
        factor = 2**self.halvings
        height, width = flow.shape[2:]
        shares = (0.25 * logits).view(9, factor, factor, height, width).softmax(0)
        around = functional.unfold(factor * flow, 3, padding=1).view(9, 1, 1, height, width)
        return (shares * around).sum(0).permute(2, 0, 3, 1).reshape(1, 1, factor * height, factor * width)
