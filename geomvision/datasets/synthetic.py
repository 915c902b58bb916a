"""Rendered scenes with exact truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cameras import Array, inverse
from ..images import Mask
from ..results import Depth, Disparity, Flow
from ..samples import Clip, DepthSample, FlowSample, PoseSample, Sample, SceneFlowSample, StereoSample
from ._builder import PERIODIC, POOR
from ._clips import rendered_clip
from ._options import SceneOptions
from ._pairs import Pair, left_view, motion_pair, stereo_pair
from ._render import SKY, Hits, Sight, namespace
from ._stereo_motion import stereo_motion

_HARD: Mapping[str, Any] = {
    "textureless": (0.0, 0.6),
    "repetition": (0.0, 0.2),
    "specular": (0.0, 0.7),
    "exposure": (-0.4, 0.4),
    "noise": (0.3, 3.0),
    "blur": (0.2, 1.0),
}
_HARD_RIG: Mapping[str, Any] = {"vertical_misalignment": (-0.4, 0.4), "rotation": (-0.1, 0.1)}


@dataclass(frozen=True, kw_only=True)
class Synthetic(SceneOptions):
    """Ray-cast scenes whose disparity, flow, depth and occlusion are known at every pixel.

    ``Synthetic(seed=7)[0]`` is a stereo pair; "flow", "depth", "scene_flow" and "pose" are the other tasks. The same
    seed, index and options give the same bytes on every machine and in every process. Truth is that of the exact
    ray through each pixel centre; the pictures, uint8 RGB, are anti-aliased, blurred and noisy. The options are
    those of `SceneOptions`; what they ask for is checked (ValueError).
    """

    @classmethod
    def hard(cls, **options: Any) -> Synthetic:
        """Scenes with more of every failure, a rig that is slightly off among them; `options` override."""
        rig = _HARD_RIG if options.get("task", "stereo") in ("stereo", "depth") else {}
        return cls(**{**_HARD, **rig, **options})

    def __len__(self) -> int:
        return int(self.count)

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Sample:
        if self.task == "stereo":
            return self.stereo(index)
        if self.task == "scene_flow":
            return self.scene_flow(index)
        if self.task == "pose":
            return self.two_views(index)
        return self.flow(index) if self.task == "flow" else self.depth(index)

    def stereo(self, index: int) -> StereoSample:
        """Sample `index` as a stereo pair.

        Disparity is what is measured along x between the two images as they are, also where a misaligned or
        rolled right camera breaks the epipolar rule or the views are swapped; `rig` is then what the pair claims
        to be. The sky has disparity 0. Masks name the objects, and what makes regions hard: "textureless",
        "repetitive", "specular", "thin", "sky", "mirror", "polished", "glass". On the last three, truth is that of
        the surface, not of what is seen in it or through it.
        """
        index = self._known(index)
        return self._stereo_sample(index, stereo_pair(self, index, namespace("numpy")))

    def flow(self, index: int) -> FlowSample:
        """Sample `index` as two frames of a moving scene. Flow is NaN for points that end up behind the camera."""
        index = self._known(index)
        pair = motion_pair(self, index, namespace("numpy"))
        grid_x, grid_y = np.meshgrid(np.arange(self.width), np.arange(self.height))
        x, y = pair.matches[0]
        masks = _masks(pair.sights[0], pair.hits[0])
        return FlowSample(
            name=f"synthetic-flow-{self.seed}-{index}",
            frame0=pair.images[0].astype(np.uint8),
            frame1=pair.images[1].astype(np.uint8),
            camera=pair.sights[0].view.camera,
            flow=Flow(px=np.stack([x - grid_x, y - grid_y], axis=-1), occluded=pair.occluded[0]),
            occluded=pair.occluded[0],
            masks=masks,
            things=_things(masks, pair.sights[0]),
        )

    def scene_flow(self, index: int) -> SceneFlowSample:
        """Sample `index` as two stereo pairs of the scene that `flow` moves, with the truth of every pixel of left0.

        The mask "moving" tells things that move by themselves. The sky has disparity 0. NaN for points that end up
        behind a camera.
        """
        index = self._known(index)
        found = stereo_motion(self, index, namespace("numpy"))
        row, column = np.mgrid[: self.height, : self.width].astype(np.float64)
        (x, y, gone), (x_right, _, hidden) = found.in_left1, found.in_right1
        before, later = found.before, found.left1_in_right1
        masks = _masks(before.sights[0], before.hits[0])
        return SceneFlowSample(
            name=f"synthetic-scene-flow-{self.seed}-{index}",
            left0=before.images[0].astype(np.uint8),
            right0=before.images[1].astype(np.uint8),
            left1=found.left1.astype(np.uint8),
            right1=found.right1.astype(np.uint8),
            rig=before.rig,
            disparity0=Disparity(px=column - before.matches[0][0] + 0.0, occluded=before.occluded[0]),
            disparity1=Disparity(px=np.asarray(x - x_right + 0.0, np.float32), occluded=gone | hidden),
            disparity_of_left1=Disparity(px=column - later[0] + 0.0, occluded=later[2]),
            flow=Flow(px=np.stack([x - column, y - row], axis=-1), occluded=gone),
            T_1_0=found.T_1_0,
            max_disparity=int(self.max_disparity),
            masks={**masks, "moving": found.moving},
            things=_things(masks, before.sights[0]),
        )

    def depth(self, index: int) -> DepthSample:
        """Sample `index` as one image with metric depth (NaN in the sky) and, with `with_pair`, the pair it belongs to.

        Height and horizon are known where there is a ground, as with ``task="depth"``, and the camera does not roll.
        """
        index = self._known(index)
        stereo = None
        if self.with_pair:
            pair = stereo_pair(self, index, namespace("numpy"))
            sight, hits, stereo = pair.sights[0], pair.hits[0], self._stereo_sample(index, pair)
            image, masks = stereo.left, stereo.masks
        else:
            view = left_view(self, index, namespace("numpy"))
            sight, hits, image = view.sight, view.hits, view.image.astype(np.uint8)
            masks = _masks(sight, hits)
        level = sight.view.T_camera_world[:3, 2]  # the world's forward direction
        upright = abs(float(sight.view.T_camera_world[0, 1])) < 1e-9
        camera, down = sight.view.camera, sight.view.T_camera_world[:3, 1]
        return DepthSample(
            name=f"synthetic-depth-{self.seed}-{index}",
            image=image,
            camera=camera,
            depth=_depth(hits.q),
            stereo=stereo,
            camera_height_m=sight.scene.ground_y,
            horizon_px=camera.cy + camera.fy * float(level[1] / level[2]) if upright else None,
            down=(float(down[0]), float(down[1]), float(down[2])),
            masks=masks,
            things=_things(masks, sight),
        )

    def clip(self, index: int, frames: int = 5) -> list[DepthSample]:
        """Scene `index` as a clip of a camera that passes it, nothing else moving: one sample for each frame.

        Each knows its depth (NaN in the sky) and the whole clip with exact poses. From the first to the last frame the
        camera moves by four baselines of the stereo pair of the same index. ValueError for fewer than two frames.
        """
        if frames < 2:
            raise ValueError(f"frames is {frames}; a clip has at least 2")
        index = self._known(index)
        rendered = rendered_clip(self, index, frames, namespace("numpy"))
        images = tuple(frame.astype(np.uint8) for frame in rendered.frames)
        return [
            DepthSample(
                name=f"synthetic-clip-{self.seed}-{index}-{k}",
                image=images[k],
                camera=rendered.camera,
                depth=_depth(q),
                clip=Clip(frames=images, cameras=rendered.camera, T_world_cam=rendered.T_world_cam, reference=k),
            )
            for k, q in enumerate(rendered.inverse_depths)
        ]

    def two_views(self, index: int) -> PoseSample:
        """The first and last frame of `clip` with the exact pose between them, and the depth of both."""
        index = self._known(index)
        rendered = rendered_clip(self, index, 2, namespace("numpy"))
        before, after = rendered.T_world_cam
        return PoseSample(
            name=f"synthetic-pose-{self.seed}-{index}",
            image0=rendered.frames[0].astype(np.uint8),
            image1=rendered.frames[1].astype(np.uint8),
            camera0=rendered.camera,
            camera1=rendered.camera,
            T_1_0=inverse(after) @ before,
            depth0=_depth(rendered.inverse_depths[0]),
            depth1=_depth(rendered.inverse_depths[1]),
        )

    def poses(self, index: int) -> dict[str, Array]:
        """Motions of a flow sample, T_1_0 from camera 0 to camera 1: of the "world", and of each object by name."""
        here, there = motion_pair(self, self._known(index), namespace("numpy")).sights
        motions = {"world": there.view.T_camera_world @ inverse(here.view.T_camera_world)}
        for k, thing in enumerate(here.scene.objects):
            motions[thing.name] = there.T_camera_object[k] @ inverse(here.T_camera_object[k])
        return motions

    def batch(self, indices: Sequence[int], device: Any = "cpu") -> dict[str, Any]:
        """Stereo pairs as torch tensors on `device`; numpy renders for the CPU, torch for any other device.

        Returns ``left``, ``right`` float32 (B, 3, H, W) in [0, 1], and of the left view ``disparity`` float32
        (B, H, W) in pixels and ``occluded`` bool (B, H, W).
        """
        import torch

        xp = namespace("numpy" if torch.device(device).type == "cpu" else "torch")
        pairs = [stereo_pair(self, self._known(index), xp, device, both=False) for index in indices]

        def stacked(maps: list[Any]) -> Any:
            return torch.stack([torch.as_tensor(m, device=device) for m in maps])

        column = torch.arange(self.width, dtype=torch.float64, device=device)
        return {
            "left": stacked([p.images[0] for p in pairs]).permute(0, 3, 1, 2) / 255.0,
            "right": stacked([p.images[1] for p in pairs]).permute(0, 3, 1, 2) / 255.0,
            "disparity": (column - stacked([p.matches[0][0] for p in pairs])).float(),
            "occluded": stacked([p.occluded[0] for p in pairs]),
        }

    def _known(self, index: int) -> int:
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} is outside a data set of {len(self)} scenes")
        return int(index) % len(self)

    def _stereo_sample(self, index: int, pair: Pair) -> StereoSample:
        column = np.arange(self.width, dtype=np.float64)
        left, right = column - pair.matches[0][0] + 0.0, pair.matches[1][0] - column + 0.0  # + 0: no negative zero
        masks = _masks(pair.sights[0], pair.hits[0])
        return StereoSample(
            name=f"synthetic-{self.seed}-{index}",
            left=pair.images[0].astype(np.uint8),
            right=pair.images[1].astype(np.uint8),
            rig=pair.rig,
            disparity=Disparity(px=left, occluded=pair.occluded[0]),
            disparity_right=Disparity(px=right, occluded=pair.occluded[1]),
            occluded=pair.occluded[0],
            max_disparity=int(self.max_disparity),
            masks=masks,
            things=_things(masks, pair.sights[0]),
        )


def _depth(q: Array) -> Depth:
    """Depth from inverse depth, which is 0 in the sky."""
    return Depth(m=np.where(q > 0, 1.0 / np.where(q > 0, q, 1.0), np.nan))


def _things(masks: Mapping[str, Mask], sight: Sight) -> tuple[str, ...]:
    """Names of the masks that are objects of the scene."""
    return tuple(sorted(masks.keys() & {thing.name for thing in sight.scene.objects}))


def _masks(sight: Sight, hits: Hits) -> Mapping[str, Mask]:
    """Regions of a view by object name, and by what makes them hard."""
    objects, index = sight.scene.objects, hits.index
    members: dict[str, list[int]] = {"sky": [SKY]}
    for k in (int(k) for k in np.unique(index) if k != SKY):
        name, material = objects[k].name, objects[k].material
        hard = {
            "textureless": material.kind in POOR,
            "repetitive": material.kind in PERIODIC,
            "specular": material.gloss > 0,
            "thin": name.startswith("rod"),
            material.optics: bool(material.optics),
        }
        for label in [name, *(label for label, applies in hard.items() if applies)]:
            members.setdefault(label, []).append(k)
    masks = {}
    for label, chosen in members.items():
        belongs = np.zeros(len(objects) + 1, dtype=bool)  # SKY = -1 is the last
        belongs[chosen] = True
        masks[label] = belongs[index]
    return {label: mask for label, mask in masks.items() if mask.any()}
