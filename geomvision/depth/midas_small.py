"""MiDaS small, from folders of its authors' code, as torch.hub keeps them; nothing is fetched."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from .. import weights as files
from ..cameras import Camera
from ..images import Float32, Image, levels
from ..learned import threads
from ..method import backend, option
from ..packages import needed_by
from ..results import Depth, RelativeDepth
from ..trace import Trace
from ..weights import WeightsError, loaded_by
from ._adapted import AdaptedDepth, Checkpoint, bicubic, taken_by, within
from ._answers import Kind

#: Folders of torch.hub, and files of checkpoints in it, by what they were called over time.
REPOSITORIES = ("isl-org_MiDaS_master", "intel-isl_MiDaS_master", "isl-org_MiDaS_main")
BACKBONES = ("rwightman_gen-efficientnet-pytorch_master", "rwightman_gen-efficientnet-pytorch_main")
PUBLISHED = ("midas_v21_small_256.pt", "midas_v21_small-70d6b9c8.pt", "model-small-70d6b9c8.pt")
#: How the sha256 of the published checkpoint begins: its file's name told it.
SHA256 = "70d6b9c8"
#: The longer side as the net sees it, and what sides are multiples of.
SIDE_PX, MULTIPLE = 256, 32
MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


@dataclass(frozen=True, kw_only=True)
class MidasSmall(AdaptedDepth):
    """MiDaS 2.1 small (Ranftl et al., TPAMI 2022) by its authors' code: inverse depth up to scale and shift.

    The code of `repository` is run, as `torch.hub` does it, and that of `backbone`, which it asks torch.hub for. Both
    are folders on this machine: what would be fetched is refused.
    """

    checkpoints: ClassVar[Mapping[str, Checkpoint]] = {SHA256: Checkpoint("disparity_affine", "MIT", True)}

    weights: str = option("", "path of midas_v21_small_256.pt; that in torch.hub's folder when left out")
    repository: str = option("", "folder of github.com/isl-org/MiDaS; that in torch.hub's folder when left out")
    backbone_repository: str = option(
        "", "folder of github.com/rwightman/gen-efficientnet-pytorch; that in torch.hub's folder when left out"
    )

    @property
    def kind(self) -> Kind:
        """Inverse depth up to scale and shift."""
        return "disparity_affine"

    def known_name(self) -> str:
        """How the checksum of the published checkpoint begins, or the path of another."""
        path = self._found()["weights"]
        if path is None:
            return self.weights
        return SHA256 if _digest(path, path.stat().st_mtime_ns).startswith(SHA256) else str(path)

    def refusal(self, name: str) -> str | None:  # noqa: ARG002
        """Nothing is fetched, and nothing runs without it."""
        lacking = [what for what, path in self._found().items() if path is None]
        if not lacking:
            return None
        told = "; ".join(f"{what}= {self.option_limits()[what].doc.partition(';')[0]}" for what in lacking)
        return f"finds no {', no '.join(lacking)} and fetches nothing; give {told}"

    def depends_on(self) -> list[Path]:
        """What is there of the checkpoint and the two folders."""
        return [path for path in self._found().values() if path is not None]

    def _found(self) -> dict[str, Path | None]:
        """Each folder and file by its option, None where it is not there."""
        hub = _hub_folder()
        kept = {
            "weights": [hub / "checkpoints" / name for name in PUBLISHED],
            "repository": [hub / name for name in REPOSITORIES],
            "backbone_repository": [hub / name for name in BACKBONES],
        }
        found: dict[str, Path | None] = {}
        for what, known in kept.items():
            given = getattr(self, what)
            places = [Path(given).expanduser()] if given else known
            there = (place for place in places if (place.is_file() if what == "weights" else _is_hub(place)))
            found[what] = next(there, None)
        return found

    @backend("torch", requires="torch", extra="hub")
    def _torch(self, image: Image, camera: Camera | None) -> Depth | RelativeDepth:
        return self._call(image, camera)

    def _estimated(self, image: Image, camera: Camera | None, trace: Trace) -> Depth | RelativeDepth:  # noqa: ARG002
        import torch

        places = self._found()
        assert all(places.values())
        weights = places["weights"]
        assert weights is not None
        net = _net(weights, weights.stat().st_mtime_ns, places["repository"], places["backbone_repository"])
        grey = levels(image)[0]
        colours = grey if grey.ndim == 3 else np.repeat(grey[..., None], 3, axis=2)
        given, inside = within(colours, SIDE_PX / MULTIPLE)
        seen = _seen(given)
        trace.record("image", seen, "", "what the net is given: the image at its size, normalised")
        with torch.inference_mode(), threads(self.num_threads), taken_by("MiDaS_small", given):
            said = net(torch.from_numpy(np.ascontiguousarray(np.moveaxis(seen, 2, 0)[None])))[0]
            trace.record("estimate", said.numpy(), "", "the net's estimate at its own size")
            values = bicubic(said, given.shape[:2])[inside].contiguous().numpy()
        return self._result(values, trace)


def _seen(image: Float32) -> Float32:
    """The image (h, w, 3) as MiDaS gives it to the net: at most 256 px wide and high, sides multiples of 32."""
    with needed_by("midas_small"):
        import cv2

    scale = SIDE_PX / max(image.shape[:2])
    rows, columns = (max(MULTIPLE, round(scale * side / MULTIPLE) * MULTIPLE) for side in image.shape[:2])
    small = cv2.resize(image / np.float32(255), (columns, rows), interpolation=cv2.INTER_CUBIC)
    return np.asarray((small - MEAN) / DEVIATION, np.float32)


def _hub_folder() -> Path:
    """Where torch.hub keeps things, as its documentation has it: asking torch would import it, which takes a second."""
    hub = sys.modules.get("torch.hub")
    if hub is not None:
        return Path(hub.get_dir())
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"))
    return Path(os.environ.get("TORCH_HOME", cache / "torch")).expanduser() / "hub"


def _is_hub(folder: Path) -> bool:
    return (folder / "hubconf.py").is_file()


@lru_cache(maxsize=4)
def _digest(path: Path, _written_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=1)
def _net(weights: Path, _written_ns: int, repository: Path, backbone: Path) -> Any:
    import torch.hub

    state = files.load_torch(weights)
    state = state["model"] if "optimizer" in state else state
    spoken, needs = redirect_stdout(StringIO()), needed_by("the code of MiDaS")
    with spoken, needs, loaded_by("MiDaS", f"net from {repository}"), on_this_machine(backbone):
        load: Any = torch.hub.load
        net = load(str(repository), "MiDaS_small", source="local", pretrained=False)
        net.load_state_dict(state, strict=True)
    return net.eval()


@contextmanager
def on_this_machine(backbone: Path) -> Iterator[None]:
    """In this block torch.hub finds the code of MiDaS's backbone in this folder, and fetches nothing at all."""
    import torch.hub

    load: Any = torch.hub.load
    fetch, fetch_state = torch.hub.download_url_to_file, torch.hub.load_state_dict_from_url

    def local(repo_or_dir: str, model: str, *args: Any, source: str = "github", **kwargs: Any) -> Any:
        if source == "local":
            return load(repo_or_dir, model, *args, source="local", **kwargs)
        if "gen-efficientnet-pytorch" not in repo_or_dir:
            raise WeightsError(f"its code asks torch.hub for {repo_or_dir}, which would be fetched")
        for unwanted in ("pretrained", "trust_repo", "force_reload", "skip_validation", "verbose"):
            kwargs.pop(unwanted, None)
        return load(str(backbone), model, *args, source="local", pretrained=False, **kwargs)

    def refuse(url: str, *_: Any, **__: Any) -> Any:
        raise WeightsError(f"its code would fetch {url}")

    torch.hub.load, torch.hub.download_url_to_file, torch.hub.load_state_dict_from_url = local, refuse, refuse
    try:
        yield
    finally:
        torch.hub.load, torch.hub.download_url_to_file = load, fetch
        torch.hub.load_state_dict_from_url = fetch_state
