"""How an op reaches the kernel that does it.

An op is five things, each in its place:

- ``ops/NAME.py``: the public function. It checks, documents, and hands numpy arrays to `on_arrays`, tensors to
  the operator below.
- ``_core.NAME``: the C++ kernel, on C-contiguous numpy arrays of float32 or float64 (or the integers it names).
- ``_cuda.NAME``: its CUDA twin, on arrays in a GPU's memory, where it is built.
- ``ops/_torch/NAME.py``: the twin, the same op in plain torch: what the kernel is tested against, and what runs
  on other devices or where kernels are missing.
- ``torch.ops.geomvision.NAME``: made of them by `ops._torch.operator`, with shapes for `torch.compile` and a
  derivative where the maths has one.

Every one of them takes the same arguments in the same order, the last one `num_threads`.
"""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import packages

if TYPE_CHECKING:
    import torch

#: What kernels take as it is, in native byte order.
KERNEL_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
#: What an op takes and gives back: numpy in, numpy out; torch in, torch out.
Array = TypeVar("Array", NDArray[Any], "torch.Tensor")

#: What counts as floating point; numpy's long double, whatever it is here, is computed in float64.
_FLOATING = ("float16", "bfloat16", "float32", "float64", np.dtype(np.longdouble).name)


def is_tensor(array: object) -> bool:
    """Whether `array` is a torch tensor; imports nothing."""
    if isinstance(array, np.ndarray):
        return False
    return any(base.__module__.partition(".")[0] == "torch" for base in type(array).__mro__)


def dtype_name(array: Any) -> str:
    """ "float32" for arrays, of either byte order, and tensors alike."""
    return str(array.dtype).removeprefix("torch.") if is_tensor(array) else str(array.dtype.name)


def require_arrays(owner: str, **arrays: Any) -> None:
    """Raise TypeError unless all are numpy arrays or all are tensors, of numbers that lie there without a mask."""
    if all(type(array) is np.ndarray for array in arrays.values()):  # by far the most, and quick to tell
        return
    for name, array in arrays.items():
        if not (is_tensor(array) or isinstance(array, np.ndarray)):
            raise TypeError(f"{owner}: {name} is a {type(array).__name__}; it must be a numpy array or a torch tensor")
        if isinstance(array, np.ma.MaskedArray | np.matrix):
            hint = "give its values where the mask hides none, NaN or another filling elsewhere"
            hint = hint if isinstance(array, np.ma.MaskedArray) else "np.asarray makes one"
            raise TypeError(f"{owner}: {name} is a {type(array).__name__}; it must be a plain numpy array: {hint}")
        if is_tensor(array) and array.layout != _strided():
            raise TypeError(f"{owner}: {name} is {array.layout}; it must be dense: use its to_dense()")
    if len({is_tensor(array) for array in arrays.values()}) > 1:
        raise TypeError(f"{owner}: {' and '.join(arrays)} must all be numpy arrays or all torch tensors")


def _strided() -> Any:
    import torch

    return torch.strided


def require_floating(owner: str, **arrays: Any) -> None:
    """Raise TypeError unless every array is floating point, and all of them the same kind of array."""
    require_arrays(owner, **arrays)
    for name, array in arrays.items():
        if dtype_name(array) not in _FLOATING:
            raise TypeError(
                f"{owner}: {name} is {array.dtype}; it must be floating point of 16, 32 or 64 bits: convert it first"
            )
    if len({dtype_name(array) for array in arrays.values()}) > 1:
        given = ", ".join(f"{name} is {array.dtype}" for name, array in arrays.items())
        raise TypeError(f"{owner}: {given}; they must have one dtype")


def require_shape(owner: str, name: str, array: Any, form: str) -> None:
    """Raise ValueError unless `array` has the axes that `form` lists, as in "B, C, H, W"."""
    if array.ndim != len(form.split(",")):
        raise ValueError(f"{owner}: {name} has shape {tuple(array.shape)}; it must be ({form})")


@cache
def has_cuda() -> bool:
    """Whether the CUDA twins are there; a GPU may be missing nevertheless."""
    return importlib.util.find_spec("geomvision._cuda") is not None


@cache
def cuda_kernel(name: str) -> Any:
    """The CUDA twin of the kernel `name`, or None."""
    if not has_cuda():
        return None
    module: Any = importlib.import_module("geomvision._cuda")
    return getattr(module, name, None)


def on_arrays(name: str, *arguments: Any) -> Any:
    """Run the op `name` on numpy arrays: the kernel, or its twin where the C++ core is missing.

    float16 is computed in float32 and given back as float16; other floating types than float64 likewise.
    """
    given = next(a.dtype for a in arguments if isinstance(a, np.ndarray))
    if packages.has_core():
        return _restore(getattr(packages.core(), name)(*map(kernel_ready, arguments)), given)
    import torch

    from . import _torch  # noqa: F401  (registers the operators)

    found = [torch.from_numpy(kernel_ready(a)) if isinstance(a, np.ndarray) else a for a in arguments]
    result = getattr(torch.ops.geomvision, name)(*found)
    arrays = tuple(r.numpy() for r in result) if isinstance(result, tuple | list) else result.numpy()
    return _restore(arrays, given)


def kernel_ready(argument: Any) -> Any:
    """The one contiguity gate before every kernel: arrays C-contiguous, in native byte order, float32 or float64."""
    if not isinstance(argument, np.ndarray):
        return argument
    if argument.flags.c_contiguous and argument.dtype in KERNEL_FLOATS:  # which is asked for most, and quick to tell
        return argument
    if np.issubdtype(argument.dtype, np.floating) and argument.dtype not in (np.float32, np.float64):
        argument = argument.astype(np.float64 if argument.dtype.itemsize > 8 else np.float32)
    return np.ascontiguousarray(argument, dtype=argument.dtype.newbyteorder("="))


def _restore(result: Any, given: np.dtype[Any]) -> Any:
    """Results of kernels in the dtype that was given, where that is a float a kernel does not know."""
    if isinstance(result, tuple | list):
        return tuple(_restore(each, given) for each in result)
    if given == np.float16 and result.dtype == np.float32:
        return result.astype(np.float16)
    return result
