"""The processes that share a training, one or those that ``torchrun`` started, and the device each computes on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed
from torch import Tensor


@dataclass(frozen=True)
class Team:
    """One process's place. Each member learns from its share of a batch, and all take the same step."""

    rank: int = 0
    size: int = 1
    device: torch.device = torch.device("cpu")

    @classmethod
    def join(cls, device: str) -> Team:
        """The team that the environment tells of. Raises ValueError for a device that is not there."""
        kind = kind_of(device)
        size, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
        local = int(os.environ.get("LOCAL_RANK", "0"))
        place = torch.device("cuda", local if size > 1 else torch.device(device).index or 0) if kind == "cuda" else None
        if size > 1 and not torch.distributed.is_initialized():
            torch.distributed.init_process_group("nccl" if kind == "cuda" else "gloo")
        return cls(rank, size, place or torch.device("cpu"))

    @property
    def leads(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    def share(self, batch: list[Any]) -> list[Any]:
        """This member's part of a batch. Raises ValueError where there is not at least one for each."""
        if len(batch) < self.size:
            raise ValueError(f"a batch of {len(batch)} cannot be shared by {self.size} processes; start fewer")
        return batch[self.rank :: self.size]

    def total(self, values: list[Tensor]) -> list[Tensor]:
        """The sum over all members of each tensor; as they are where there is one member."""
        if self.size == 1:
            return values
        joined = torch.cat([value.reshape(-1).float() for value in values])
        torch.distributed.all_reduce(joined)
        parts = torch.split(joined, [value.numel() for value in values])
        return [part.view_as(value) for part, value in zip(parts, values, strict=True)]

    def wait(self) -> None:
        """Until all members are here."""
        if self.size > 1:
            torch.distributed.barrier()

    def leave(self) -> None:
        """End the team."""
        if self.size > 1 and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def kind_of(device: str) -> str:
    """ "cpu" or "cuda". Raises ValueError for a device that is not there."""
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    kind, _, number = device.partition(":")
    there = kind in ("cpu", "cuda")[: 1 + (count > 0)] and (not number or number.isdecimal())
    if not there or int(number or 0) >= (count if kind == "cuda" else 1):
        raise ValueError(f"device is {device!r}; there is cpu" + "".join(f", cuda:{k}" for k in range(count)))
    return kind
