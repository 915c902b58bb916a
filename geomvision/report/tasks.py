"""How the page shows each task."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The section's title; what its maps are, the units of these and of their errors; where error scales may end."""

    title: str
    kind: str
    unit: str
    error_unit: str
    caps: tuple[float, ...]
    #: Planes of a map.
    planes: int = 1
    #: Finest step by which values are stored, in their unit; None: the unit's usual one.
    finest: float | None = None
    #: Whether a map makes a cloud.
    cloud: bool = True


PIXELS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
SHOWN = {
    "stereo": Shown(title="Stereo", kind="disparity", unit="px", error_unit="px", caps=PIXELS),
    "flow": Shown(title="Optical flow", kind="flow", unit="px", error_unit="px", caps=PIXELS, planes=2, cloud=False),
    "depth": Shown(title="Depth", kind="depth", unit="m", error_unit="%", caps=(1.0, 2.0, 5.0, 10.0, 20.0, 50.0)),
    "pose": Shown(title="Two-view pose", kind="pose", unit="°", error_unit="°", caps=(1, 2, 5, 10, 20), cloud=False),
    "scene_flow": Shown(
        title="Scene flow",
        kind="motion",
        unit="m",
        error_unit="m",
        caps=(0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
        finest=1e-5,
        planes=3,
        cloud=False,
    ),
}
