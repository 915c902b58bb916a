"""Epipolar flow: where the camera's motion is known and nothing else moves, one unknown for each pixel is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from ..cameras import Array, CameraModel, check_camera, check_pose
from ..images import Image, ImageError, as_pair
from ..method import OptionError, backend, option
from ..results import Flow
from ..trace import NoTrace, Trace
from ._base import FlowMethod

if TYPE_CHECKING:
    from ..samples import FlowSample


@dataclass(frozen=True, kw_only=True)
class EpipolarFlow(FlowMethod):
    """Flow of a scene that stands still, past a calibrated camera whose motion is known: a search along epipolar lines.

    Places on a pixel's line are numbered by inverse depth in equal steps, as in a plane sweep (Collins, CVPR 1996),
    points at infinity among them; costs are differing bits of census words, and semi-global matching (Hirschmüller,
    TPAMI 2008) makes them dense. The sweep is that of `depth.FromMotion`; the flow is `geometry.rigid_flow`, which lies
    on the line exactly, and on the curve that a lens with distortion makes of it. Where the camera only turns, the flow
    is known without a search. What moves by itself is wrong or has no estimate.

    `confidence` is (s₂ − s₁) / s₂ of the winning sum of costs s₁ and the best more than one step away s₂, 0 where there
    was no estimate before filling. `occluded` are pixels whose point frame 1 does not show, by the depths found.
    """

    max_parallax: float = option(
        64.0,
        "most that a point moves beyond one at infinity, at nine pixels in ten",
        unit="px",
        minimum=1,
        maximum=4096,
    )
    min_depth: float = option(0.0, "nearest depth; 0: from max_parallax", unit="length of T_1_0", minimum=0)
    max_depth: float = option(0.0, "farthest depth; 0: infinity", unit="length of T_1_0", minimum=0)
    step: float = option(0.5, "step along the lines where points move most", unit="px", minimum=0.05, maximum=8)
    planes: int = option(256, "steps at most: they grow beyond", minimum=8, maximum=2046)
    check: bool = option(True, "search from frame 1, too, and keep what both agree on")
    tolerance: float = option(2.0, "how far the two may differ", unit="steps", minimum=0.0, maximum=100.0)
    contrast: float = option(
        0.0, "share by which the winner's cost must undercut the mean along the line", minimum=0.0, maximum=1.0
    )
    speckle: int = option(20, "regions of fewer pixels are removed", unit="px", minimum=0, maximum=1 << 30)
    fill: str = option("none", "'background' gives every pixel an estimate", choices=("none", "background"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_depth and self.min_depth >= self.max_depth:
            raise OptionError(f"EpipolarFlow: min_depth {self.min_depth} must be below max_depth {self.max_depth}")

    def __call__(  # type: ignore[override]
        self, frame0: Any, frame1: Any, camera: CameraModel, T_1_0: ArrayLike, camera1: CameraModel | None = None
    ) -> Flow:
        """Flow from frame 0 to frame 1.

        Args:
            frame0: image, (H, W) or (H, W, 3) RGB; uint8, uint16, float32 or float64.
            frame1: image of the same size and dtype.
            camera: that took frame 0, of its size.
            T_1_0: 4x4 pose that takes points of camera 0 to camera 1. Its length may be in any unit: flow has none.
            camera1: that took frame 1; None: the same.

        Raises:
            ImageError: when an image is none, the two differ in size or dtype, or a camera is for another size.
            ValueError: when the pose is none. TypeError: when a camera is none.
        """
        result: Flow = self.execute(*self._checked_call(frame0, frame1, camera, T_1_0, camera1))
        return result

    def on(self, sample: FlowSample) -> Flow:
        """Flow of the sample. Raises ValueError when it does not know its camera and the camera's motion."""
        if sample.camera is None or sample.T_1_0 is None:
            raise ValueError(f"epipolar_flow needs the camera and its pose T_1_0; sample {sample.name!r} has none")
        return self(sample.frame0, sample.frame1, sample.camera, sample.T_1_0)

    def trace(
        self, frame0: Any, frame1: Any, camera: CameraModel, T_1_0: ArrayLike, camera1: CameraModel | None = None
    ) -> Trace:
        """The stages of a call, which takes and raises the same: sweep, margin, sweep back, confirmed, filled, flow."""
        trace = Trace()
        self.chosen_backend()
        trace.result = self._estimated(*self._checked_call(frame0, frame1, camera, T_1_0, camera1), trace)
        return trace

    def _checked_call(
        self, frame0: Any, frame1: Any, camera: CameraModel, T_1_0: ArrayLike, camera1: CameraModel | None
    ) -> tuple[Image, Image, tuple[CameraModel, CameraModel], Array]:
        pair = as_pair(frame0, frame1, ("frame0", "frame1"))
        cameras = camera, camera if camera1 is None else camera1
        height, width = pair[0].shape[:2]
        for name, model in zip(("camera", "camera1"), cameras, strict=True):
            check_camera(model, name)
            if (model.height, model.width) != (height, width):
                raise ImageError(
                    f"the frames are {width}x{height} but {name} is {model.width}x{model.height} pixels: resize the "
                    "camera with camera.resize(…)"
                )
        return *pair, cameras, check_pose(T_1_0, "T_1_0")

    @backend("cpp", requires="geomvision._core")
    def _cpp(self, frame0: Image, frame1: Image, cameras: tuple[CameraModel, CameraModel], T_1_0: Array) -> Flow:
        return self._estimated(frame0, frame1, cameras, T_1_0, NoTrace())

    @backend("reference", requires="geomvision._core")
    def _reference(self, frame0: Image, frame1: Image, cameras: tuple[CameraModel, CameraModel], T_1_0: Array) -> Flow:
        return self._estimated(frame0, frame1, cameras, T_1_0, NoTrace())

    def _estimated(
        self, frame0: Image, frame1: Image, cameras: tuple[CameraModel, CameraModel], T_1_0: Array, trace: Trace
    ) -> Flow:
        from ..depth._matches import grey_bytes
        from . import _epipolar

        first, second = (
            _epipolar.View.of(grey, camera) for grey, camera in zip(grey_bytes([frame0, frame1]), cameras, strict=True)
        )
        return _epipolar.run(self, (first, second), T_1_0, trace)
