"""What a set of board views can and cannot say about a camera, and the sentences that tell so."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ...cameras import Array, CameraModel
from .board import Board, BoardView
from .results import Coverage, projection_sigma

#: Cells of the raster on which the covered part of the image is counted, across and down.
CELLS = (64, 48)
FEW_VIEWS = 8
LITTLE_IMAGE, LITTLE_REACH, LITTLE_TILT_DEG = 0.5, 0.7, 25.0
UNSURE_FOCAL, UNSURE_BORDER_PX, LARGE_RMS_PX = 0.005, 1.0, 1.0
#: A coefficient means nothing alone where its standard deviation would move the image's corner by this share of its
#: distance from the centre.
LOOSE = 0.5


def measured(
    camera: CameraModel, covariance: Array, views: Sequence[BoardView], poses: Array, board: Board
) -> Coverage:
    """The coverage of a calibration."""
    centre = np.array([(camera.width - 1) / 2, (camera.height - 1) / 2])
    radii = [float(np.linalg.norm(view.pixels - centre, axis=1).max()) for view in views]
    normals = poses[:, :3, 2]
    angles = [abs(float(a @ b)) for a, b in itertools.combinations(normals, 2)]
    middle = np.append(board.points_m().mean(axis=0), 1.0)
    distances = np.linalg.norm((poses @ middle)[:, :3], axis=1)
    return Coverage(
        image=float(covered(views).mean()),
        reach=max(radii) / float(np.linalg.norm(centre)),
        tilt_deg=float(np.degrees(np.arccos(np.clip(min(angles, default=1.0), 0, 1)))),
        distances_m=(float(distances.min()), float(distances.max())),
        centre_px=float(projection_sigma(camera, covariance, centre)),
        border_px=_border_sigma(camera, covariance, centre),
    )


def _border_sigma(camera: CameraModel, covariance: Array, centre: Array) -> float:
    """The largest standard deviation, px, on the way from the centre to corners and sides, where the model ends."""
    ends = [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y]
    way = np.array(ends)[:, None] * np.linspace(0, 1, 17)[:, None]
    sigma = projection_sigma(camera, covariance, centre + way * centre)
    return float(np.max(sigma, initial=0.0, where=np.isfinite(sigma))) if np.isfinite(sigma).any() else float("nan")


def covered(views: Sequence[BoardView]) -> NDArray[np.bool_]:
    """Cells (rows, columns) of the image whose centres lie inside the outline of some board."""
    from scipy.spatial import ConvexHull

    columns, rows = CELLS
    width, height = views[0].width, views[0].height
    x = (np.arange(columns) + 0.5) * width / columns - 0.5
    y = (np.arange(rows) + 0.5) * height / rows - 0.5
    cells = np.stack(np.meshgrid(x, y), axis=-1)
    hit = np.zeros((rows, columns), bool)
    for view in views:
        sides = ConvexHull(view.pixels).equations
        hit |= (cells @ sides[:, :2].T + sides[:, 2] <= 0).all(axis=-1)
    return hit


def warnings_of(
    coverage: Coverage,
    sigma: Mapping[str, float],
    camera: CameraModel,
    views: Sequence[BoardView],
    rms: Sequence[float],
    weights: Sequence[Array],
) -> tuple[str, ...]:
    """One sentence for everything that makes the calibration worse than it could be."""
    found = []
    if len(views) < FEW_VIEWS:
        found.append(f"only {len(views)} views: {FEW_VIEWS} to 20 make every sigma smaller and mistakes visible")
    if coverage.image < LITTLE_IMAGE or coverage.reach < LITTLE_REACH:
        found.append(
            f"boards cover {coverage.image:.0%} of the image and reach {coverage.reach:.0%} of the way to its corners, "
            f"where a projected point is unsure by {coverage.border_px:.2g} px (centre: {coverage.centre_px:.2g} px): "
            "hold the board into the borders and corners"
        )
    elif coverage.border_px > UNSURE_BORDER_PX:
        found.append(
            f"a point projected to the border is unsure by {coverage.border_px:.2g} px: hold the board into the "
            "corners and borders, or take a model with fewer coefficients"
        )
    focal, share = sigma.get("fx", 0.0), sigma.get("fx", 0.0) / float(dict(_named(camera)).get("fx", 1.0))
    if coverage.tilt_deg < LITTLE_TILT_DEG:
        found.append(
            f"boards are tilted against each other by at most {coverage.tilt_deg:.0f}°: focal length and distance are "
            f"told apart poorly (sigma of fx: {focal:.2g} px); tilt the board by 30° to 45° both ways"
        )
    elif share > UNSURE_FOCAL:
        found.append(
            f"the focal length is unsure by {share:.1%} (sigma of fx: {focal:.2g} px): add tilted, close boards"
        )
    loose = [
        f"{name} {value:.3g} ± {sigma[name]:.2g}" for name, value in _named(camera) if _is_loose(name, sigma, camera)
    ]
    if loose:
        found.append(
            f"these coefficients are only told together, none of them alone: {', '.join(loose)}; projections are as "
            "sure as stated, the numbers mean nothing: take a model with fewer coefficients"
        )
    found += _bad_images(views, rms, weights)
    return tuple(found)


def _is_loose(name: str, sigma: Mapping[str, float], camera: CameraModel) -> bool:
    """Whether the radial coefficient `name` could as well be another one, as far as the views tell of it alone."""
    if name[0] != "k" or name not in sigma:
        return False
    known = dict(_named(camera))
    number = int(name[1:])
    if "p1" in known and number > 3:  # Brown's k4 to k6 are of the denominator
        number -= 3
    radius = float(np.hypot(camera.width / known["fx"], camera.height / known["fy"])) / 2
    return sigma[name] * radius ** (2 * number) > LOOSE


def _named(camera: CameraModel) -> list[tuple[str, float]]:
    return [(name, float(value)) for name, value in zip(camera.parameter_names, camera.parameters, strict=True)]


def _bad_images(views: Sequence[BoardView], rms: Sequence[float], weights: Sequence[Array]) -> list[str]:
    found = []
    typical = float(np.median(rms))
    if typical > LARGE_RMS_PX:
        found.append(
            f"half of the images miss by more than {typical:.2g} px: wrong counts, another lens model, a bent board, "
            "blur, or a focus or zoom that changed"
        )
    bad = [f"{v.name or i} ({r:.2g} px)" for i, (v, r) in enumerate(zip(views, rms, strict=True)) if r > 3 * typical]
    if bad:
        found.append(
            f"these miss by more than three times the median of {typical:.2g} px: {', '.join(bad)}; look at them"
        )
    lowered, count = sum(int((w < 0.5).sum()) for w in weights), sum(len(w) for w in weights)
    if lowered > 0.01 * count:
        found.append(f"{lowered} of {count} corners are outliers and weigh less than half")
    return found
