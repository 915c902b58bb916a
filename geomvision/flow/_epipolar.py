"""The steps of `EpipolarFlow`: range of inverse depth, a plane sweep from either frame, what both agree on, flow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import ops
from ..cameras import Array, CameraModel, inverse
from ..depth import _sweep_reference
from ..depth._agreement import Witness, confirmed
from ..depth._sweep import Limits, Planes, Source, Swept, sweep
from ..geometry import rigid_flow
from ..images import Float32
from ..results import Depth, Flow
from ..trace import Trace

if TYPE_CHECKING:
    from .epipolar_flow import EpipolarFlow

#: Points at infinity are given this share of a step of inverse depth.
NEXT_TO_NONE = 1e-6
#: Rays that the range is measured with: every so many pixels at most, along each side.
SPARSE = 32


@dataclass(frozen=True, eq=False)
class View:
    """A frame as bytes, its camera and the rays (3, H, W) of its pixels, z = 1."""

    grey: Any
    camera: CameraModel
    rays: Float32

    @classmethod
    def of(cls, grey: Any, camera: CameraModel) -> View:
        """The view of one frame."""
        rays = np.moveaxis(camera.unproject(camera.pixel_grid()), 2, 0)
        return cls(grey, camera, np.ascontiguousarray(rays, np.float32))


def run(method: EpipolarFlow, views: tuple[View, View], T_1_0: Array, trace: Trace) -> Flow:
    """Flow from view 0 to view 1, recording every stage."""
    first, second = views
    if not np.any(T_1_0[:3, 3]):  # the camera only turns: one place for every pixel, whatever its depth
        flow = rigid_flow(Depth(m=np.ones(first.grey.shape, np.float32)), first.camera, T_1_0, second.camera)
        return replace(flow, confidence=flow.valid.astype(np.float32))
    found = _swept(method, first, second, T_1_0)
    trace.record("sweep", found.q, "1/length of T_1_0", "inverse depth of frame 0, along each epipolar line")
    trace.record("margin", found.margin, "", "how far the best sum of costs lies below the second best")
    q, confidence = found.q, found.margin.copy()
    if method.check:
        back = _swept(method, second, first, inverse(T_1_0))
        trace.record("sweep back", back.q, "1/length of T_1_0", "inverse depth of frame 1")
        witness = Witness(back, second.camera, T_1_0)
        q = confirmed(found, first.rays, [witness], method.tolerance, method.speckle).q
        trace.record("confirmed", q, "1/length of T_1_0", "what both frames agree on")
    confidence[np.isnan(q)] = 0
    if method.fill == "background":
        q = ops.fill_background(q, np.isnan(q), num_threads=method.num_threads)
        trace.record("filled", q, "1/length of T_1_0", "gaps from what lies around and behind")
    depth = Depth(m=(1.0 / np.maximum(q, NEXT_TO_NONE * found.step)).astype(np.float32), confidence=confidence)
    flow = rigid_flow(depth, first.camera, T_1_0, second.camera)
    trace.record("flow", flow.px, "px", "where the points are in frame 1")
    return flow


def _swept(method: EpipolarFlow, view: View, other: View, T_other_view: Array) -> Swept:
    """Inverse depth of a view, points at infinity among them: the sweep refuses its first and last hypothesis."""
    source = Source.of(other.grey, other.camera, T_other_view)
    near, far = _range(method, view.rays, source, T_other_view)
    planes = Planes.between(near, far, view.rays, [source], method.step, method.planes)
    beyond = max(0.0, planes.step - planes.first)  # as z = 1 on every ray, M·r − s·b = (M − s·b·e₃ᵀ)·r moves q by s
    shifted = source.M.copy()
    shifted[:, 2] -= np.float32(beyond) * source.b
    around = Planes(planes.first - planes.step + beyond, planes.step, planes.count + 2)
    limits = Limits(contrast=method.contrast, min_parallax=0.0, speckle=method.speckle, num_threads=method.num_threads)
    backend = _sweep_reference.sweep if method.chosen_backend().name == "reference" else sweep
    found = backend(view.grey, view.rays, [replace(source, M=shifted)], around, limits)
    q = found.q - np.float32(beyond)
    return Swept(np.where(q == 0, np.float32(NEXT_TO_NONE * found.step), q), found.margin, found.step)


def _range(method: EpipolarFlow, rays: Float32, source: Source, T: Array) -> tuple[float, float]:
    """Nearest and farthest depth: as told, else from `max_parallax`, no nearer than the frames are to each other."""
    far = method.max_depth or float("inf")
    if method.min_depth:
        return method.min_depth, far
    steps = (max(1, side // SPARSE) for side in rays.shape[1:])
    sparse = np.ascontiguousarray(rays[(slice(None), *(slice(None, None, step) for step in steps))])
    farthest, nearest = 1.0 / far, 1.0 / float(np.linalg.norm(T[:3, 3]))
    nearest = max(nearest, 2.0 * farthest)
    if _parallax(source, sparse, nearest) > method.max_parallax:
        least, most = farthest, nearest
        for _ in range(40):
            nearest = 0.5 * (least + most)
            if _parallax(source, sparse, nearest) > method.max_parallax:
                most = nearest
            else:
                least = nearest
    return 1.0 / nearest, far


def _parallax(source: Source, rays: Float32, q: float) -> float:
    """Pixels between a point at inverse depth q and one at infinity, of nine in ten that are seen; 0 where none is."""
    moved = source.parallax(rays, q)
    seen = source.places(rays, q)[2]
    return float(np.percentile(moved[seen], 90)) if seen.any() else float("inf")
