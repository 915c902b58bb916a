"""A rendered clip: one camera on its way past a scene that stands still, poses and depths known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cameras import Array, Camera, inverse, pose
from ._options import SceneOptions
from ._pairs import scene_of
from ._render import Sight, View, first_hits
from ._scene import rotation
from ._shade import blurred, exposed, radiance


@dataclass(frozen=True, eq=False)
class Rendered:
    """The frames of a clip, their inverse depths (0 in the sky), and the poses of the camera in the world, metres."""

    frames: list[Array]
    inverse_depths: list[Array]
    camera: Camera
    T_world_cam: Array


def rendered_clip(options: SceneOptions, index: int, frames: int, xp: Any) -> Rendered:
    """The camera passes the scene by two baselines to either side, swaying, and turning back a little."""
    scene, camera, baseline = scene_of(options, index)
    drawn, rng = options.drawn(index), options.random(index, 5)
    gain = float(np.round(2.0 ** rng.uniform(-0.9, 0.5), 6))
    sway = np.round(rng.uniform(-1.0, 1.0, 6), 4)
    images, depths, poses = [], [], []
    for along in np.round(np.linspace(-1.0, 1.0, frames), 6):
        curve = along * along - 0.5
        step = 2.0 * baseline * np.array([along, 0.3 * sway[0] * along + 0.3 * sway[1] * curve, 0.4 * sway[2] * along])
        turn = rotation(2.0 * sway[3] * along, -3.0 * along + 1.0 * sway[4] * curve, 2.0 * sway[5] * along)
        T_camera_world = inverse(pose(turn, step)) @ scene.T_camera_world
        sight = Sight(scene, View(camera, T_camera_world))
        hits = first_hits(xp, sight)
        light = radiance(xp, [sight], [hits], options.supersampling)[0]
        grain = None
        if drawn["noise"] > 0:
            grain = rng.standard_normal(tuple(light.shape), dtype=np.float32) * np.float32(drawn["noise"])
        images.append(exposed(xp, blurred(xp, light, drawn["blur"]), gain, grain))
        depths.append(hits.q)
        poses.append(inverse(T_camera_world))
    return Rendered(images, depths, camera, np.stack(poses))
