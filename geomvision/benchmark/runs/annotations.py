"""Masks by class from an annotation tool's export, for the samples of any data set of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from ...datasets._folder_parts import read_objects
from ...images import Image
from ...io.masks import masked_images
from ...samples import DepthSample, FlowSample, PointsSample, PoseSample, Sample, SceneFlowSample, StereoSample

#: What readers call a sample's first image, in the folder that has the sample's name.
STEMS = ("left", "im0", "view1", "im2", "frame0", "color", "rgb", "image")


class Annotated:
    """A data set whose samples get masks by class, as far as the export names their first images.

    An image is meant by the sample's name ("000000_10", "alley_1/frame_0001"), or by a name of `STEMS` in a folder that
    is called so ("Adirondack/im0"); folders before and the ending may be there or not.

    Args:
        dataset: as a reader opened it.
        names: of its samples.
        path: COCO's .json or CVAT's .xml.

    Raises:
        FormatError: for a file that is none, or damaged.
        ValueError: when the export names no sample at all, or two images by what may be one sample's.
    """

    def __init__(self, dataset: Any, names: Sequence[str], path: Path) -> None:
        self._dataset, self._path, self.names = dataset, path, names
        images = masked_images(path)
        index: dict[tuple[str, ...], set[str]] = {}
        for image in images:
            whole = PurePosixPath(image)
            for parts in (whole.parts, (whole.parent / whole.stem).parts):
                for begin in range(len(parts)):
                    index.setdefault(parts[begin:], set()).add(image)
        self._called = {name: self._chosen(index, name) for name in names}
        if not any(self._called.values()):
            told = f"its images are called {', '.join(images[:3]) or 'nothing'}, the samples {', '.join(names[:3])}"
            wanted = f"NAME, or NAME/{STEMS[0]}, NAME/{STEMS[1]}, …"
            raise ValueError(
                f"{path} names no sample of the data set: {told}; an image is called as its sample, {wanted}"
            )

    def _chosen(self, index: dict[tuple[str, ...], set[str]], name: str) -> str | None:
        """What the export calls the first image of a sample."""
        folder, *rest = name.split("/", 1)
        frames = [f"{folder}/{stem}_{rest[0]}" for stem in STEMS] if rest else []
        for asked in (name, *(f"{name}/{stem}" for stem in STEMS), *frames):
            found = index.get(PurePosixPath(asked).parts, set())
            if len(found) > 1:
                told = f"{len(found)} images that may be the sample {name!r}: {', '.join(sorted(found)[:3])}"
                raise ValueError(f"{self._path} has {told}; call them by their folders, too")
            if found:
                return next(iter(found))
        return None

    def __len__(self) -> int:
        return len(self.names)

    def read(self, name: str) -> Any:
        """The sample as its data set has it."""
        return self._dataset.read(name) if hasattr(self._dataset, "read") else self._dataset[int(name)]

    def annotated(self, sample: Sample, name: str) -> Sample:
        """The sample with its masks, where the export has its image.

        Raises:
            FormatError: when they are of another size than the image, or damaged.
            TypeError: for a sample without images.
        """
        image, called = first_image(sample), self._called[name]
        if called is None or isinstance(sample, PoseSample):
            return sample
        masks = read_objects(self._path, image, [called])
        return replace(sample, masks={**sample.masks, **masks})


def first_image(sample: Sample) -> Image:
    """The image that a sample's truth is of. TypeError where it has none."""
    if isinstance(sample, PoseSample):
        raise TypeError(f"{sample.name} has one truth for both its images, of which masks split nothing")
    if isinstance(sample, PointsSample):
        raise TypeError(f"{sample.name} has no image that masks could be of")
    if isinstance(sample, StereoSample):
        return sample.left
    if isinstance(sample, SceneFlowSample):
        return sample.left0
    assert isinstance(sample, FlowSample | DepthSample)
    return sample.frame0 if isinstance(sample, FlowSample) else sample.image
