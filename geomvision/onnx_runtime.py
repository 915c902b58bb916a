"""ONNX files in use: onnxruntime's session, and what methods that run such a file share.

Files of geomvision hold a card. For those of other programs, NAME.json beside NAME.onnx says what a card does
(`foreign_nets.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from . import weights as files
from .exported import KEY, FileCard, Runner
from .foreign_nets import card_beside, foreign_card
from .images import Float32
from .licences import Licence
from .method import Method, option
from .packages import needed_by


@dataclass(frozen=True, kw_only=True)
class ONNXMethod(Method):
    """A net in an ONNX file that geomvision exported, or that has its card beside it, run by onnxruntime on the CPU."""

    path: str = option("", "path of an .onnx file that geomvision export wrote, or that has a card beside it, .json")

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

    def depends_on(self) -> list[Path]:
        """The file, and the card beside it, as far as they are there."""
        path = Path(self.path).expanduser()
        return [each for each in (path, card_beside(path)) if self.path and each.is_file()]

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
    found, written_ns = files.version(path)
    beside = card_beside(found)
    return _opened(found, written_ns, beside.stat().st_mtime_ns if beside.is_file() else 0, num_threads)


@lru_cache(maxsize=2)
def _opened(path: Path, _written_ns: int, beside_ns: int, num_threads: int) -> tuple[FileCard, Runner]:
    with needed_by("an ONNX file"):
        import onnxruntime

    settings: Any = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = num_threads
    settings.log_severity_level = 3
    with files.loaded_by("onnxruntime", f"net of {path}"):
        session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    text = session.get_modelmeta().custom_metadata_map.get(KEY)
    if text is None and beside_ns:
        odd = [f"{each.name} ({each.type})" for each in session.get_inputs() if each.type != "tensor(float)"]
        if odd:
            raise files.WeightsError(f"{path} takes {', '.join(odd)}; it must take float32 alone")
        card = foreign_card(path, {each.name: tuple(each.shape) for each in session.get_inputs()})
    else:
        card = FileCard.parse(text, path)
        if names != list(card.inputs):
            told = f"{', '.join(card.inputs)} as its card says: export it again"
            raise files.WeightsError(f"{path} takes {', '.join(names)}; it should take {told}")
    outputs = [each.name for each in session.get_outputs()]
    if card.output not in outputs and (card.output or len(outputs) > 1):
        told = f"its card says {card.output!r}" if card.output else "its card does not say which is meant"
        raise files.WeightsError(f"{path} has the outputs {', '.join(outputs)}; {told} (output)")

    def run(arrays: Sequence[Float32]) -> Float32:
        with files.loaded_by("onnxruntime", f"maps by the net of {path}"):
            (maps,) = session.run([card.output] if card.output else None, dict(zip(card.inputs, arrays, strict=True)))
        result: Float32 = np.asarray(maps)
        return result[0] if result.ndim == 4 else result

    return card, run
