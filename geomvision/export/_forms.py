"""The forms of files: how each is written and read."""

from __future__ import annotations

import io
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .. import weights as files
from ..exported import KEY, FileCard, Runner
from ..images import Float32
from ..onnx_runtime import opened as opened_onnx
from ..ops._torch._operator import in_plain_torch
from ..packages import needed_by
from ._plans import ExportError, Plan

#: Forms by name, and how the names of their files end.
FORMS = {"onnx": ".onnx", "torch-export": ".pt2", "torchscript": ".pt"}
#: Of the ONNX operators that files have.
OPSET = 20
_CARD = f"{KEY}.json"


def form_of(path: Path, form: str | None) -> str:
    """The form that was asked for, or that of the name of the file; ExportError where there is none."""
    if form is None:
        form = next((name for name, suffix in FORMS.items() if suffix == path.suffix), path.suffix)
    if form not in FORMS:
        ends = ", ".join(f"{name} ({suffix})" for name, suffix in FORMS.items())
        raise ExportError(f"{path}: there is no form {form!r}; forms are {ends}")
    if path.suffix != FORMS[form]:
        raise ExportError(f"{path} must end in {FORMS[form]}, as files of the form {form} do")
    return form


def write(plan: Plan, path: Path, form: str) -> None:
    """Write a net. ExportError where it has no such form, ImportError where a package is missing."""
    if form == "onnx":
        with needed_by("export to ONNX"):
            import onnx  # noqa: F401
            import onnxruntime  # noqa: F401
            import onnxscript  # noqa: F401
    writers = {"onnx": _write_onnx, "torch-export": _write_exported, "torchscript": _write_script}
    with torch.no_grad(), _quiet(plan, form):
        writers[form](plan, path)


def opened(path: str | os.PathLike[str], num_threads: int = 0) -> tuple[FileCard, Runner]:
    """The card and the net of a file that `export` wrote, in the form that its name says.

    Raises WeightsError where it is damaged or has no card; ExportError where its name says no form.
    """
    form = form_of(Path(path), None)
    if form == "onnx":
        return opened_onnx(os.fspath(path), num_threads)
    extra: dict[str, Any] = {_CARD: ""}
    with files.loaded_by("torch", f"net of {path}"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = files.find(path)
        if form == "torchscript":
            load: Any = torch.jit.load
            module: Any = load(str(found), map_location="cpu", _extra_files=extra)
        else:
            module = torch.export.load(str(found), extra_files=extra).module()
    text = extra[_CARD]
    card = FileCard.parse((text.decode() if isinstance(text, bytes) else text) or None, path)

    def run(arrays: Sequence[Float32]) -> Float32:
        with torch.inference_mode():
            maps: Float32 = module(*(torch.from_numpy(np.ascontiguousarray(each)) for each in arrays))[0].numpy()
        return maps

    return card, run


def _graph(plan: Plan) -> Any:
    """The net as a graph of torch's own operators."""
    shapes: Any = None
    if plan.card.size is None:
        multiple, least = plan.card.multiple, plan.card.least // plan.card.multiple
        rows, columns = (torch.export.Dim(name, min=least) for name in ("rows", "columns"))
        sides = {2: multiple * rows, 3: multiple * columns} if multiple > 1 else {2: rows, 3: columns}
        shapes = (tuple(sides for _ in plan.card.inputs),)
    with in_plain_torch():
        return torch.export.export(plan.net, plan.examples(), dynamic_shapes=shapes, strict=False)


def _write_onnx(plan: Plan, path: Path) -> None:
    # Without torch's optimiser, which leaves graphs of chained clamps broken (torch 2.13); onnxruntime has its own.
    program: Any = torch.onnx.export(_graph(plan), (), dynamo=True, optimize=False, verbose=False, opset_version=OPSET)
    model = program.model
    for value, name in zip(model.graph.inputs, plan.card.inputs, strict=True):
        value.name = name
    for value in model.graph.outputs:
        value.name = "maps"
    model.metadata_props[KEY] = plan.card.text()
    _without_false_biases(model)
    foreign = sorted({f"{node.domain}.{node.op_type}" for node in model.graph if node.domain not in ("", "ai.onnx")})
    if foreign:
        raise ExportError(f"{plan.card.method} needs operators that ONNX has not: {', '.join(foreign)}")
    program.save(str(path))


def _without_false_biases(model: Any) -> None:
    """Take from 3-D convolutions the bias of zeros, of shape (C, 2), that onnxscript 0.7 gives those without one."""
    for node in model.graph:
        if node.op_type == "Conv" and len(node.inputs) == 3:
            maker = node.inputs[2].producer()
            if maker is not None and maker.op_type == "Expand":
                node.replace_input_with(2, None)


def _write_exported(plan: Plan, path: Path) -> None:
    torch.export.save(_graph(plan), str(path), extra_files={_CARD: plan.card.text()})


def _write_script(plan: Plan, path: Path) -> None:
    if plan.card.size is None:
        raise ExportError("a net is traced for TorchScript at one size: give a size, not dynamic")
    with in_plain_torch():
        trace: Any = torch.jit.trace
        traced = trace(plan.net, plan.examples(), check_trace=False)
    save: Any = torch.jit.save
    save(traced, str(path), _extra_files={_CARD: plan.card.text()})


@contextmanager
def _quiet(plan: Plan, form: str) -> Iterator[None]:
    """Torch's progress and warnings of its own are not shown; what it cannot do becomes an ExportError."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    except (ExportError, ImportError, OSError, MemoryError):
        raise
    except Exception as error:  # torch fails in many ways
        told = " ".join(str(error).split())[:400]
        hint = ": give a size, not dynamic" if plan.card.size is None else ""
        raise ExportError(
            f"torch cannot bring {plan.card.method} to {form}{hint} ({type(error).__name__} {told})"
        ) from error
    finally:
        log.setLevel(level)
