"""Losses that large errors cannot dominate, over the pixels whose truth is known."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ._maps import at_least_float32


@at_least_float32
def log_error(estimate: Tensor, truth: Tensor, scale: float = 0.5) -> Tensor:
    """Mean of log(1 + |estimate − truth| / scale): the tail of a Cauchy-like law, slope 1 / (scale + error).

    The tenth pixel of error costs far less than the first, as in scores that count wrong pixels; yet a pixel that
    is far off still pulls (a truncated loss would give it up).

    Args:
        estimate: (B, K, H, W); every channel is scored.
        truth: (B, 1, H, W), NaN where unknown. Without a known pixel the loss is 0.
        scale: the error in pixels from which the loss grows more slowly than linearly.
    """
    return _known_mean(_log_error(estimate, truth, scale), truth)


@at_least_float32
def expected_log_error(candidates: Tensor, weights: Tensor, truth: Tensor, scale: float = 0.5) -> Tensor:
    """Mean of Σ_k w_k log(1 + |c_k − truth| / scale): the loss of drawing a candidate rather than averaging them.

    An average of two surfaces lies on neither; this loss asks for the candidate that lies on one.

    Args:
        candidates: (B, K, H, W) and their weights, which sum to 1 over K.
        weights: (B, K, H, W).
        truth: (B, 1, H, W), NaN where unknown.
        scale: as in `log_error`.
    """
    error = (weights * _log_error(candidates, truth, scale)).sum(dim=1, keepdim=True)
    return _known_mean(error, truth)


@at_least_float32
def known_cross_entropy(logits: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """Mean over `known` of the cross entropy −t log σ(z) − (1 − t) log(1 − σ(z)) of logits z."""
    loss = functional.binary_cross_entropy_with_logits(logits, target.to(logits.dtype), reduction="none")
    return (loss * known).sum() / known.sum().clamp(min=1)


def _log_error(estimate: Tensor, truth: Tensor, scale: float) -> Tensor:
    return torch.log1p((estimate - truth.nan_to_num(0.0)).abs() / scale)


def _known_mean(error: Tensor, truth: Tensor) -> Tensor:
    known = ~truth.isnan()
    return (error * known).sum() / (known.sum().clamp(min=1) * error.shape[1])
