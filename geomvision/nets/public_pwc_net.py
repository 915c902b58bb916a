"""Public checkpoints of PWC-Net, as two repositories name them.

github.com/NVlabs/PWC-Net (pwc_net.pth.tar …): three convolutions at each level of the pyramid, or two in the paper's
net, whose dense layers are joined in another order. github.com/sniklaus/pytorch-pwc: three.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .public import Form
from .pwc_net import LEVELS, MIXED

#: Of the convolutions of a level; those of the last, whose first two are called the other way round.
_THREE = [["a", "aa", "b"]] * 5 + [["aa", "a", "b"]]
_TWO = [["a", "b"]] * 6
_NUMBERS = ("One", "Two", "Thr", "Fou", "Fiv", "Six")
#: Made with the others of its kind, and used by nothing.
_UNUSED = {"deconv2.weight": None, "deconv2.bias": None}


def pwc_net(_checkpoint: Mapping[str, Any]) -> tuple[Form, ...]:
    """All forms."""
    paper = {"repeated": 2, "before": MIXED}
    return (
        Form(lambda ours: _authors(ours, _THREE), beside=_UNUSED),
        Form(lambda ours: _authors(ours, _TWO), paper, beside=_UNUSED),
        Form(lambda ours: _numbered(ours, "module")),
        Form(lambda ours: _numbered(ours, "net")),
    )


def _authors(ours: str, letters: list[list[str]]) -> tuple[str, ...]:
    where, part = ours.split("."), ours.rpartition(".")[2]
    if where[0] == "pyramid":
        level = int(where[1])
        return (f"conv{level + 1}{letters[level][int(where[2]) // 2]}.0.{part}",)
    if where[0] == "around":
        layer = int(where[1])
        return (f"dc_conv{layer + 1}.{'' if layer == 6 else '0.'}{part}",)
    level = LEVELS[int(where[1])]
    if where[0] == "estimators":
        return (f"predict_flow{level}.{part}" if where[2] == "predict" else f"conv{level}_{where[3]}.0.{part}",)
    return (f"{'deconv' if where[0] == 'raise_flow' else 'upfeat'}{level}.{part}",)


def _numbered(ours: str, word: str) -> tuple[str, ...]:
    where, part = ours.split("."), ours.rpartition(".")[2]
    if where[0] == "pyramid":
        names = ["Extractor", _NUMBERS[int(where[1])]]
        return (f"{_joined(names, word)}.{where[2]}.{part}",)
    if where[0] == "around":
        return (f"{_joined(['Refiner', 'Main'], word)}.{2 * int(where[1])}.{part}",)
    level = LEVELS[int(where[1])]
    if where[0] == "estimators":
        layer = 5 if where[2] == "predict" else int(where[3])
        return (f"{_joined([_NUMBERS[level - 1], _NUMBERS[layer]], word)}.0.{part}",)
    names = [_NUMBERS[level - 2], "Upflow" if where[0] == "raise_flow" else "Upfeat"]
    return (f"{_joined(names, word)}.{part}",)


def _joined(names: list[str], word: str) -> str:
    return ".".join(word + name for name in names)
