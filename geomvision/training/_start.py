"""The weights that a training starts from."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from .. import depth, flow, stereo, weights
from ..learned import Net, loaded


@dataclass(frozen=True, kw_only=True)
class Start:
    """Tensors by name, and what is known of them; unknown is ""."""

    name: str
    state: Mapping[str, Tensor]
    arguments: Mapping[str, Any]
    sha256: str
    training_data: str = ""
    licence: str = ""
    commercial_use: bool = False

    @property
    def entries(self) -> dict[str, Any]:
        """What a recipe says of it."""
        return {"network": dict(self.arguments), "start": self.sha256}

    def entries_beneath(self, network: Mapping[str, Any]) -> dict[str, Any]:
        """`entries`, where a recipe's own arguments of the net stand over those of the weights."""
        return {**self.entries, "network": {**self.arguments, **network}}

    def put_into(self, net: nn.Module, network: Mapping[str, Any]) -> None:
        """Begin `net`, made of the arguments `network`, with these tensors.

        Raises WeightsError when it is another net.
        """
        state = net.state_dict()
        wrong = [name for name in {**state, **self.state} if _shape(state, name) != _shape(self.state, name)]
        if wrong:
            there, given = _shape(state, wrong[0]), _shape(self.state, wrong[0])
            raise weights.WeightsError(
                f"the weights {self.name} do not fit the recipe's network = {dict(network)}: {wrong[0]} is {given} "
                f"there and {there} in the net; leave out of the recipe what changes tensors"
            )
        net.load_state_dict(self.state)

    def passed_on(self, card: weights.Card) -> weights.Card:
        """The card of weights that began here: licence and use stay."""
        run = {**card.training_run, "started_from": self.name}
        return dataclasses.replace(card, licence=self.licence, commercial_use=self.commercial_use, training_run=run)

    @classmethod
    def read(cls, task: str, given: str | None) -> Start:
        """Of the method `task`, as "flow/raft_s": shipped weights by name, a file, or a public checkpoint.

        Raises WeightsError when there are none, or they are of another method.
        """
        kind, _, method = task.partition("/")
        try:
            path, written = weights.version(given or method)
        except weights.WeightsError as error:
            raise weights.WeightsError(f"{error}; give the weights to start from: --weights NAME or FILE") from None
        card = weights.Card.read(path.with_suffix(".json")) if path.suffix == weights.SUFFIX else None
        if card is not None and card.task != task:
            raise weights.WeightsError(f"{path} is for {card.task}; {task} cannot start from it")
        taker: Any = {"depth": depth, "flow": flow, "stereo": stereo}[kind].METHODS[method]
        made = Net(module=taker.NET[0], name=taker.NET[1], stride=1, least=1) if hasattr(taker, "NET") else taker.net
        net = loaded(made, path, written)
        state = {name: value.detach().clone().contiguous() for name, value in net.state_dict().items()}
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if card is None:
            return cls(name=path.name, state=state, arguments={}, sha256=digest, training_data=f"{path.name}, public")
        return cls(
            name=card.name,
            state=state,
            arguments=card.arguments,
            sha256=digest,
            training_data=card.training_data,
            licence=card.licence,
            commercial_use=card.commercial_use,
        )


def _shape(state: Mapping[str, Tensor], name: str) -> tuple[int, ...] | None:
    return tuple(state[name].shape) if name in state else None
