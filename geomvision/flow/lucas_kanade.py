"""Dense Lucas–Kanade: at each pixel the one displacement that explains its window best, coarse to fine."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..images import Float32, Image
from ..method import CUDA, Copied, backend, option
from ..ops._dispatch import cuda_kernel
from ..results import Flow
from ..trace import Trace
from ._coarse_to_fine import PyramidalFlow, Step
from ._grey import grey_levels


@dataclass(frozen=True, kw_only=True)
class LucasKanade(PyramidalFlow):
    """Least squares over windows, iterated and coarse to fine (Lucas & Kanade, IJCAI 1981; Bouguet 2001).

    Brightness constancy gx u + gy v + t = 0 is one equation for two unknowns (the aperture problem); a window of
    pixels that share a flow gives the 2 x 2 system G (u, v) = q with the structure tensor G. Each pixel is
    linearised at its own flow, discounted when it still differs by more than `robust` grey levels, and where the
    window says little, the mean of the flow around it decides: it has the weight `min_eigenvalue` beside G.

    The result is dense unless `min_confidence` asks for gaps. Confidence is λ / (λ + min_eigenvalue) with λ the
    smaller eigenvalue of G (after discounting): the share of the image in the least certain direction. It is 0 on
    flat areas, along straight edges and where the flow leaves the image. Grey levels run from 0 to 255 whatever the
    dtype; floats are scaled by the joint range of both frames. Images without contrast give zero flow, confidence 0.
    """

    finest_warps: int = option(3, "such warps at most on the finest level, which costs most", minimum=1, maximum=1000)
    window: int = option(7, "side of the window", unit="px", minimum=1, maximum=255, odd=True)
    weighting: str = option(
        "box", "weights in the window: equal, or a Gaussian of a fifth of its side", choices=("gaussian", "box")
    )
    robust: float = option(
        5.0,
        "difference after warping at which a pixel counts half; 0: all count alike",
        unit="grey levels",
        minimum=0.0,
    )
    min_eigenvalue: float = option(
        3.0,
        "eigenvalue at which window and surroundings weigh alike",
        unit="(grey levels/px)²",
        minimum=0.01,
        maximum=1e6,
    )
    min_confidence: float = option(0.0, "confidence below which there is no estimate (NaN)", minimum=0.0, maximum=1.0)

    @backend("cuda", requires=CUDA)
    def _cuda(self, frame0: Image, frame1: Image) -> Copied:
        run = cuda_kernel("lucas_kanade_arrays")
        px, confidence, occluded, seconds = run(*grey_levels(frame0, frame1), **self.options())
        return Copied(Flow(px=px, confidence=confidence, occluded=occluded), seconds)

    @backend("cpp", requires="geomvision._core")
    def _cpp(self, frame0: Image, frame1: Image) -> Flow:
        from ._native import dense_flow

        return dense_flow("lucas_kanade", frame0, frame1, self.options(), self.num_threads)

    def _refine(self, step: Step, trace: Trace, stage: str) -> tuple[Float32, Float32, Float32 | None]:
        from . import _windows

        weights = _windows.window_weights(self.window, self.weighting)
        products = _windows.products(*step[:6], self.robust)
        xx, xy, yy, xq, yq = (_windows.over_windows(product, weights) for product in products)
        mean_u, mean_v = (_windows.over_windows(component, weights) for component in (step.u, step.v))
        eigenvalue = _windows.smaller_eigenvalue(xx, xy, yy)
        unit = "(grey levels/px)²"
        trace.record(stage + "structure tensor", np.stack([xx, xy, yy], -1), unit, "gxx, gxy, gyy over windows")
        trace.record(stage + "smaller eigenvalue", eigenvalue, unit, "0: flat or an edge; large: a corner")
        u, v = _windows.solve(xx, xy, yy, xq, yq, mean_u, mean_v, self.min_eigenvalue)
        return u, v, eigenvalue / (eigenvalue + np.float32(self.min_eigenvalue))

    def _finish(self, flow: Flow) -> Flow:
        """Leave the gaps that `min_confidence` asks for."""
        unsure = np.asarray(flow.confidence) < np.float32(self.min_confidence)
        return replace(flow, px=np.where(unsure[..., None], np.float32(np.nan), flow.px))
