"""The models of ptlflow (PyTorch Lightning Optical Flow), as peers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from ..images import Image, as_pair
from ..method import BackendError, backend, option
from ..results import Flow
from ..weights import loaded_by
from ._adapted import AdaptedFlow

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class PTLFlow(AdaptedFlow):
    """Any model of `ptlflow` 0.4 by its name (H. Morimitsu, 2021), with its weights.

    Names are those of ``ptlflow.get_model_names()``: "raft", "gmflow", "sea_raft_s", "dpflow" …, and weights those of
    the model's ``pretrained_checkpoints``: "things", "sintel", "kitti" … Models scale and pad images themselves.

    Those of clips are told by `frames` how many to see: 3 of "videoflow_bof", 3 or 5 of "videoflow_mof" (Shi et al.,
    ICCV 2023). `along` shows them as many frames before a pair as after its first one, fewer at both ends of the clip,
    where one frame is repeated; of a pair alone they see its first frame twice.
    """

    package: ClassVar[str] = "ptlflow"

    model: str = option("raft", "name of the model")

    frames: int = option(2, "that the model sees at once; 3, 5 … of models of clips", choices=(2, 3, 5, 7, 9, 11))

    def __call__(self, frame0: Any, frame1: Any) -> Flow:
        """Flow from frame 0 to frame 1. Arguments and errors are those of every flow method."""
        result: Flow = self.execute(*self._given(*as_pair(frame0, frame1, ("frame0", "frame1"))))
        return result

    def along(self, frames: Iterable[Any]) -> Iterator[Flow]:
        """Flow of each frame of a clip to the next, by as many frames around it as the model sees.

        Raises:
            ImageError: when frames are no images, or differ in size or dtype.
        """
        half = self.frames // 2 if self.frames > 2 else 0
        known: list[Image] = []  # the last frames, of which number `first` is the first
        first = done = 0
        coming = iter(frames)
        while True:
            while len(known) + first <= done + max(half, 1) and (frame := next(coming, None)) is not None:
                known.append(as_pair(known[-1] if known else frame, frame, ("a frame", "the next"))[1])
            if len(known) + first <= done + 1:
                return
            flow: Flow = self.execute(*self._around(known, done - first))
            yield flow
            done += 1
            while first < done - half:
                known.pop(0)
                first += 1

    def _given(self, frame0: Image, frame1: Image) -> tuple[Image, ...]:
        return self._around([frame0, frame1], 0)

    def _around(self, known: list[Image], place: int) -> tuple[Image, ...]:
        """As many frames before the place as after it, at most one of which is repeated at each end."""
        if self.frames == 2:
            return known[place], known[place + 1]
        half = min(self.frames // 2, place + 1, len(known) - place)
        last = len(known) - 1
        return tuple(known[min(max(k, 0), last)] for k in range(place - half, place + half + 1))

    @backend("ptlflow", requires="ptlflow", extra="ptlflow")
    def _ptlflow(self, *frames: Image) -> Flow:
        return self._call(*frames)

    def _estimates(self, *images: Tensor) -> list[Tensor]:
        import torch

        net = _net(self.model, *self._named())
        # Blue, green, red, 0 … 1: what cv2 reads and `ptlflow.utils.io_adapter.IOAdapter` makes of it.
        try:
            flows = net({"images": torch.stack(images, dim=1).flip(2) / 255})["flows"]
        except AssertionError as error:
            refused = f"ptlflow's {self.model} does not take {len(images)} frames ({' '.join(str(error).split())})"
            raise BackendError(f"{refused}; frames= says how many it sees") from error
        height, width = images[0].shape[2:]
        if flows.ndim != 5 or tuple(flows.shape[2:]) != (2, height, width):
            given = f"flows of shape {tuple(flows.shape)}"
            raise BackendError(f"ptlflow's {self.model} gives {given}; it should be (1, 1, 2, {height}, {width})")
        return [flows[:, 0]]


@lru_cache(maxsize=2)
def _net(model: str, weights: str, _written_ns: int) -> Any:
    import ptlflow

    with loaded_by("ptlflow", f"model {model!r} with weights {weights!r}"):
        net = ptlflow.get_model(model, ckpt_path=weights)
    return net.to("cpu").eval()
