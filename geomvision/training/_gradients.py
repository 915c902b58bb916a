"""A batch's losses and gradients: chunk by chunk on a CPU's threads, or all at once on an accelerator."""

from __future__ import annotations

import copy
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, cast

import torch
from torch import Tensor, nn

from ._team import Team

#: Batches that are loaded ahead while an accelerator computes.
AHEAD = 4


class Learner:
    """Sums of losses and of gradients over a member's share of each step's batch."""

    def __init__(self, task: Any, pool: ThreadPoolExecutor, team: Team) -> None:
        self.task, self.pool, self.team = task, pool, team
        self._loading: dict[int, list[Future[Any]]] = {}

    def learn(self, net: nn.Module, step: int) -> tuple[Tensor, list[Tensor], int]:
        """The sum of the losses, of the gradients by parameter, and how many samples they are sums over."""
        found = self._each(net, step) if self.team.device.type == "cpu" else self._together(net, step)
        self._share_statistics(net)
        return found

    def _share_statistics(self, net: nn.Module) -> None:
        """Statistics of batches become the mean over the members, so that all go on with the same net."""
        shared = [buffer for buffer in net.buffers() if buffer.is_floating_point()]
        if shared and self.team.size > 1:
            for buffer, total in zip(shared, self.team.total(shared), strict=True):
                buffer.copy_(total / self.team.size)

    def _each(self, net: nn.Module, step: int) -> tuple[Tensor, list[Tensor], int]:
        """The recipe's chunk of samples per thread; sums in the samples' order, whichever thread ends first."""
        parameters, size = list(net.parameters()), self.task.recipe.chunk_at(step)

        def learn(samples: list[Any], twin: nn.Module) -> tuple[float, tuple[Tensor, ...]]:
            torch.set_num_threads(1)  # is per thread
            # Its cache of cast weights is one for all threads: graphs would run into each other.
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=_bfloat16(), cache_enabled=False):
                loss = self._summed(twin, samples)
            return loss.item(), _slopes(loss, parameters)

        share = self.team.share(self.task.samples(step))
        chunks = [share[i : i + size] for i in range(0, len(share), size)]
        twins = [_twin(net) for _ in chunks]
        results = list(self.pool.map(learn, chunks, twins))
        _take_means(net, twins)
        gradients = [
            sum((found[index] for _, found in results[1:]), results[0][1][index]) for index in range(len(parameters))
        ]
        losses = torch.tensor(sum(loss for loss, _ in results), dtype=torch.float64)
        return losses, gradients, len(share)

    def _summed(self, net: nn.Module, samples: list[Any]) -> Tensor:
        """The sum of the samples' losses: together they take about two thirds of the time that each alone takes."""
        if len(samples) == 1 or not hasattr(self.task, "batch_loss"):
            return torch.stack([self.task.loss(net, sample) for sample in samples]).sum()
        batch = self.task.stacked([self.task.load(sample) for sample in samples], torch.device("cpu"))
        return cast(Tensor, self.task.batch_loss(net, batch)) * len(samples)

    def _together(self, net: nn.Module, step: int) -> tuple[Tensor, list[Tensor], int]:
        """One pass over the share, which threads loaded while earlier ones were learnt from."""
        for ahead in range(step, min(step + AHEAD, self.task.recipe.steps)):
            if ahead not in self._loading:
                share = self.team.share(self.task.samples(ahead))
                self._loading[ahead] = [self.pool.submit(self.task.load, sample) for sample in share]
        loaded = [future.result() for future in self._loading.pop(step)]
        batch = self.task.stacked(loaded, self.team.device)
        with torch.autocast(self.team.device.type, dtype=torch.bfloat16, enabled=self.team.device.type == "cuda"):
            loss = self.task.batch_loss(net, batch)
        gradients = _slopes(loss, list(net.parameters()))
        return loss.detach() * len(loaded), [gradient * len(loaded) for gradient in gradients], len(loaded)


def _slopes(loss: Tensor, parameters: list[nn.Parameter]) -> tuple[Tensor, ...]:
    """Of the loss by parameter; 0 by those that it does not come from, as weights of depths where none is told."""
    return torch.autograd.grad(loss, parameters, materialize_grads=True)


def _twin(net: nn.Module) -> nn.Module:
    """The net with its parameters and, where it has statistics of batches, those of its own: threads share nothing."""
    if next(net.buffers(), None) is None:
        return net
    return copy.deepcopy(net, {id(parameter): parameter for parameter in net.parameters()})


def _take_means(net: nn.Module, twins: list[nn.Module]) -> None:
    """Statistics of batches become the mean of the twins', in the order of the chunks that they saw."""
    for name, buffer in net.named_buffers():
        found = [twin.get_buffer(name) for twin in twins]
        buffer.copy_(torch.stack(found).mean(dim=0) if buffer.is_floating_point() else found[0])


def _bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware; where it does not, float32 is faster."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
