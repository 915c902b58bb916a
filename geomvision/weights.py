"""Where weights come from: safetensors with a JSON card beside them.

The card says what the weights are for and how they came to be, and holds the checksum of the file: weights that
were cut short or exchanged are refused before anything is computed with them. Small weights trained by this
project lie in the package, so that the first run needs no network.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from torch import Tensor, nn

#: Where the weights that ship with the package lie.
SHIPPED = Path(__file__).parent / "weights_data"
SUFFIX = ".safetensors"
#: What follows the name of a tensor of int8 in the name of its scales.
SCALE = "/scale"


class WeightsError(ValueError):
    """Weights that are absent, damaged or of another net; the message says which and what to do."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """What one must know of weights before using them. Unknown is "", never left out."""

    name: str
    #: The method that uses them, "stereo/refined_sgm", and the kind of their answer, "disparity_px".
    task: str
    kind: str
    #: Class and arguments of the net they fit.
    network: str
    arguments: Mapping[str, Any]
    parameters: int
    #: What is done to an image before the net sees it.
    input_rule: str
    training_data: str
    seed: int
    steps: int
    #: SPDX identifier of the weights' licence, and whether they may be used commercially.
    licence: str
    commercial_use: bool
    #: Of the file of weights, hexadecimal.
    sha256: str
    #: Known scores by name, each with what it was measured on.
    scores: Mapping[str, float] = field(default_factory=dict)
    #: How and with what the training ran: machine, wall seconds, versions.
    training_run: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Card:
        """Read a card. Raises WeightsError when it is absent, no JSON, or lacks or adds a field."""
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise WeightsError(f"{path} is missing: weights need their card beside them") from None
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise WeightsError(f"{path} is no JSON: {error}") from None
        known = {f.name for f in dataclasses.fields(cls)}
        required = {f.name for f in dataclasses.fields(cls) if f.default_factory is dataclasses.MISSING}
        given = set(entries) if isinstance(entries, dict) else set()
        wrong = sorted(required - given) + sorted(given - known)
        if wrong:
            raise WeightsError(f"{path}: the card lacks or should not have {', '.join(wrong)}")
        return cls(**entries)


def names() -> list[str]:
    """Weights that ship with the package."""
    return sorted(path.stem for path in SHIPPED.glob("*" + SUFFIX))


def find(name_or_path: str | os.PathLike[str]) -> Path:
    """The file of weights with this name, or at this path. Raises WeightsError when there is none."""
    given = os.fspath(name_or_path)
    if given in names():
        return SHIPPED / (given + SUFFIX)
    path = Path(given).expanduser()
    if path.is_file():
        return path
    raise WeightsError(f"no weights {given!r}: it is no file, and the package ships {', '.join(names()) or 'none'}")


def version(name_or_path: str | os.PathLike[str]) -> tuple[Path, int]:
    """The file of weights and when it was written, in ns: the key of a cache that notices a changed file."""
    path = find(name_or_path)
    return path, path.stat().st_mtime_ns


def load(name_or_path: str | os.PathLike[str]) -> tuple[dict[str, Tensor], Card]:
    """Tensors by name and their card, after the checksum has been compared.

    Raises:
        WeightsError: when the file or its card is absent, or the file is not the one the card describes.
        ModuleNotFoundError: without torch and safetensors (``pip install 'geomvision[learned]'``).
    """
    path = find(name_or_path)
    if path.suffix != SUFFIX:
        raise WeightsError(f"{path} is no {SUFFIX} file; weights of torch ({path.suffix}) are read by load_torch")
    card = Card.read(path.with_suffix(".json"))
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != card.sha256:
        raise WeightsError(
            f"{path} has sha256 {found}, its card says {card.sha256}: damaged or exchanged, fetch it again"
        )
    return _restored(_safetensors().load(content)), card


def load_torch(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Tensors by name, or mappings of them, in a ``.pt`` file; nothing but tensors is unpickled. It has no card.

    Raises WeightsError when there is no such file, or something else is in it.
    """
    import torch

    file = find(path)
    try:
        state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # a file of something else fails in many ways
        told = f"{type(error).__name__} {str(error).partition('.')[0]}".strip()
        raise WeightsError(f"{file} is no file of tensors that torch reads without running code: {told}") from error
    if not isinstance(state, Mapping):
        raise WeightsError(f"{file} holds no tensors by name, but something of type {type(state).__name__}")
    return state


def put_into(net: nn.Module, state: Mapping[str, Tensor], card: Card) -> None:
    """Put tensors into a net whose every parameter they must name, no more and no less; else WeightsError."""
    try:
        net.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise WeightsError(f"weights {card.name!r} are for {card.network}, not {type(net).__name__}: {error}") from None


def filled(kind: Callable[..., Any], state: Mapping[str, Tensor], card: Card) -> Any:
    """A net of a kind with the arguments that its card names and these tensors; WeightsError where it is another's."""
    try:
        net = kind(**card.arguments)
    except TypeError as error:
        name = getattr(kind, "__name__", kind)
        raise WeightsError(f"weights {card.name!r} are for {card.network}, not {name}: {error}") from None
    put_into(net, state, card)
    return net


def save(
    path: str | os.PathLike[str],
    net: nn.Module,
    card: Card,
    *,
    compact: bool = False,
    bits: Literal[4, 8] = 8,
    only: tuple[str, ...] = ("",),
) -> Card:
    """Write a net's weights and their card; returns the card with its checksum and parameter count filled in.

    `compact` takes about a quarter of the room, with 4 bits an eighth, and rounds: see `_compact`. With 4 bits, tensors
    whose names begin with none of `only` have 8. `load` and `put_into` give float32 again.
    """
    path = Path(path)
    if path.suffix != SUFFIX:
        raise WeightsError(f"{path} must end in {SUFFIX}")
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in net.state_dict().items()}
    state = _compact(state, bits, only) if compact else state
    content: bytes = _safetensors().save(state)
    count = sum(parameter.numel() for parameter in net.parameters())
    card = dataclasses.replace(card, sha256=hashlib.sha256(content).hexdigest(), parameters=count)
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, content)
    text = json.dumps(dataclasses.asdict(card), indent=1, ensure_ascii=False)
    _replace(path.with_suffix(".json"), (text + "\n").encode())
    return card


def _compact(state: Mapping[str, Tensor], bits: int, only: tuple[str, ...] = ("",)) -> dict[str, Tensor]:
    """Matrices and kernels as int8 with a scale for each output channel, other floating-point numbers as float16.

    Of 4 bits, the scale is the one that rounds best, and two channels share a byte where their number is even: channel
    i its lower half, channel i + C / 2 its upper one, each plus 8.
    """
    written = {}
    for name, values in state.items():
        if values.is_floating_point() and values.ndim >= 2 and values.numel():
            halved = bits == 4 and len(values) % 2 == 0 and name.startswith(only)
            scale = _best_scale(values, 7) if halved else _scale(values, 127)
            rounded = (values.float() / _by_channel(scale, values)).round()
            written[name + SCALE] = scale
            if halved:
                low, high = (rounded.clamp(-7, 7) + 8).byte().chunk(2)
                written[name] = low + 16 * high
            else:
                written[name] = rounded.char()
        else:
            written[name] = values.half() if values.is_floating_point() else values
    return written


def _scale(values: Tensor, most: int) -> Tensor:
    """Of each channel, what makes its largest value `most`."""
    return values.float().flatten(1).abs().amax(dim=1).div(most).clamp(min=1e-30)


def _best_scale(values: Tensor, most: int) -> Tensor:
    """Of each channel, the scale with the least squared error of rounding; values beyond `most` are cut."""
    rows, full = values.float().flatten(1), _scale(values, most)
    best, least = full, full * float("inf")
    for share in (1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5):
        scale = full * share
        error = ((rows / scale[:, None]).round().clamp(-most, most) * scale[:, None] - rows).square().sum(dim=1)
        best, least = scale.where(error < least, best), error.minimum(least)
    return best


def _restored(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as they were before `_compact`, to rounding: those with scales are float32."""
    import torch

    found = {}
    for name, values in state.items():
        if (scale := state.get(name + SCALE)) is not None:
            whole = torch.cat([values & 15, values >> 4]).char() - 8 if values.dtype == torch.uint8 else values
            found[name] = whole.float() * _by_channel(scale, whole)
        elif not name.endswith(SCALE):
            found[name] = values
    return found


def on_cpu() -> AbstractContextManager[Any]:
    """Around what makes tensors of a net: they lie where images do, whatever torch's default device is."""
    import torch

    return nullcontext() if torch.get_default_device().type == "cpu" else torch.device("cpu")


@contextmanager
def loaded_by(package: str, what: str) -> Iterator[None]:
    """Another package loads weights in this block. Raises WeightsError saying what the package said."""
    try:
        with on_cpu():
            yield
    except ImportError:
        raise
    except Exception as error:  # files of something else fail in many ways
        told = " ".join(str(error.args[0] if error.args else error).split())
        raise WeightsError(f"{package} gives no {what}: {told}") from error


def _by_channel(scale: Tensor, values: Tensor) -> Tensor:
    return scale.reshape(-1, *[1] * (values.ndim - 1))


def _replace(path: Path, content: bytes) -> None:
    """Write beside and rename: nobody ever sees half a file. OSError, which names it, where there is no room."""
    passing = path.with_name(path.name + ".tmp")
    try:
        passing.write_bytes(content)
        passing.replace(path)
    except OSError as error:
        passing.unlink(missing_ok=True)
        raise OSError(f"{path} cannot be written: {error.strerror}") from error


def _safetensors() -> Any:
    try:
        import safetensors.torch
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"weights need {error.name}: pip install 'geomvision[learned]'") from None
    return safetensors.torch
