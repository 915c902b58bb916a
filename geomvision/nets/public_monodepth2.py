"""Public checkpoints of Monodepth2: names of their authors (github.com/nianticlabs/monodepth2).

A checkpoint is a folder: encoder.pth and depth.pth together are the depth net; pose_encoder.pth and pose.pth the pose
net, whose encoder is encoder.pth where both nets share it. encoder.pth says beside its tensors to which height and
width images were resized, and whether pairs were learnt from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .public import Form, renamed

_ENCODER = (
    (r"^encoder\.enter\.convolution\.", "encoder.conv1."),
    (r"^encoder\.enter\.norm\.", "encoder.bn1."),
    (r"^encoder\.stages\.(\d)\.(\d)\.", r"encoder.layer<\1>.\2."),
    (r"\.first\.convolution\.", ".conv1."),
    (r"\.first\.norm\.", ".bn1."),
    (r"\.second\.convolution\.", ".conv2."),
    (r"\.second\.norm\.", ".bn2."),
    (r"\.skip\.convolution\.", ".downsample.0."),
    (r"\.skip\.norm\.", ".downsample.1."),
    *((rf"<{k}>", str(k + 1)) for k in range(4)),
)
_POSE = ((r"^squeeze\.", "net.0."), (r"^layers\.0\.", "net.1."), (r"^layers\.1\.", "net.2."), (r"^leave\.", "net.3."))
#: What the encoder's file may hold that is no part of the net: the layer that classified, and what it was trained with.
_BESIDE = dict.fromkeys(("encoder.fc.weight", "encoder.fc.bias", "height", "width", "use_stereo"))


def monodepth2(checkpoint: Mapping[str, Any]) -> tuple[Form, ...]:
    """The depth net: what is in encoder.pth and depth.pth."""
    arguments: dict[str, Any] = {}
    if "height" in checkpoint and "width" in checkpoint:
        arguments["feed"] = (int(checkpoint["height"]), int(checkpoint["width"]))
    if "use_stereo" in checkpoint:
        arguments["stereo"] = bool(checkpoint["use_stereo"])
    return (Form(_depth, arguments, _BESIDE),)


def pose_net(checkpoint: Mapping[str, Any]) -> tuple[Form, ...]:
    """The pose net: what is in pose.pth and pose_encoder.pth, or encoder.pth where it is shared."""
    joins, leaves = checkpoint.get("net.1.weight"), checkpoint.get("net.3.weight")
    if joins is None or leaves is None:
        return (Form(_pose, beside=_BESIDE),)
    arguments = {"shared": joins.shape[1] == 2 * joins.shape[0], "poses": leaves.shape[0] // 6}
    return (Form(_pose, arguments, _BESIDE),)


def _depth(ours: str) -> tuple[str, ...]:
    """The decoder's layers are numbered in the order of their making: two for each size, then answers, finest first."""
    found = re.match(r"(enter|join|predict)\.(\d)\.(.*)", ours)
    if found is None:
        return (renamed(ours, _ENCODER),)
    kind, k, rest = found[1], int(found[2]), found[3]
    if kind == "predict":
        return (f"decoder.{13 - k}.conv.{rest}",)
    return (f"decoder.{2 * k + (kind == 'join')}.conv.conv.{rest}",)


def _pose(ours: str) -> tuple[str, ...]:
    return (renamed(ours, (*_POSE, *_ENCODER)),)
