"""MegaDepth: depth of photographs of landmarks up to scale, by COLMAP (Li & Snavely, CVPR 2018). Needs h5py."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import io
from ..cameras import Camera
from ..images import Image
from ..io._arrays import read_hdf5
from ..io._files import naming
from ..results import RelativeDepth
from ..samples import DepthSample
from ._base import Listed
from ._files import fitting, if_there, pictures

_DEPTH = "HDF5 with 'depth' (H, W)"


class MegaDepth(Listed[DepthSample, tuple[Path, Path]]):
    """One sample per photograph, named ``0000/dense0/NAME``; its depth is `relative`, up to the model's scale.

    What is not positive is unknown. Maps that hold negative numbers mark what is before and behind and have no depth;
    such samples are without truth: what their numbers stand for could not be made sure.

    Args:
        path: the folder ``MegaDepth_v1``, one that holds it as ``phoenix/S6/zl548/MegaDepth_v1``, or a scene.
        models: the folder of COLMAP models of the same, undistorted images, ``SCENE/sparse/cameras.txt`` (as
            ``Undistorted_SfM``); then samples have cameras where the size is the image's. None: no cameras.

    Raises:
        DatasetError: when there is no photograph with depth; the message tells the layout.
    """

    layout = "0000/dense0/imgs/NAME.jpg and 0000/dense0/depths/NAME.h5"

    def __init__(self, path: str | Path, *, models: str | Path | None = None) -> None:
        self.models = None if models is None else Path(models)
        self._read: dict[str, dict[str, Camera]] = {}
        super().__init__(path)

    def _found(self) -> dict[str, tuple[Path, Path]]:
        inner = self.path / "phoenix" / "S6" / "zl548" / "MegaDepth_v1"
        root, found = inner if inner.is_dir() else self.path, {}
        for folder in sorted(root.glob("**/dense*/imgs")):
            for file in pictures(folder):
                truth = if_there(folder.parent / "depths" / f"{file.stem}.h5")
                if truth is not None:
                    scene = folder.parent.resolve()
                    found[f"{scene.parent.name}/{scene.name}/{file.stem}"] = (file, truth)
        return found

    def read(self, name: str) -> DepthSample:
        """Read one photograph."""
        file, truth = self._of(name)
        image = io.read_image(file)
        scene = name.partition("/")[0]
        camera = None if self.models is None else self._cameras(self.models, scene).get(file.name)
        if camera is not None and (camera.height, camera.width) != image.shape[:2]:
            camera = None
        return DepthSample(name=name, image=image, camera=camera, relative=_depth(truth, image))

    def _cameras(self, models: Path, scene: str) -> dict[str, Camera]:
        if scene not in self._read:
            model = io.read_colmap(models / scene / "sparse")
            views = ((Path(view.name).name, model.cameras[view.camera_id]) for view in model.images.values())
            self._read[scene] = {name: camera for name, camera in views if isinstance(camera, Camera)}
        return self._read[scene]


def _depth(path: Path, image: Image) -> RelativeDepth | None:
    values = read_hdf5(path, "depth", _DEPTH)
    fitting(path, values.shape, image)
    if (values < 0).any():
        return None
    with naming(path, _DEPTH), np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
        known = np.isfinite(narrow) & (narrow > 0)
        return RelativeDepth(values=np.where(known, narrow, np.nan), kind="depth_scale")
