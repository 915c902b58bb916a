"""Results of torch in memory of earlier ones: fresh memory comes page by page, which takes longer than most sums."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .. import packages
from ..ops._torch._operator import plain


def reusable(*given: Tensor) -> bool:
    """Whether these are float32 on a CPU with kernels, and nobody asks for a derivative, compiles or traces."""
    traced = torch._C._get_tracing_state() is not None
    if torch.is_grad_enabled() or torch.compiler.is_compiling() or traced or plain():
        return False
    return packages.has_core() and all(each.device.type == "cpu" and each.dtype == torch.float32 for each in given)


def made(*shape: int) -> Tensor:
    """A float32 tensor that holds anything."""
    return torch.from_numpy(packages.core().recycled_floats(math.prod(shape))).view(shape)


def again(operation: Callable[..., Tensor], *given: Any, **options: Any) -> Tensor:
    """What an operation of torch that works element by element, and takes `out`, makes of tensors and numbers."""
    tensors = [each for each in given if isinstance(each, Tensor)]
    if not reusable(*tensors):
        return operation(*given, **options)
    shape = np.broadcast_shapes(*(each.shape for each in tensors))  # torch would load a package for it
    return operation(*given, **options, out=made(*shape))


def joined(parts: Sequence[Tensor]) -> Tensor:
    """The parts along channels (dimension 1), of one size otherwise."""
    if not reusable(*parts):
        return torch.cat(list(parts), dim=1)
    batch, _, *size = parts[0].shape
    return torch.cat(list(parts), dim=1, out=made(batch, sum(part.shape[1] for part in parts), *size))
