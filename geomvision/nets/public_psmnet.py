"""Public checkpoints of PSMNet and of GwcNet, which was made from it.

github.com/JiaRenChang/PSMNet (stacked hourglasses) and github.com/xy-guo/GwcNet (GwcNet-G and -GC).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .public import Form, renamed

_SHARED = (
    (r"\.convolution\.", ".0."),
    (r"\.norm\.", ".1."),
    (r"^features\.stages\.(\d)\.(\d+)\.first\.", r"feature_extraction.layer<\1>.\2.conv1.0."),
    (r"^features\.stages\.(\d)\.(\d+)\.second\.", r"feature_extraction.layer<\1>.\2.conv2."),
    (r"^features\.stages\.(\d)\.(\d+)\.skip\.", r"feature_extraction.layer<\1>.\2.downsample."),
    (r"^features\.enter\.(\d)\.", r"feature_extraction.firstconv.[\1]."),
    (r"^regions\.(\d)\.", r"feature_extraction.branch<\1>.1."),
    (r"^reduced\.join\.", "feature_extraction.lastconv.0."),
    (r"^reduced\.leave\.", "feature_extraction.lastconv.2."),
    (r"^entrance\.enter\.(\d)\.", r"dres0.[\1]."),
    (r"^entrance\.residual\.(\d)\.", r"dres1.[\1]."),
    (r"^hourglasses\.0\.", "dres2."),
    (r"^hourglasses\.1\.", "dres3."),
    (r"^hourglasses\.2\.", "dres4."),
    (r"\.beside\.(\d)\.", r".redir<\1>."),
    (r"\.up\.0\.", ".conv5."),
    (r"\.up\.1\.", ".conv6."),
    (r"^(heads\.\d)\.first\.", r"\1.0."),
    (r"^(heads\.\d)\.leave\.", r"\1.2."),
)
#: Numbers that count from one there, and those of layers between which rectifiers lie.
_NUMBERS = (
    *((rf"<{k}>", str(k + 1)) for k in range(4)),
    *((rf"\[{k}\]", str(2 * k)) for k in range(3)),
)
#: A rectifier of the second convolution stands inside of it, or where both are added.
_PSM_NET = (
    (r"\.down\.1\.", ".conv2."),
    (r"\.down\.(\d)\.", r".conv<\1>.0."),
    (r"^heads\.(\d)\.", r"classif<\1>."),
)
_GWC_NET = ((r"\.down\.(\d)\.", r".conv<\1>.0."), (r"^heads\.(\d)\.", r"classif\1."))


def psmnet(_checkpoint: Mapping[str, Any]) -> tuple[Form, ...]:
    """PSMNet."""
    return (Form(lambda ours: _layout(ours, _PSM_NET)),)


def gwcnet(_checkpoint: Mapping[str, Any]) -> tuple[Form, ...]:
    """GwcNet-GC and GwcNet-G."""
    return (Form(lambda ours: _layout(ours, _GWC_NET)), Form(lambda ours: _layout(ours, _GWC_NET), {"joined": 0}))


def _layout(ours: str, rules: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return (renamed(ours, (*_SHARED, *rules, *_NUMBERS)),)
