"""Which frames a step of self-supervised depth learns from, and what they are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ._depth_frames import DepthFrames
from .depth_adaptation_recipe import DepthAdaptationRecipe


@dataclass(frozen=True)
class Look:
    """A frame that is learnt, and those that it is compared with: (time, camera)."""

    time: int
    camera: int
    others: tuple[tuple[int, int], ...]
    seed: int
    progress: float


@dataclass(frozen=True, eq=False)
class Views:
    """Looks as tensors: all of one camera, compared with the same cameras."""

    looks: Sequence[Look]
    #: (B, 1 + N, 3, H, W): the frames that are learnt, and the others; and as the nets see them.
    images: Tensor
    shown: Tensor
    #: (B, 1 + N, 3, H, W): what camera 0 saw at those times, by which motions are learnt. None where none are.
    first: Tensor | None


@dataclass(frozen=True)
class Loaded:
    """A look, and pictures (1 + N, H, W, 3) of it."""

    look: Look
    images: np.ndarray
    shown: np.ndarray
    first: np.ndarray | None


def drawn(
    recipe: DepthAdaptationRecipe, step: int, known: Sequence[int], learnt: Sequence[int], cameras: int, moving: bool
) -> list[Look]:
    """The looks of a step, by the seed and the step alone: frames of one camera, each with those beside it in time and
    in the rig.

    Args:
        recipe, step: of the training.
        known: times of frames whose pose is known or to be learnt; neighbours in it are neighbours in time.
        learnt: places in `known` of the frames that are learnt.
        cameras: how many there are.
        moving: whether frames before and after count.
    """
    rng = np.random.default_rng([recipe.seed, step, 43])
    camera, last = int(rng.integers(cameras)), len(known) - 1
    low, high = (min(gap, max(1, last // 2)) for gap in recipe.gap)
    looks = []
    for _ in range(recipe.batch):
        at, times = int(rng.choice(np.asarray(learnt))), []
        for sign in (-1, 1) if moving else ():
            away = sign * int(rng.integers(low, high + 1))
            other = at + away if 0 <= at + away <= last else at - away
            times.append(min(max(other, 0), last))
        now = [(known[at], k) for k in range(cameras) if k != camera]
        then = [(known[t], k) for t in times for k in range(cameras)]
        looks.append(Look(known[at], camera, (*now, *then), int(rng.integers(1 << 31)), step / recipe.steps))
    return looks


def loaded(look: Look, frames: DepthFrames, jitter: float, by_first: bool) -> Loaded:
    """The pictures of a look, and the same in other colours, alike in all of them: what the nets see."""
    chosen = [(look.time, look.camera), *look.others]
    images = np.stack([frames.images[k][t] for t, k in chosen]).astype(np.float32)
    gain = np.exp(jitter * np.random.default_rng([look.seed, 47]).uniform(-1, 1, 3)).astype(np.float32)
    first = np.stack([frames.images[0][t] for t, _ in chosen]).astype(np.float32) * gain if by_first else None
    return Loaded(look, images, np.clip(images * gain, 0, 255), first)


def stacked(samples: Sequence[Loaded], device: torch.device) -> Views:
    """Looks as tensors on a device."""

    def tensor(pictures: Sequence[np.ndarray]) -> Tensor:
        return torch.from_numpy(np.stack(pictures)).permute(0, 1, 4, 2, 3).contiguous().to(device)

    first = [each.first for each in samples if each.first is not None]
    return Views(
        looks=[each.look for each in samples],
        images=tensor([each.images for each in samples]),
        shown=tensor([each.shown for each in samples]),
        first=tensor(first) if first else None,
    )
