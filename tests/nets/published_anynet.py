"""What AnyNet computes of the tensors in a checkpoint of its authors, written down in their names."""

import torch
from published_volume_nets import Published
from torch.nn import functional


class AnyNet(Published):
    """Its layers, and its four stages."""

    def before(self, name, x, stride=1):
        return self.convolved(f"{name}.2", self.normed(f"{name}.0", x).relu(), stride=stride)

    def features(self, x):
        x = self.before("feature_extraction.block0.0.1", self.convolved("feature_extraction.block0.0.0", x), stride=2)
        down = []
        for name in ("block0.1", "blocks.0", "blocks.1"):
            x = functional.max_pool2d(x, 2)
            for k in (1, 2):
                x = self.before(f"feature_extraction.{name}.{k}", x)
            down.append(x)
        for k, fine in enumerate((down[1], down[0])):
            x = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
            x = torch.cat([fine, x], 1)
            for layer in (0, 1):
                x = self.before(f"feature_extraction.upblocks.{k}.conv.{layer}", x)
            down.append(x)
        return down[2:]

    def expected(self, stage, costs, first):
        for k in range(6):
            costs = self.before(f"volume_postprocess.{stage}.{k}", costs)
        shares = torch.softmax(-costs[:, 0], 1)
        return (shares * (torch.arange(shares.shape[1]) + first).view(1, -1, 1, 1)).sum(1, keepdim=True)

    def stages(self, left, right, disparities):
        """Their estimates at the size of the images."""
        size = left.shape[2:]
        left, right = self.prepared(left), self.prepared(right)
        full, found = left.shape[2:], []
        for stage, (a, b) in enumerate(zip(self.features(left), self.features(right), strict=True)):
            scale = full[0] // a.shape[2]
            if stage == 0:
                moved = (functional.pad(b, (d, 0))[..., : b.shape[3]] for d in range(disparities // scale))
                costs = [(a - each).abs().sum(1) for each in moved]
                made = self.expected(0, torch.stack(costs, 1)[:, None], 0)
            else:
                at = raised(found[-1], a.shape[2:]) / scale
                costs = [(a - sampled(b, at - change)).abs().sum(1) for change in (-2, -1, 0, 1, 2)]
                made = self.expected(stage, torch.stack(costs, 1)[:, None], -2)
            found.append(raised(made * scale, full) + (found[-1] if found else 0))
        if "refine_spn.1.weight" in self.state:
            found.append(raised(self.spread(left, found[-1]), full))
        return [each[:, :, full[0] - size[0] :, : size[1]] for each in found]

    def spread(self, left, disparity):
        size = [side // 4 for side in left.shape[2:]]
        x = raised(left, size)
        for k in (0, 2, 4):
            x = self.convolved(f"refine_spn.0.{k}", x).relu()
        gates = self.convolved("refine_spn.0.6", x).chunk(3, 1)
        total = sum(gate.abs() for gate in gates) + 1e-8
        x = self.convolved("refine_spn.1", raised(disparity, size))
        h = torch.zeros_like(x)
        for c in range(size[1]):
            for y in range(size[0]):
                value, rest = 0, 1
                for step, gate in zip((-1, 0, 1), gates, strict=True):
                    if c > 0 and 0 <= y + step < size[0]:
                        share = (gate / total)[..., y, c]
                        value, rest = value + share * h[..., y + step, c - 1], rest - share
                h[..., y, c] = value + rest * x[..., y, c]
        return self.convolved("refine_spn.2", h)


def raised(x, size):
    return functional.interpolate(x, tuple(size), mode="bilinear", align_corners=False)


def sampled(features, disparity):
    """Features at x − disparity, zero outside."""
    height, width = features.shape[2:]
    x = 2 * (torch.arange(width) - disparity[:, 0]) / max(width - 1, 1) - 1
    y = (2 * torch.arange(height) / max(height - 1, 1) - 1).view(1, -1, 1).expand_as(x)
    return functional.grid_sample(features, torch.stack([x, y], -1), align_corners=True, padding_mode="zeros")
