"""Recipes of depth that is learnt without truth, from a clip, from pairs, or from a rig of cameras over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ._recipe_checks import AT_LEAST_ONE, SHARE, entry
from .recipe import Recipe

#: Where poses of frames come from.
POSES = ("net", "steps", "solved")
#: What is left out of the second of two rounds.
LEFT_OUT = ("", "frames", "pixels")


@dataclass(frozen=True, kw_only=True)
class DepthAdaptationRecipe(Recipe):
    """For depth nets that learn from images of a moving camera, or of several, without truth.

    `width` is the longer side of what the net sees, as its method's `side_px`; `height` is left to the frames' shape.
    """

    #: Of each camera, at most.
    frames: int = entry(AT_LEAST_ONE)
    #: Of a clip: frames between the one that is learnt and those before and after it, from … to.
    gap: tuple[int, int] = (1, 1)
    #: Of a clip "net": a net learns how the camera moved, beside the depth; "steps": the motion from each
    #: frame to the next is six numbers that are learnt; "solved": `depth.FromMotion` finds all
    #: poses first, from matched points, which takes a camera that is known.
    poses: str = "net"
    #: Channels of the pose net's finest features.
    pose_width: int = entry(AT_LEAST_ONE, 16)
    #: Of pairs and rigs: whether frames before and after count, too, and those of the other cameras at those times.
    over_time: bool = False
    #: Share of the steps at which the net only learns to say one depth: from where it then begins, views overlap.
    settle: float = entry(SHARE, 0.0)
    #: Share of the steps at which each estimate is compared at its own size (`losses.monocular.self_supervised`).
    coarse_share: float = entry(SHARE, 0.0)
    #: Estimates that are compared at full size, the finest ones; 0: all.
    scales: int = 0
    #: Whether the least cost over the views counts, and pixels alone that warping makes more alike.
    least: bool = True
    mask: bool = True
    #: Weights of smoothness, and how much less it counts at edges, per grey level.
    smooth: float = 1e-3
    edge: float = 1 / 255
    #: Weights of the agreement of frames' depths (`losses.rigid.depth_consistency`), and of their clouds of points
    #: (`losses.point_clouds`); each asks the net for a second depth.
    consistent: float = 0.0
    points: float = 0.0
    #: Of pairs: a stereo method ("sgm") whose depth is learnt where it explains a pair better than the net's (Watson et
    #: al.: depth hints, ICCV 2019), and the weight of that; "": none. It takes rectified pairs.
    hints: str = ""
    hinted: float = 1.0
    #: How much colours of what the nets see may differ from those that are compared: logarithm of a gain.
    jitter: float = 0.0
    #: The camera's numbers are learnt beside the depth, from those given, or from a field of view of 53°.
    learn_camera: bool = False
    #: Two rounds: what a first training makes infinitely deep, below the ground (`holes` of it are more than `beneath`
    #: times as far as the ground that they hide), is left out of a second one, which begins anew. "frames": those of
    #: which more than `hole_share` are holes; "pixels": the holes, grown by `hole_margin` pixels; "": one round.
    infinite: str = ""
    beneath: float = 1.5
    hole_share: float = entry(SHARE, 0.005)
    hole_margin: int = 2
    #: Steps of the first round; 0: as many as of the second.
    first_steps: int = 0
    #: A flow net that competes with depth and motion for pixels, from its shipped weights ("pwc_small"); a mask net
    #: says whose they are (Ranjan et al., CVPR 2019; `losses.moving`). "": what moves is learnt like the rest.
    flow: str = ""
    #: The share of the learning rate that the flow net, which has learnt before, learns at.
    flow_rate: float = entry(SHARE, 0.1)
    #: Channels of the mask net; λ_M, λ_C and λ_c of `losses.moving`; weight of the agreement of flow with depth and
    #: motion where nothing moves by itself.
    mask_width: int = entry(AT_LEAST_ONE, 16)
    prior: float = 0.005
    consensus: float = 0.3
    tolerance_px: float = 1.0
    agree: float = 0.0
    #: What the frames are, their cameras, and what was started from, by their hashes: filled in.
    source: str = ""
    start: str = ""
    #: Arguments of the pose net beside its width.
    pose_network: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.poses not in POSES:
            raise ValueError(f"poses is {self.poses!r}; it must be one of {', '.join(map(repr, POSES))}")
        if self.infinite not in LEFT_OUT:
            raise ValueError(f"infinite is {self.infinite!r}; it must be one of {', '.join(map(repr, LEFT_OUT))}")
        if self.beneath <= 1:
            raise ValueError(f"beneath is {self.beneath}; it must be above 1: the ground itself is no hole")
        if len(self.gap) != 2 or not 1 <= self.gap[0] <= self.gap[1]:
            raise ValueError(f"gap is {tuple(self.gap)}; it must be two whole numbers, 1 ≤ from ≤ to")
        if self.learn_camera and self.poses == "solved":
            raise ValueError("poses are solved with a camera that is known; with learn_camera take poses = 'net'")
