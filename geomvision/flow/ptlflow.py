"""The models of ptlflow (PyTorch Lightning Optical Flow), as peers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from ..images import Image
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
    the model's ``pretrained_checkpoints``: "things", "sintel", "kitti" … Models scale and pad images themselves. Those
    of three or more frames, such as "videoflow_mof", see two here, and repeat the first.
    """

    package: ClassVar[str] = "ptlflow"

    model: str = option("raft", "name of the model")

    @backend("ptlflow", requires="ptlflow", extra="ptlflow")
    def _ptlflow(self, frame0: Image, frame1: Image) -> Flow:
        return self._call(frame0, frame1)

    def _estimates(self, image0: Tensor, image1: Tensor) -> list[Tensor]:
        import torch

        net = _net(self.model, *self._named())
        # Blue, green, red, 0 … 1: what cv2 reads and `ptlflow.utils.io_adapter.IOAdapter` makes of it.
        flows = net({"images": torch.stack([image0, image1], dim=1).flip(2) / 255})["flows"]
        height, width = image0.shape[2:]
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
