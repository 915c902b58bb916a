"""What pixels that were not measured would have on their surroundings' plane, and how sure that is.

Local linear regression (Fan & Gijbels 1996) with weights that fall with distance and at the picture's edges, which
smoothing the moments by weighted least squares gives (Min et al., TIP 2014). A plane in space is linear in inverse
depth, so it is carried on exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .. import ops
from ..cameras import Array
from ..images import Float32

#: How far weights reach where the picture is even, as a share of its diagonal; the step of grey that cuts them.
REACH, EDGE = 0.04, 8.0
#: Variance of places in px² that a plane is not tilted for: that of the pixels themselves, so that one alone is level.
LEVEL_PX2 = 1.0


def extrapolated(
    q: Float32, weight: Float32, grey: NDArray[np.uint8], step: float, num_threads: int
) -> tuple[Array, Array]:
    """Inverse depth (H, W) on the local planes, and its standard deviation, in the same unit.

    The variance is σ² (1 + m²): σ² is that of what is measured about the plane, and of rounding to the hypotheses at
    least; m is the Mahalanobis distance of the pixel from the places where that was measured. So a plane seen on a
    small patch is uncertain a few times its size away, and one seen nowhere near is not known at all: NaN.

    Args:
        q: inverse depth, NaN where it was not measured.
        weight: of the measurements, 0 … 1.
        grey: the picture.
        step: between two hypotheses.
        num_threads: as everywhere.
    """
    height, width = q.shape
    known = np.where(np.isnan(q), 0.0, weight.astype(np.float64))
    unit = float(np.median(q[known > 0])) if known.any() else 1.0
    values = np.nan_to_num(q).astype(np.float64) / unit
    y, x = np.mgrid[:height, :width] - np.array([height / 2, width / 2])[:, None, None]
    guide, reach = grey.astype(np.float64), REACH * np.hypot(height, width)

    def mean(of: Array) -> Array:
        smooth: Array = ops.fast_global_smoothing(
            known * of, guide, lambda_=float(reach**2), sigma=EDGE, num_threads=num_threads
        )
        return smooth

    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        total = mean(np.ones_like(x))
        mean_x, mean_y, mean_q = (mean(of) / total for of in (x, y, values))
        xx = mean(x * x) / total - mean_x**2 + LEVEL_PX2
        yy = mean(y * y) / total - mean_y**2 + LEVEL_PX2
        xy = mean(x * y) / total - mean_x * mean_y
        xq, yq = mean(x * values) / total - mean_x * mean_q, mean(y * values) / total - mean_y * mean_q
        det = xx * yy - xy * xy
        along_x, along_y = (yy * xq - xy * yq) / det, (xx * yq - xy * xq) / det
        dx, dy = x - mean_x, y - mean_y
        plane = mean_q + along_x * dx + along_y * dy
        spread = np.maximum(mean(values**2) / total - mean_q**2 - along_x * xq - along_y * yq, 0.0)
        away = (yy * dx * dx - 2.0 * xy * dx * dy + xx * dy * dy) / det
        deviation = np.sqrt((spread + (step / unit) ** 2 / 12.0) * (1.0 + away))
    return plane * unit, deviation * unit
