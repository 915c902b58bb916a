"""A torch operator made of a kernel and its twin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .. import _dispatch

Function = Callable[..., Any]
_NATIVE = (torch.float32, torch.float64)


def operator(name: str, twin: Function, *, shape: Function, changes: tuple[str, ...] = ()) -> Any:
    """Register `torch.ops.geomvision.NAME` with the arguments of the twin.

    On CPU tensors the C++ kernel `_core.NAME` runs, elsewhere or without it the twin. Half precisions are computed in
    float32 by the kernel and given back as they came. `shape` makes empty results from the same arguments (the fake
    kernel). `changes` names the arguments that the kernel writes to. The last argument is `num_threads`; 0 means as
    many threads as torch uses. Until `register_autograd` gives it a derivative, asking for one says that it has none.
    """

    def run(*arguments: Any) -> Any:
        if all(a.device.type == "cpu" for a in arguments if isinstance(a, torch.Tensor)) and _dispatch.has_core():
            return _on_cpu(name, *arguments)
        return twin(*arguments)

    schema = torch.library.infer_schema(twin, mutates_args=changes)
    registered = torch.library.custom_op(f"geomvision::{name}", run, mutates_args=changes, schema=schema)
    registered.register_fake(shape)
    if not changes:
        registered.register_autograd(_without_derivative(name))
    return registered


def _without_derivative(name: str) -> Function:
    op = name.removesuffix("_backward").removesuffix("_backward_coordinates")
    what = "no derivative" if op == name else "no second derivative"

    def refuse(ctx: Any, *d_results: Any) -> Any:
        raise RuntimeError(f"geomvision.{op} has {what}: detach what you give it, or what it gives")

    return refuse


def _on_cpu(name: str, *arguments: Any) -> Any:
    from ... import _core

    given = next(a.dtype for a in arguments if isinstance(a, torch.Tensor))
    *values, threads = (_as_array(a) if isinstance(a, torch.Tensor) else a for a in arguments)
    result = getattr(_core, name)(*values, threads or torch.get_num_threads())
    if isinstance(result, tuple | list):
        return tuple(_as_tensor(r, given) for r in result)
    return _as_tensor(result, given)


def _as_array(tensor: torch.Tensor) -> Any:
    if tensor.is_floating_point() and tensor.dtype not in _NATIVE:
        tensor = tensor.float()
    return tensor.detach().resolve_neg().contiguous().numpy()


def _as_tensor(array: Any, given: torch.dtype) -> torch.Tensor:
    tensor = torch.from_numpy(array)
    if tensor.dtype == torch.float32 and given.is_floating_point and given not in _NATIVE:
        return tensor.to(given)
    return tensor
