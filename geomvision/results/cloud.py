"""Points in space, and the triangles between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..images import Float32


@dataclass(frozen=True, kw_only=True, eq=False)
class PointCloud:
    """Points (N, 3) in metres with what is known beside them; a mesh where there are triangles (M, 3) of indices."""

    #: float32, or float64 as a file had them that is so far away.
    points: Float32 | NDArray[np.float64]
    colors: NDArray[np.uint8] | None = None
    normals: Float32 | None = None
    triangles: NDArray[np.int32] | None = None
    #: (N, 3) metres, from one frame to the next (`SceneFlow`).
    motion: Float32 | None = None
