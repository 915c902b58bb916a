"""ETH3D's high-resolution multi-view benchmark: posed images with laser depth (Schöps et al., CVPR 2017)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import io
from ..cameras import Camera, inverse
from ..io._files import below, naming
from ..samples import Clip, DepthSample
from ._base import Listed
from ._files import depth_map, fitting
from ._thin_prism import read_raw_depth, read_thin_prism, seen_by

_POSES = "dslr_calibration_undistorted"


class ETH3DMultiView(Listed[DepthSample, tuple[Path, Path]]):
    """One sample per undistorted image, named ``courtyard/DSC_0286``: its camera, depth, and the views next to it.

    Truth was rendered for the images as recorded. Here it is that of the pixel of the recorded image that sees along
    the same ray, the nearest one: depth z is the same for both. ``dslr_calibration_jpg`` tells that lens, under
    the id that the undistorted camera has, which nobody promises. The clip has up to `around` images before and after,
    by name, with their poses in metres.

    Args:
        path: the folder of scenes (``multi_view_training_dslr_undistorted``), or a scene.
        around: images before and after a sample's that its clip has.

    Raises:
        DatasetError: when there is no image; the message tells the layout. ValueError for a negative number.
    """

    layout = (
        "courtyard/images/dslr_images_undistorted/DSC_0286.JPG, dslr_calibration_undistorted/cameras.txt and "
        "images.txt, truth in ground_truth_depth/dslr_images/DSC_0286.JPG (raw float32) with dslr_calibration_jpg/"
    )

    def __init__(self, path: str | Path, *, around: int = 2) -> None:
        if around < 0:
            raise ValueError(f"around is {around}; it must be at least 0")
        self.around = around
        self._models: dict[Path, io.ColmapModel] = {}
        super().__init__(path)

    def _found(self) -> dict[str, tuple[Path, Path]]:
        files = (
            (scene, file)
            for scene in (self.path, *sorted(self.path.glob("*/")))
            for file in sorted((scene / "images" / "dslr_images_undistorted").glob("*"))
        )
        return {f"{scene.resolve().name}/{file.stem}": (scene, file) for scene, file in files}

    def _model(self, scene: Path) -> io.ColmapModel:
        if scene not in self._models:
            self._models[scene] = io.read_colmap(scene / _POSES)
        return self._models[scene]

    def read(self, name: str) -> DepthSample:
        """Read one image with the images around it."""
        scene, file = self._of(name)
        model, listing = self._model(scene), scene / _POSES / "images.txt"
        views = {Path(each.name).name: each for each in model.images.values()}
        if file.name not in views:
            raise io.FormatError(listing, f"has no image {file.name}", "the pose of every image")
        order = sorted(views)
        at = order.index(file.name)
        chosen = order[max(0, at - self.around) : at + self.around + 1]
        files = [below(scene / "images", views[each].name, listing) for each in chosen]
        images, cameras = [], []
        for each, path in zip(chosen, files, strict=True):
            camera = model.cameras[views[each].camera_id]
            if not isinstance(camera, Camera):
                raise io.FormatError(
                    scene / _POSES / "cameras.txt", f"has a {type(camera).__name__}", "PINHOLE cameras"
                )
            images.append(io.read_image(path))
            fitting(path, (camera.height, camera.width), images[-1])
            cameras.append(camera)
        k = chosen.index(file.name)
        with naming(listing, "poses of images"):
            poses = np.stack([inverse(views[each].T_camera_world) for each in chosen])
        truth = scene / "ground_truth_depth" / "dslr_images" / file.name
        depth = None
        if truth.is_file():
            lens = scene / "dslr_calibration_jpg" / "cameras.txt"
            size, parameters = read_thin_prism(lens, views[file.name].camera_id)
            depth = depth_map(truth, seen_by(read_raw_depth(truth, size), parameters, cameras[k]), images[k])
        clip = Clip(frames=tuple(images), cameras=tuple(cameras), T_world_cam=poses, reference=k)
        return DepthSample(name=name, image=images[k], camera=cameras[k], depth=depth, clip=clip)
