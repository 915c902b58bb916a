"""A torch operator made of kernels and their twin."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from ... import packages
from .. import _dispatch

Function = Callable[..., Any]
_NATIVE = (torch.float32, torch.float64)
#: What makes the empty results of each operator, and each in plain torch.
SHAPES: dict[str, Function] = {}
TWINS: dict[str, Function] = {}


_PLAIN = [False]
_library: Any = torch.library
_KERNELS = _library.Library("geomvision", "FRAGMENT")


@contextmanager
def in_plain_torch() -> Iterator[None]:
    """In this block every operator is its twin in plain torch: a graph traced here has operators of torch alone.

    It holds for the whole process; nothing else should run meanwhile.
    """
    package = importlib.import_module(__package__)
    before = {name: getattr(package, name) for name in TWINS if hasattr(package, name)}
    _PLAIN[0] = True
    for name in before:
        setattr(package, name, TWINS[name])
    try:
        yield
    finally:
        _PLAIN[0] = False
        for name, registered in before.items():
            setattr(package, name, registered)


def plain() -> bool:
    """Whether operators are their twins here, by `in_plain_torch`."""
    return _PLAIN[0]


def operator(name: str, twin: Function, *, shape: Function, changes: tuple[str, ...] = ()) -> Any:
    """Register `torch.ops.geomvision.NAME` with the arguments of the twin.

    On CPU tensors the C++ kernel `_core.NAME` runs, on CUDA tensors `_cuda.NAME`, elsewhere or without them the twin.
    Half precisions are computed in float32 by kernels and given back as they came. `shape` makes empty results from
    the same arguments (the fake kernel). `changes` names the arguments that the kernel writes to. The last argument is
    `num_threads`; 0 means as many threads as torch uses. Until `register_autograd` gives it a derivative, asking for
    one says that it has none.
    """

    def run(*arguments: Any) -> Any:
        device = _device_of(name, arguments)
        if device.type == "cpu" and packages.has_core():
            return _on_cpu(name, *arguments)
        if device.type == "cuda" and (kernel := _dispatch.cuda_kernel(name)) is not None:
            with torch.cuda.device(device):
                return on_device(kernel, shape, torch.cuda.current_stream().cuda_stream, *arguments)
        return _packed(twin(*arguments))

    def empty(*arguments: Any) -> Any:
        _device_of(name, arguments)
        return _packed(shape(*arguments))

    SHAPES[name], TWINS[name] = shape, twin
    schema = torch.library.infer_schema(twin, mutates_args=changes)
    registered = torch.library.custom_op(f"geomvision::{name}", run, mutates_args=changes, schema=schema)
    registered.register_fake(empty)
    for device in ("CPU", "CUDA"):
        _KERNELS.impl(name, _untraced(run), device)
    if not changes:
        registered.register_autograd(_without_derivative(name))
    return _forward_too(registered, twin, _without_derivative(name))


def _packed(results: Any) -> Any:
    """Results without gaps, as kernels make them whatever they are given: compiled code relies on what it is told."""
    if isinstance(results, tuple | list):
        return tuple(result.contiguous() for result in results)
    return results.contiguous()


def _untraced(function: Function) -> Function:
    """The function, where the compiler does not look; `torch.compiler.disable` loads that compiler, 2 s and 0.5 GB.

    `custom_op` does so at the first call of each of its kernels. Before somebody else did, nothing is traced.
    """
    compiler: Any = torch.compiler
    disabled: list[Function] = []

    def call(*arguments: Any) -> Any:
        if "torch._dynamo" not in sys.modules:
            return function(*arguments)
        if not disabled:
            disabled.append(compiler.disable(function))
        return disabled[0](*arguments)

    return call


def _forward_too(registered: Any, twin: Function, refuse: Function) -> Any:
    """The operator, with the twin in its place where forward mode or `torch.func` asks for a derivative.

    Torch hands an operator's kernel dual tensors without a word and takes the tangent of its result for 0. What
    `torch.func.grad` and its like follow, no operator of Python's can be differentiated by.
    """
    has_derivative = [False]

    def call(*arguments: Any) -> Any:
        if torch.compiler.is_compiling() or not any(map(_is_followed, arguments)):
            return registered(*arguments)
        return twin(*arguments) if has_derivative[0] else refuse(None)

    def register_autograd(backward: Function, *, setup_context: Function | None = None) -> None:
        has_derivative[0] = True
        registered.register_autograd(backward, setup_context=setup_context)

    call.register_autograd = register_autograd  # type: ignore[attr-defined]
    return call


def _is_followed(argument: Any) -> bool:
    """Whether it is a tensor that forward mode, or a derivative of `torch.func` at any depth, goes through."""
    if not isinstance(argument, torch.Tensor):
        return False
    forward_ad: Any = torch.autograd.forward_ad
    functions: Any = torch._C._functorch
    while functions.is_functorch_wrapped_tensor(argument):  # by grad and jvp, or by vmap
        if functions.is_gradtrackingtensor(argument):
            return True
        argument = functions.get_unwrapped(argument)
    return forward_ad.unpack_dual(argument).tangent is not None


def transformed(*tensors: torch.Tensor) -> bool:
    """Whether one of them is in the hands of forward mode or of `torch.func`, which follow no memory written to."""
    functions: Any = torch._C._functorch
    if torch.compiler.is_compiling():
        return False
    return any(functions.is_functorch_wrapped_tensor(tensor) or _is_followed(tensor) for tensor in tensors)


def pulled_back(function: Function, d_result: torch.Tensor, *leaves: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The derivative of `function` at `leaves`, times `d_result`. Operators run below autograd, this within them."""
    vjp: Any = torch.func.vjp
    _, pull = vjp(function, *(leaf.detach() for leaf in leaves))
    found: tuple[torch.Tensor, ...] = pull(d_result)
    return found


def _without_derivative(name: str) -> Function:
    op = name.removesuffix("_backward").removesuffix("_backward_coordinates")
    what = "no derivative" if op == name else "no second derivative"

    def refuse(ctx: Any, *d_results: Any) -> Any:
        raise RuntimeError(f"geomvision.{op} has {what}: detach what you give it, or what it gives")

    return refuse


def _device_of(name: str, arguments: tuple[Any, ...]) -> torch.device:
    devices = [a.device for a in arguments if isinstance(a, torch.Tensor)]
    if any(device != devices[0] for device in devices):
        given = " and ".join(sorted({str(device) for device in devices}))
        raise ValueError(f"geomvision.{name}: tensors are on {given}; they must be on one device: move them with .to()")
    return devices[0]


def on_device(kernel: Function, shape: Function, stream: int, *arguments: Any) -> Any:
    """Run a CUDA twin on tensors of the current device: torch makes the results, the kernel fills them.

    Nothing waits: what is read is contiguous when the stream, a `cudaStream_t`, comes to it.
    """
    given = next(a.dtype for a in arguments if isinstance(a, torch.Tensor))
    ready = [_kernel_ready(a).contiguous() if isinstance(a, torch.Tensor) else a for a in arguments]
    found = shape(*ready)
    results = tuple(found) if isinstance(found, tuple | list) else (found,)
    *values, _ = ready  # the last one is num_threads
    kernel(*(_described(v) if isinstance(v, torch.Tensor) else v for v in values), *map(_described, results), stream)
    restored = tuple(_restored(result, given) for result in results)
    return restored if isinstance(found, tuple | list) else restored[0]


def _described(tensor: torch.Tensor) -> Any:
    return tensor.data_ptr(), tuple(tensor.shape), str(tensor.dtype).removeprefix("torch.")


def _on_cpu(name: str, *arguments: Any) -> Any:
    from ... import _core

    given = next(a.dtype for a in arguments if isinstance(a, torch.Tensor))
    *values, threads = (_kernel_ready(a).contiguous().numpy() if isinstance(a, torch.Tensor) else a for a in arguments)
    result = getattr(_core, name)(*values, threads or torch.get_num_threads())
    if isinstance(result, tuple | list):
        return tuple(_restored(torch.from_numpy(r), given) for r in result)
    return _restored(torch.from_numpy(result), given)


def _kernel_ready(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.is_floating_point() and tensor.dtype not in _NATIVE:
        tensor = tensor.float()
    return tensor.detach().resolve_neg()


def _restored(result: torch.Tensor, given: torch.dtype) -> torch.Tensor:
    if result.dtype == torch.float32 and given.is_floating_point and given not in _NATIVE:
        return result.to(given)
    return result
