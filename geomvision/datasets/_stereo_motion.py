"""Two pairs of a stereo rig, one after the other, of a scene in which camera and objects move."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..cameras import Array, StereoRig, inverse
from ..images import Mask
from ._options import SceneOptions
from ._pairs import Pair, match, moving_scene, sensor
from ._render import Hits, Sight, first_hits
from ._shade import radiance


@dataclass(frozen=True, eq=False)
class StereoMotion:
    """Left and right of frame 0 as a pair with truth; the pictures of frame 1; and where left0's points are there."""

    before: Pair
    left1: Array
    right1: Array
    #: x, y and whether it is hidden, of each pixel of left0 in left1 and in right1; of left1 in right1.
    in_left1: tuple[Array, Array, Mask]
    in_right1: tuple[Array, Array, Mask]
    left1_in_right1: tuple[Array, Array, Mask]
    T_1_0: Array
    #: Pixels of left0 on objects that move by themselves.
    moving: Mask


def stereo_motion(options: SceneOptions, index: int, xp: Any) -> StereoMotion:
    """Scene `index` in motion, which is the one of `motion_pair`, seen by two cameras."""
    found = moving_scene(options, index, xp)
    left = [Sight(found.scene, view) for view in found.views]
    hits = [found.hits, first_hits(xp, left[1])]
    camera = found.views[0].camera
    nearest = max(float(xp.max(hit.q)) for hit in hits)
    # The baseline gives way where something came too near.
    baseline = min(found.baseline, 0.98 * options.max_disparity / (camera.fx * max(nearest, 1e-9)))
    rig = StereoRig.rectified(camera, baseline)
    right = [
        Sight(found.scene, replace(view, camera=rig.right, T_camera_world=rig.T_right_left @ view.T_camera_world))
        for view in found.views
    ]
    others = [first_hits(xp, sight) for sight in right]
    light: list[Any] = []
    for k in (0, 1):
        light += radiance(xp, [left[k], right[k]], [hits[k], others[k]], options.supersampling)
    images = sensor(options, index, xp, light)
    x, y, hidden = match(xp, left[0], right[0], hits[0])
    before = Pair((left[0], right[0]), (hits[0], others[0]), (images[0], images[1]), ((x, y),), (hidden,), rig)
    return StereoMotion(
        before=before,
        left1=images[2],
        right1=images[3],
        in_left1=match(xp, left[0], left[1], hits[0]),
        in_right1=match(xp, left[0], right[1], hits[0]),
        left1_in_right1=match(xp, left[1], right[1], hits[1]),
        T_1_0=found.views[1].T_camera_world @ inverse(found.views[0].T_camera_world),
        moving=_moving(left[0], hits[0]),
    )


def _moving(sight: Sight, hits: Hits) -> Mask:
    moves = [np.abs(thing.T_world_object(1) - thing.T_world_object(0)).max() > 1e-12 for thing in sight.scene.objects]
    return np.asarray(np.array([*moves, False])[np.asarray(hits.index)])  # SKY = -1 is the last
