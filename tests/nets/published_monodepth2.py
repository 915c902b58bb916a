"""Monodepth2 as its repository saves and computes it: names, shapes, and the sums of named tensors they stand for."""

import torch
from torch.nn import functional


class Layout(dict):
    """Shape of each tensor by name."""

    def convolution(self, name, inputs, outputs, size, bias=True):
        self[name + ".weight"] = (outputs, inputs, size, size)
        if bias:
            self[name + ".bias"] = (outputs,)

    def norm(self, name, channels):
        self.update({f"{name}.{part}": (channels,) for part in ("weight", "bias", "running_mean", "running_var")})
        self[f"{name}.num_batches_tracked"] = ()

    def resnet(self, images):
        self.convolution("encoder.conv1", 3 * images, 64, 7, bias=False)
        self.norm("encoder.bn1", 64)
        for k, (a, b) in enumerate([(64, 64), (64, 128), (128, 256), (256, 512)], 1):
            for block, inputs in enumerate((a, b)):
                name = f"encoder.layer{k}.{block}"
                for number, seen in ((1, inputs), (2, b)):
                    self.convolution(f"{name}.conv{number}", seen, b, 3, bias=False)
                    self.norm(f"{name}.bn{number}", b)
                if k > 1 and block == 0:
                    self.convolution(f"{name}.downsample.0", a, b, 1, bias=False)
                    self.norm(f"{name}.downsample.1", b)
        self["encoder.fc.weight"], self["encoder.fc.bias"] = (1000, 512), (1000,)


def depth_decoder():
    layout, before = Layout(), 512
    for k, (wide, skip) in enumerate([(256, 256), (128, 128), (64, 64), (32, 64), (16, 0)]):
        layout.convolution(f"decoder.{2 * k}.conv.conv", before, wide, 3)
        layout.convolution(f"decoder.{2 * k + 1}.conv.conv", wide + skip, wide, 3)
        before = wide
    for scale, wide in enumerate((16, 32, 64, 128)):
        layout.convolution(f"decoder.{10 + scale}.conv", wide, 1, 3)
    return layout


def encoder(images=1):
    layout = Layout()
    layout.resnet(images)
    return layout


def pose_decoder(features=1, poses=2):
    layout = Layout()
    layout.convolution("net.0", 512, 256, 1)
    layout.convolution("net.1", 256 * features, 256, 3)
    layout.convolution("net.2", 256, 256, 3)
    layout.convolution("net.3", 256, 6 * poses, 1)
    return layout


def at_random(layout, seed=0):
    """Tensors that let signals through about as large as they came; variances are positive."""
    generator, state = torch.Generator().manual_seed(seed), {}
    for name, shape in layout.items():
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(7)
        elif len(shape) > 1:
            fan = torch.Size(shape[1:]).numel()
            state[name] = torch.randn(shape, generator=generator) * fan**-0.5
        else:
            state[name] = 0.1 * torch.randn(shape, generator=generator)
            if ".bn" in name or "downsample.1" in name:
                state[name] += name.endswith(("weight", "running_var"))
    return state


class Published:
    """What tensors under these names stand for, in the words of the repository."""

    def __init__(self, state):
        self.state = state

    def features(self, images):
        """Of images (B, C, H, W), 0 … 255: five maps from fine to coarse."""
        x = self._normed("encoder.bn1", self._convolved("encoder.conv1", (images / 255 - 0.45) / 0.225, 2, 3))
        found = [x.relu()]
        x = functional.max_pool2d(found[0], 3, 2, 1)
        for k in range(1, 5):
            for block in (0, 1):
                x = self._block(f"encoder.layer{k}.{block}", x, 2 if k > 1 and block == 0 else 1)
            found.append(x)
        return found

    def disparities(self, images):
        """Sigmoids from coarse to fine."""
        found = self.features(images)
        x, sigmoids = found[-1], []
        for level in range(4, -1, -1):
            first = 2 * (4 - level)
            x = functional.interpolate(self._reflected(f"decoder.{first}.conv.conv", x, True), scale_factor=2)
            x = torch.cat([x, found[level - 1]], 1) if level else x
            x = self._reflected(f"decoder.{first + 1}.conv.conv", x, True)
            if level < 4:
                sigmoids.append(self._reflected(f"decoder.{10 + level}.conv", x).sigmoid())
        return sigmoids

    def pose(self, image0, image1, shared):
        """Axis-angle and translation, (B, 3) each."""
        inputs = [image0, image1] if shared else [torch.cat([image0, image1], 1)]
        x = torch.cat([self._convolved("net.0", self.features(each)[-1]).relu() for each in inputs], 1)
        x = self._convolved("net.2", self._convolved("net.1", x, 1, 1).relu(), 1, 1).relu()
        answer = 0.01 * self._convolved("net.3", x).mean((2, 3))
        return answer[:, :3], answer[:, 3:6]

    def _convolved(self, name, x, stride=1, padding=0):
        return functional.conv2d(x, self.state[name + ".weight"], self.state.get(name + ".bias"), stride, padding)

    def _normed(self, name, x):
        mean, var, weight, bias = (self.state[f"{name}.{p}"] for p in ("running_mean", "running_var", "weight", "bias"))
        return functional.batch_norm(x, mean, var, weight, bias)

    def _block(self, name, x, stride):
        y = self._normed(f"{name}.bn1", self._convolved(f"{name}.conv1", x, stride, 1)).relu()
        y = self._normed(f"{name}.bn2", self._convolved(f"{name}.conv2", y, 1, 1))
        if f"{name}.downsample.0.weight" in self.state:
            x = self._normed(f"{name}.downsample.1", self._convolved(f"{name}.downsample.0", x, stride))
        return (x + y).relu()

    def _reflected(self, name, x, elu=False):
        x = self._convolved(name, functional.pad(x, (1, 1, 1, 1), mode="reflect"))
        return functional.elu(x) if elu else x
