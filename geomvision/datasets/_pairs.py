"""From options and an index to a rendered pair of views with everything that is known about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..cameras import Camera, StereoRig, inverse, pose
from ._builder import Builder
from ._glazing import glazed
from ._layouts import LAYOUTS, SHARES, add_rods
from ._options import SceneOptions
from ._render import Hits, Sight, View, first_hits, occlusion, transfer
from ._scene import Scene, rotation, with_motion
from ._shade import blurred, exposed, radiance
from ._shapes import Array

#: Focal lengths as shares of the image's width.
_FOCAL = {"street": (0.55, 0.95), "room": (0.7, 1.2), "road": (0.55, 1.2)}


@dataclass(frozen=True, eq=False)
class Pair:
    """Two views of a scene. For each: what its pixels see, the picture (whole grey levels, float32 (H, W, 3)), where
    its pixels lie in the other view (x, y in pixels; NaN behind the camera), and whether that view does not see them.
    """

    sights: tuple[Sight, Sight]
    hits: tuple[Hits, Hits]
    images: tuple[Array, Array]
    matches: tuple[tuple[Array, Array], ...]
    occluded: tuple[Array, ...]
    rig: StereoRig | None = None


def stereo_pair(options: SceneOptions, index: int, xp: Any, device: Any = "cpu", *, both: bool = True) -> Pair:
    """Left and right view. With `both` false, truth is that of the left view only."""
    scene, camera, baseline = scene_of(options, index)
    for _ in range(4):  # the baseline gives way where something came too near
        rig = StereoRig.rectified(camera, baseline)
        views = _stereo_views(options, index, rig, scene)
        sights = [Sight(scene, view) for view in views]
        hits = [first_hits(xp, sight, device) for sight in sights]
        largest = camera.fx * baseline * max(float(xp.max(hit.q)) for hit in hits)
        if largest <= options.max_disparity:
            break
        baseline *= 0.98 * options.max_disparity / largest
    if options.swapped:
        rig = StereoRig(left=rig.right, right=rig.left, T_right_left=inverse(rig.T_right_left))
        sights, hits = sights[::-1], hits[::-1]
    pair = replace(_finish(options, index, xp, sights, hits), rig=rig)
    if not both:
        return pair
    x, y, hidden = match(xp, sights[1], sights[0], hits[1])
    return replace(pair, matches=(*pair.matches, (x, y)), occluded=(*pair.occluded, hidden))


@dataclass(frozen=True, eq=False)
class Single:
    """One view of a scene: what its pixels see, and the picture, as in `Pair`."""

    sight: Sight
    hits: Hits
    image: Array


def left_view(options: SceneOptions, index: int, xp: Any, device: Any = "cpu") -> Single:
    """The left view of `stereo_pair`, as it is there; the right one is not rendered."""
    scene, camera, _ = scene_of(options, index)
    sight = Sight(scene, View(camera, scene.T_camera_world))
    hits = first_hits(xp, sight, device)
    light = radiance(xp, [sight], [hits], options.supersampling)
    return Single(sight, hits, sensor(options, index, xp, light)[0])


def motion_pair(options: SceneOptions, index: int, xp: Any, device: Any = "cpu") -> Pair:
    """Frame 0 and frame 1 of a scene in which camera and objects move; truth is that of frame 0 only."""
    moving = moving_scene(options, index, xp, device)
    sights = [Sight(moving.scene, view) for view in moving.views]
    return _finish(options, index, xp, sights, [moving.hits, first_hits(xp, sights[1], device)])


@dataclass(frozen=True, eq=False)
class Moving:
    """A scene in motion, its camera at frames 0 and 1, the baseline in metres, and what frame 0 sees."""

    scene: Scene
    views: tuple[View, View]
    baseline: float
    hits: Hits


def moving_scene(options: SceneOptions, index: int, xp: Any, device: Any = "cpu") -> Moving:
    """Scene `index` with camera and objects moving."""
    scene, camera, baseline = scene_of(options, index)
    rng, pixels = options.random(index, 3), options.drawn(index)["motion"]
    still = View(camera, scene.T_camera_world)
    hits = first_hits(xp, Sight(scene, still), device)
    seen = hits.q[hits.q > 0]
    reach = pixels / (camera.fx * max(float(xp.mean(seen)) if seen.shape[0] else 0.0, 1e-6))
    step = np.round(rng.uniform(-1, 1, 3) * (0.7, 0.3, 2.0), 6) * round(reach, 6)
    turn = np.round(rng.uniform(-1, 1, 3) * (0.3, 0.5, 0.5) * np.degrees(pixels / camera.fx), 6)
    T_1_0 = pose(rotation(*(float(v) for v in turn)), step)
    scene = with_motion(scene, rng, pixels, camera)
    return Moving(scene, (still, View(camera, T_1_0 @ scene.T_camera_world, frame=1)), baseline, hits)


def scene_of(options: SceneOptions, index: int) -> tuple[Scene, Camera, float]:
    """The scene, the left camera and the baseline in metres."""
    drawn, rng = options.drawn(index), options.random(index, 0)
    names, shares = list(SHARES), np.array(list(SHARES.values()))
    if options.task == "depth":  # needs a ground
        shares = shares * [name != "clutter" for name in names]
    layout = str(rng.choice(names, p=shares / shares.sum()))
    layout = layout if options.layout == "mixed" else options.layout
    focal = options.width * float(np.round(rng.uniform(*_FOCAL.get(layout, (0.8, 1.5))), 6))
    width, height = int(options.width), int(options.height)
    camera = Camera(width=width, height=height, fx=focal, fy=focal, cx=0.5 * width - 0.5, cy=0.5 * height - 0.5)
    baseline = 0.54 if layout in ("street", "road") else float(np.round(rng.uniform(0.08, 0.25), 4))
    largest = options.max_disparity * float(rng.uniform(0.4, 1.0))
    if layout == "room":  # which has the size it has: about what is nearest gets the largest disparity
        baseline = float(np.round(largest * rng.uniform(0.5, 0.9) / focal, 4))
    builder = Builder(rng, camera, focal * baseline, drawn, level=options.task == "depth")
    scene = LAYOUTS[layout](builder, largest)
    rods = round(drawn["thin_rods"])
    if rods:
        builder.rng = options.random(index, 4)
        add_rods(builder, inverse(scene.T_camera_world), rods, 0.2 * largest, largest)
        scene = replace(scene, objects=tuple(builder.objects))
    if drawn["mirrors"] or drawn["panes"]:
        builder.rng = options.random(index, 6)
        scene = glazed(builder, scene, largest)
    if drawn["roll"]:
        scene = replace(scene, T_camera_world=pose(rotation(rz=round(drawn["roll"], 6))) @ scene.T_camera_world)
    return scene, camera, baseline


def _stereo_views(options: SceneOptions, index: int, rig: StereoRig, scene: Scene) -> list[View]:
    """The two views, the right one with the faults that the options ask for."""
    drawn = options.drawn(index)
    right = replace(rig.right, cy=rig.right.cy + drawn["vertical_misalignment"])
    T_right_left = pose(rotation(rz=drawn["rotation"])) @ rig.T_right_left
    return [View(rig.left, scene.T_camera_world), View(right, T_right_left @ scene.T_camera_world)]


def _finish(options: SceneOptions, index: int, xp: Any, sights: list[Sight], hits: list[Hits]) -> Pair:
    """Pictures of two views, and truth of the first."""
    if sights[0].view.frame == sights[1].view.frame:
        linear = radiance(xp, sights, hits, options.supersampling)
    else:
        linear = [radiance(xp, [s], [h], options.supersampling)[0] for s, h in zip(sights, hits, strict=True)]
    images = sensor(options, index, xp, linear)
    x, y, hidden = match(xp, sights[0], sights[1], hits[0])
    return Pair((sights[0], sights[1]), (hits[0], hits[1]), (images[0], images[1]), ((x, y),), (hidden,))


def match(xp: Any, here: Sight, there: Sight, seen: Hits) -> tuple[Array, Array, Array]:
    """Where the pixels of one view lie in the other (x, y), and which of them it does not see."""
    x, y, q = transfer(xp, here, there, seen)
    return xp.where(q >= 0, x, xp.nan), xp.where(q >= 0, y, xp.nan), occlusion(xp, there, x, y, q)


def sensor(options: SceneOptions, index: int, xp: Any, linear: list[Array]) -> list[Array]:
    """Lens and sensor: what two cameras, which take turns, make of the light."""
    drawn, rng = options.drawn(index), options.random(index, 1)
    gain = float(np.round(2.0 ** rng.uniform(-0.9, 0.5), 6))
    images = []
    for side, light in enumerate(linear):
        other = side % 2 == (0 if options.swapped else 1)
        factor = gain * float(np.round(2.0 ** drawn["exposure"], 9)) if other else gain
        grain = None
        if drawn["noise"] > 0:
            levels = rng.standard_normal(tuple(light.shape), dtype=np.float32) * np.float32(drawn["noise"])
            grain = xp.asarray(levels, device=light.device)
        images.append(exposed(xp, blurred(xp, light, drawn["blur"]), factor, grain))
    return images
