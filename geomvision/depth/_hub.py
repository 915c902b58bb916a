"""Folders of weights as the Hugging Face packages write them: where they are, and how they come."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ..method import option
from ..packages import needed_by
from ..weights import WeightsError, loaded_by
from ._adapted import AdaptedDepth
from ._answers import Kind

#: Names on the Hub: who published it, and what it is called.
NAME = re.compile(r"[\w.-]+/[\w.-]+")
#: Tensors that were pickled, which transformers reads as such alone; and how names of files of weights end.
PICKLED = "pytorch_model.bin"
WEIGHTS_OF = (".safetensors", PICKLED)
#: What the option of every adapter means.
WEIGHTS = "a folder as save_pretrained writes it, or the name of a published checkpoint in the Hugging Face cache"
KNOWN_AS = "which published checkpoint a folder holds: its licence and kind count"


@dataclass(frozen=True, kw_only=True)
class HubDepth(AdaptedDepth):
    """A net whose weights lie in a folder, given as such, or by the name of it that the Hugging Face Hub has.

    Nothing is fetched unless `download` is set, and then by `huggingface_hub`, after the size was told.
    """

    package: ClassVar[str]
    #: The file that says what the folder holds, and those that are needed of a published one.
    index: ClassVar[str] = "config.json"
    files: ClassVar[Sequence[str]]

    weights: str = option("", WEIGHTS)
    known_as: str = option("", KNOWN_AS)
    download: bool = option(False, "fetch a published checkpoint that the cache has not; its size is told before")

    def known_name(self) -> str:
        """The name under which the weights are published, as far as that is known."""
        return self.known_as or published_name(self.weights)

    def refusal(self, name: str) -> str | None:  # noqa: ARG002
        """Without weights nothing runs, and no weights are fetched that nobody asked for."""
        if cached(self.weights, self.index) is not None:
            return None
        if not NAME.fullmatch(self.weights):
            ways = ", or name one, like ".join(("give weights= the path of one", *list(self.checkpoints)[:1]))
            return f"finds no folder {self.weights!r}; {ways}"
        if self.download:
            return None
        told = f"finds no {self.weights!r}: it is no folder here, and the Hugging Face cache has none of that name"
        return f"{told}; give weights= the path of a folder, or download=True"

    @property
    def kind(self) -> Kind:
        """What these weights predict. Raises WeightsError where that is unknown."""
        folder = cached(self.weights, self.index)
        if folder is not None:
            return self._kind(config_of(folder / self.index))
        known = self.checkpoints.get(self.known_name())
        if known is None:
            raise WeightsError(f"{type(self).__name__} {self.refusal('')}")
        return known.kind

    @abstractmethod
    def _kind(self, config: Mapping[str, Any]) -> Kind:
        """What the weights predict of which this is the index."""

    def _folder(self) -> tuple[Path, int]:
        """Where the weights are, and when the last of their files was written, in ns."""
        folder = cached(self.weights, self.index)
        lacks = folder is None or not any(path.name.endswith(WEIGHTS_OF) for path in folder.rglob("*"))
        if self.download and lacks and NAME.fullmatch(self.weights):
            folder = fetched(self.weights, self.files)
        if folder is None:
            raise WeightsError(f"{type(self).__name__} {self.refusal('')}")
        return folder, max((path.stat().st_mtime_ns for path in folder.rglob("*")), default=0)


def cached(weights: str, index: str) -> Path | None:
    """The folder of these weights, given or in the cache; None where neither is."""
    given = Path(weights).expanduser()
    if weights and given.is_dir():
        return given
    if not NAME.fullmatch(weights):
        return None
    with needed_by("a checkpoint by its name"):
        from huggingface_hub import try_to_load_from_cache
    hit = try_to_load_from_cache(weights, index)
    return Path(hit).parent if isinstance(hit, str) else None


def published_name(weights: str) -> str:
    """The name of a folder in the cache, whose parts tell it, or what was given."""
    parts = [part for part in Path(weights).parts if part.startswith("models--")]
    return parts[-1].removeprefix("models--").replace("--", "/", 1) if parts else weights


def fetched(name: str, files: Sequence[str]) -> Path:
    """The folder of a published checkpoint in the cache, after its size was told and it was fetched.

    Raises WeightsError where it cannot be, or has nothing that is read without running code.
    """
    from huggingface_hub import snapshot_download
    from rich.console import Console

    with loaded_by("huggingface_hub", name):
        for patterns in (list(files), [*files, PICKLED]):
            wanted = list(snapshot_download(name, allow_patterns=patterns, dry_run=True))
            if any(file.filename.endswith(WEIGHTS_OF) for file in wanted):
                size = sum(file.file_size or 0 for file in wanted if file.will_download)
                Console(stderr=True).print(f"fetching {name}: {size / 1e6:.0f} MB", highlight=False)
                return Path(snapshot_download(name, allow_patterns=patterns))
        raise WeightsError(f"it has neither .safetensors nor {PICKLED}")


def config_of(path: Path) -> dict[str, Any]:
    """The entries of a configuration. WeightsError where it is absent or something else."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WeightsError(f"{path} is missing: a folder of weights has it, as save_pretrained writes it") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise WeightsError(f"{path} is no JSON: {error}") from None
    if not isinstance(entries, dict):
        raise WeightsError(f"{path} holds a {type(entries).__name__}; it must be a JSON object")
    return entries
