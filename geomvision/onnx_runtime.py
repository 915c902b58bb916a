"""ONNX files in use: onnxruntime's session, and what methods that run such a file share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from . import weights as files
from .exported import KEY, FileCard, Runner
from .images import Float32
from .licences import Licence
from .method import Method, option
from .packages import needed_by


@dataclass(frozen=True, kw_only=True)
class ONNXMethod(Method):
    """A net in an ONNX file that geomvision exported, run by onnxruntime on the CPU."""

    path: str = option("", "path of an .onnx file that geomvision export wrote")

    def refusal(self, name: str) -> str | None:  # noqa: ARG002
        """Without a file nothing runs."""
        if self.path and Path(self.path).expanduser().is_file():
            return None
        given = f"there is no file {self.path!r}" if self.path else "it was given no file"
        return f"has no net, {given}; give path= an .onnx file that geomvision export wrote"

    def licences(self) -> tuple[Licence, ...]:
        """Of the weights in the file, as its card says."""
        if self.refusal("") is not None:
            return ()
        card = self.card()
        return (Licence(weights=self.path, spdx=card.licence, commercial_use=card.commercial_use),)

    def card(self) -> FileCard:
        """What the file says of its net.

        Raises WeightsError where it is damaged, says nothing, or is for another task; ImportError without onnxruntime.
        """
        return opened(self.path, self.num_threads)[0].require(self.task, self.path)

    def runner(self) -> Runner:
        """The net."""
        return opened(self.path, self.num_threads)[1]


def opened(path: str, num_threads: int) -> tuple[FileCard, Runner]:
    """An ONNX file's card and its net.

    Raises WeightsError where it is damaged or has no card; ImportError without onnxruntime.
    """
    return _opened(*files.version(path), num_threads)


@lru_cache(maxsize=2)
def _opened(path: Path, _written_ns: int, num_threads: int) -> tuple[FileCard, Runner]:
    with needed_by("an ONNX file"):
        import onnxruntime

    settings: Any = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = num_threads
    settings.log_severity_level = 3
    with files.loaded_by("onnxruntime", f"net of {path}"):
        session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    card = FileCard.parse(session.get_modelmeta().custom_metadata_map.get(KEY), path)
    names = [each.name for each in session.get_inputs()]
    if names != list(card.inputs):
        told = f"{', '.join(card.inputs)} as its card says: export it again"
        raise files.WeightsError(f"{path} takes {', '.join(names)}; it should take {told}")

    def run(arrays: Sequence[Float32]) -> Float32:
        with files.loaded_by("onnxruntime", f"maps by the net of {path}"):
            (maps,) = session.run(None, dict(zip(names, arrays, strict=True)))
        result: Float32 = np.asarray(maps)[0]
        return result

    return card, run
