"""geomvision: stereo, optical flow and depth, classical and learned, side by side.

>>> import geomvision as gv
>>> sorted(gv.stereo.METHODS)  # doctest: +ELLIPSIS
['block_matching', ...]
"""

import importlib
from typing import Any

_MODULES = (
    "cameras",
    "datasets",
    "depth",
    "export",
    "flow",
    "geometry",
    "io",
    "licences",
    "losses",
    "metrics",
    "nets",
    "ops",
    "pose",
    "report",
    "results",
    "scene_flow",
    "stereo",
    "training",
    "weights",
)
_NAMES = {
    "Camera": "cameras",
    "StereoRig": "cameras",
    "Disparity": "results",
    "Flow": "results",
    "Depth": "results",
    "RelativeDepth": "results",
    "RelativePose": "results",
    "SceneFlow": "results",
    "compare": "report",
}

__all__ = [*_MODULES, *_NAMES, "__version__"]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"geomvision.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"geomvision.{_NAMES[name]}"), name)
    if name == "__version__":
        return importlib.import_module("geomvision._core").version
    raise AttributeError(f"module 'geomvision' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
