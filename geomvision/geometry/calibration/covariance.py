"""How sure calibration is: the covariance of every shared parameter, and when it is too large to be an answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...cameras import Array, CameraModel
from .results import CalibrationError
from .solver import Loss, Sights, Solution, State, cost_of, expected, normal_equations, reduced, solve

#: A focal length or principal point less sure than this share of the focal length is none.
WORST_SHARE = 0.05
#: Corners are never surer than this: what only holds for perfect corners holds for no camera.
LEAST_NOISE_PX = 0.02
#: Below this an eigenvalue of the scaled normal equations is rounding: what it belongs to is open.
RANK = 1e-13
#: χ² of three coefficients that chance exceeds in 1 of 100 sets.
CONTRADICTED = 11.3
LEAST_DENOMINATOR = 0.3
ADVICE = "show the board tilted by 30° to 45° both ways, near and far, all over the image"


def covariance_of(solution: Solution, sights: tuple[Sights, ...], loss: Loss, scale: float) -> Array:
    """Covariance (S, S) of the shared unknowns; enormous where the views leave a combination of them open."""
    normal = normal_equations(solution.state, sights, loss, scale)
    try:
        matrix, _, _ = reduced(normal)
    except np.linalg.LinAlgError:
        raise CalibrationError("a board's pose is not determined by its corners") from None
    size = 1 / np.sqrt(np.maximum(np.diag(normal.shared), 1e-300))
    scaled = matrix * np.outer(size, size)
    if not np.isfinite(scaled).all():
        raise CalibrationError(f"no camera of this model fits these views; {ADVICE}")
    values, vectors = np.linalg.eigh(scaled)
    inverse = (vectors / np.maximum(values, RANK)) @ vectors.T * np.outer(size, size)
    return np.asarray(inverse * noise_variance(solution))


def settled(solution: Solution, sights: tuple[Sights, ...], loss: Loss, scale: float) -> Solution:
    """The solution once more with the noise that its own residuals tell, where a coefficient's expectation counts.

    An expectation that the corners contradict (a likelihood ratio that chance makes in 1 of 100 sets) is dropped, but
    not for a lens whose denominator comes near 0 inside the image: a ring where both polynomials vanish fits noise.
    """
    if not expected(solution.state)[0].any():
        return solution
    noise = noise_variance(solution)
    held = solve(replace(solution.state, noise=noise), sights, loss=loss, scale=scale)
    free = solve(replace(held.state, noise=0.0), sights, loss=loss, scale=scale)
    gain = cost_of(replace(held.state, noise=0.0), sights, loss, scale) - free.cost
    cameras = free.state.cameras
    wins = 2 * gain > CONTRADICTED * len(cameras) * noise and min(map(_least_denominator, cameras)) > LEAST_DENOMINATOR
    return free if wins else held


def _least_denominator(camera: CameraModel) -> float:
    """Of Brown's radial factor, inside the image."""
    known = dict(zip(camera.parameter_names, camera.parameters, strict=True))
    farthest = ((camera.width / known["fx"]) ** 2 + (camera.height / known["fy"]) ** 2) / 4
    s = np.linspace(0.0, farthest, 256)
    return float((1 + s * (known["k4"] + s * (known["k5"] + s * known["k6"]))).min())


def noise_variance(solution: Solution) -> float:
    """Variance of one coordinate of a corner: weighted residuals over what the unknowns leave free."""
    squares = sum(
        float(w @ np.square(r).sum(axis=1)) for w, r in zip(solution.weights, solution.residuals, strict=True)
    )
    count = 2 * sum(float(w.sum()) for w in solution.weights)
    unknown = len(parameter_names(solution.state)) + 6 * len(solution.state.poses)
    if count <= unknown:
        raise CalibrationError(f"{count:.0f} measured coordinates for {unknown} unknowns; add views or corners")
    return squares / (count - unknown)


def parameter_names(state: State) -> tuple[str, ...]:
    """The shared unknowns: ``fx`` … of one camera; ``left.fx`` …, ``right.fx`` …, ``rig.rx`` … of two."""
    if state.rig is None:
        return state.cameras[0].parameter_names
    names = [f"{side}.{n}" for side, c in zip(("left", "right"), state.cameras, strict=True) for n in c.parameter_names]
    return (*names, *(f"rig.{n}" for n in ("rx", "ry", "rz", "tx", "ty", "tz")))


def check_determined(camera: CameraModel, covariance: Array, variance: float) -> None:
    """Refuse a camera whose focal length or principal point the views hardly touch."""
    named = dict(zip(camera.parameter_names, camera.parameters, strict=True))
    deviation = np.sqrt(np.diag(covariance) * max(1.0, LEAST_NOISE_PX**2 / max(variance, 1e-300)))
    sigma = dict(zip(camera.parameter_names, deviation, strict=False))
    for name, focal in (("fx", "fx"), ("fy", "fy"), ("cx", "fx"), ("cy", "fy")):
        if name in named and not sigma[name] <= WORST_SHARE * abs(named[focal]):
            raise CalibrationError(
                f"these views hardly determine {name}: {named[name]:.4g} ± {sigma[name]:.2g} px; {ADVICE}"
            )
