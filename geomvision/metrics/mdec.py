"""The monocular depth estimation challenge on SYNS-Patches (Spencer et al., WACVW 2023; TMLR 2022)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..images import Mask
from ..results import Depth as DepthMap
from ._base import Ratio, Score
from ._comparison import Float64, compare_depth
from ._depth_edges import depth_edges
from ._metric_depth import NEAREST_M, MetricDepth, average, percent, rooted

#: Metres: depths beyond the first are left out, points within the second of the other cloud are right.
CAP_M, RIGHT_M = 100.0, 0.1
#: Pixels: an edge of the estimate farther from every true one is another thing's.
NEAR_PX = 10.0


class MDEC(MetricDepth):
    """``F-score`` and ``IoU`` of point clouds, percent; ``MAE``, ``RMSE`` in metres, ``AbsRel`` in percent; edges.

    True depths from 1 mm to 100 m count, without crop; estimates are clipped to that range. With P the share of the
    estimate's points within 10 cm of a true one, and R of true ones within 10 cm of an estimated one (Örnek et al.,
    2022), F-score is 2PR / (P + R), IoU PR / (P + R − PR). Figures that end in ``edges`` are over true edges alone.

    Edges of the estimate are `depth_edges`; true ones the sample's mask "edges", else, where every pixel has truth,
    those of the truth. As in iBims-1 (Koch et al., ECCVW 2018), ``EdgeAcc`` is the mean distance in pixels from the
    estimate's edges to true ones, ``EdgeComp`` from true ones to the estimate's. Estimated edges 10 px and more from
    a true one count in neither way for EdgeAcc; without any nearer both are 10. The challenge bounds no distance of
    EdgeComp; ``EdgeComp-10px`` bounds each by 10 px.

    Where the sample has a `category`, its figures are told a second time with that name: means by kind of scene.
    """

    name: ClassVar[str] = "mdec"
    primary: ClassVar[str] = "F-score"
    missing_estimates: ClassVar[str] = (
        "left out of errors (the challenge takes dense maps alone) and of the estimate's cloud: true points there find "
        "no partner, which F-score and IoU count; no edge is found beside a gap"
    )

    def fits(self, sample: Any) -> bool:
        """Whether the sample says where edges are, or what scene it is, as the challenge's do; and has a camera."""
        told = getattr(sample, "category", None) is not None or "edges" in getattr(sample, "masks", {})
        return super().fits(sample) and told and getattr(sample, "camera", None) is not None

    def counted(self, sample: Any) -> DepthMap:
        """True depths in the range."""
        truth = super().counted(sample).m
        return DepthMap(m=np.where((truth > NEAREST_M) & (truth < CAP_M), truth, np.nan))

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one metric `Depth`.

        Raises TypeError for `RelativeDepth`, with the reason; ValueError where sizes differ.
        """
        pair = compare_depth(estimate, sample)
        scored = self.counted(sample).valid
        clipped = DepthMap(m=np.clip(pair.estimate, NEAREST_M, CAP_M))
        known = scored & pair.estimated
        figures: dict[str, Ratio] = {**_clouds(clipped, sample, scored), **_errors(clipped, sample, known)}
        edges = _true_edges(sample)
        if edges is not None:
            figures |= _edge_distances(depth_edges(clipped), edges & scored)
        if sample.category is not None:
            figures |= {f"{name} {sample.category}": ratio for name, ratio in figures.items()}
        if edges is not None:
            along = {**_clouds(clipped, sample, scored & edges), **_errors(clipped, sample, known & edges)}
            figures |= {f"{name} edges": ratio for name, ratio in along.items()}
        density = Ratio(float(np.count_nonzero(known)), float(np.count_nonzero(scored)), "percent")
        return {**figures, "density": density}


def _errors(estimate: DepthMap, sample: Any, region: Mask) -> dict[str, Ratio]:
    z, truth = (depth.m[region].astype(np.float64) for depth in (estimate, sample.depth))
    error = np.abs(z - truth)
    return {"MAE": average(error), "RMSE": rooted(error), "AbsRel": percent(error / truth)}


def _clouds(estimate: DepthMap, sample: Any, region: Mask) -> dict[str, Ratio]:
    """F-score and IoU of the clouds of the region."""
    if not region.any():
        return {name: Ratio(0.0, 0.0, "percent") for name in ("F-score", "IoU")}
    if sample.camera is None:
        raise ValueError(f"mdec makes clouds of depth, but sample {sample.name!r} has no camera")
    given, true = (depth.to_point_map(sample.camera).astype(np.float64) for depth in (estimate, sample.depth))
    right = np.linalg.norm(given - true, axis=2) < RIGHT_M  # the pixel's own partner spares the search
    known = region & estimate.valid
    precision = _share_near(given[known], true[region], right[known])
    recall = _share_near(true[region], given[known], right[region])
    product, total = precision * recall, precision + recall
    f, iou = (2 * product / total, product / (total - product)) if total > 0 else (0.0, 0.0)
    return {"F-score": Ratio(f, 1.0, "percent"), "IoU": Ratio(iou, 1.0, "percent")}


def _share_near(points: Float64, others: Float64, known: Mask) -> float:
    """Share of the points that have one of the others nearer than 10 cm; of some it is `known` already."""
    from scipy.spatial import cKDTree

    if not len(points) or not len(others):
        return 0.0
    tree = cKDTree(others, balanced_tree=False, compact_nodes=False)
    distances, _ = tree.query(points[~known], distance_upper_bound=1.01 * RIGHT_M, workers=-1)
    return float(np.count_nonzero(known) + np.count_nonzero(distances < RIGHT_M)) / len(points)


def _true_edges(sample: Any) -> Mask | None:
    """The sample's, else those of a truth without gaps, else None."""
    edges: Mask | None = sample.masks.get("edges")
    if edges is None:
        return depth_edges(sample.depth) if sample.depth.valid.all() else None
    if edges.shape != sample.depth.size:
        raise ValueError(f"the mask 'edges' has shape {edges.shape}; the truth has {sample.depth.size}")
    return edges


def _edge_distances(given: Mask, true: Mask) -> dict[str, Ratio]:
    from scipy import ndimage

    if not true.any():
        return {name: Ratio(0.0, 0.0) for name in ("EdgeAcc", "EdgeComp", "EdgeComp-10px")}
    to_true: Float64 = ndimage.distance_transform_edt(~true)
    near = given & (to_true < NEAR_PX)
    if not near.any():
        return {name: Ratio(NEAR_PX, 1.0) for name in ("EdgeAcc", "EdgeComp", "EdgeComp-10px")}
    to_given: Float64 = ndimage.distance_transform_edt(~given)[true]
    return {
        "EdgeAcc": average(to_true[near]),
        "EdgeComp": average(to_given),
        "EdgeComp-10px": average(np.minimum(to_given, NEAR_PX)),
    }
