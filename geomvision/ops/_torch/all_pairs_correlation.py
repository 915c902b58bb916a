"""All-pairs correlation and the levels of its pyramid in plain torch, and as operators with their derivatives."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from ._operator import operator
from ._windows import halved

Pair = tuple[Tensor, Tensor]


def _scale(features: Tensor) -> float:
    return float(max(features.shape[1], 1) ** -0.5)


def _correlate(features0: Tensor, features1: Tensor, num_threads: int) -> Tensor:
    volume = features0.flatten(2).mT @ features1.flatten(2) * _scale(features0)
    return volume.reshape(features0.shape[0], *features0.shape[2:], *features1.shape[2:])


def _correlate_rows(features0: Tensor, features1: Tensor, num_threads: int) -> Tensor:
    return features0.permute(0, 2, 3, 1) @ features1.permute(0, 2, 1, 3) * _scale(features0)


def _correlate_backward(d_volume: Tensor, features0: Tensor, features1: Tensor, num_threads: int) -> Pair:
    gradient = d_volume.flatten(3).flatten(1, 2) * _scale(features0)
    d_features0, d_features1 = features1.flatten(2) @ gradient.mT, features0.flatten(2) @ gradient
    return d_features0.reshape(features0.shape), d_features1.reshape(features1.shape)


def _correlate_rows_backward(d_volume: Tensor, features0: Tensor, features1: Tensor, num_threads: int) -> Pair:
    gradient = d_volume * _scale(features0)
    d_features0 = features1.transpose(1, 2) @ gradient.mT
    d_features1 = features0.transpose(1, 2) @ gradient
    return d_features0.transpose(1, 2).contiguous(), d_features1.transpose(1, 2).contiguous()


def _pairs_shape(features0: Tensor, features1: Tensor, num_threads: int) -> Tensor:
    return features0.new_empty(features0.shape[0], *features0.shape[2:], *features1.shape[2:])


def _row_pairs_shape(features0: Tensor, features1: Tensor, num_threads: int) -> Tensor:
    return features0.new_empty(features0.shape[0], *features0.shape[2:], features1.shape[3])


def _features_shape(d_volume: Tensor, features0: Tensor, features1: Tensor, num_threads: int) -> Pair:
    return features0.new_empty(features0.shape), features1.new_empty(features1.shape)


def _halve(volume: Tensor, num_threads: int) -> Tensor:
    return halved(volume if volume.shape[3] == 1 else halved(volume, 3), 4)


def _halve_backward(d_half: Tensor, height1: int, width1: int, num_threads: int) -> Tensor:
    tall = 1 if height1 == 1 else 2
    d_volume = d_half.new_zeros(*d_half.shape[:3], height1, width1)
    spread = d_half.repeat_interleave(tall, 3).repeat_interleave(2, 4) / (2 * tall)
    d_volume[..., : spread.shape[3], : spread.shape[4]] = spread
    return d_volume


def _halve_shape(volume: Tensor, num_threads: int) -> Tensor:
    height1, width1 = volume.shape[3:]
    return volume.new_empty(*volume.shape[:3], height1 if height1 == 1 else height1 // 2, width1 // 2)


all_pairs_correlation = operator("all_pairs_correlation", _correlate, shape=_pairs_shape)
all_pairs_correlation_backward = operator("all_pairs_correlation_backward", _correlate_backward, shape=_features_shape)
all_pairs_correlation_1d = operator("all_pairs_correlation_1d", _correlate_rows, shape=_row_pairs_shape)
all_pairs_correlation_1d_backward = operator(
    "all_pairs_correlation_1d_backward", _correlate_rows_backward, shape=_features_shape
)
halve_volume = operator("halve_volume", _halve, shape=_halve_shape)
halve_volume_backward = operator(
    "halve_volume_backward",
    _halve_backward,
    shape=lambda d_half, height1, width1, num_threads: d_half.new_empty(*d_half.shape[:3], height1, width1),
)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    features0, features1, ctx.num_threads = inputs
    ctx.save_for_backward(features0, features1)


def _remember_size(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    volume, ctx.num_threads = inputs
    ctx.size = volume.shape[3:]


def _derivative(backward: Any) -> Any:
    def derivative(ctx: Any, d_volume: Tensor) -> tuple[Any, ...]:
        return (*backward(d_volume, *ctx.saved_tensors, ctx.num_threads), None)

    return derivative


def _halve_derivative(ctx: Any, d_half: Tensor) -> tuple[Any, ...]:
    return halve_volume_backward(d_half, *ctx.size, ctx.num_threads), None


all_pairs_correlation.register_autograd(_derivative(all_pairs_correlation_backward), setup_context=_remember)
all_pairs_correlation_1d.register_autograd(_derivative(all_pairs_correlation_1d_backward), setup_context=_remember)
halve_volume.register_autograd(_halve_derivative, setup_context=_remember_size)
