"""PatchMatch on slanted planes: one iteration of propagation and refinement, in both views."""

from __future__ import annotations

from typing import Any

from ..arguments import checked
from ._dispatch import Array, is_tensor, on_arrays, require_floating, require_shape

#: What the options may be, in the order of the kernel's arguments.
LIMITS: dict[str, tuple[float, float]] = {
    "min_disparity": (-8192, 8191),
    "max_disparity": (-8191, 8192),
    "iteration": (0, 2**31 - 1),
    "window": (3, 35),
    "step": (1, 2),
    "gamma": (0.25, 1000),
    "alpha": (0, 1),
    "tau_colour": (0, 63),
    "tau_gradient": (0, 63),
    "max_slope": (0, 0.9),
    "seed": (0, 2**31 - 1),
}


@checked
def propagate_planes(
    left: Array,
    right: Array,
    planes: Array,
    right_planes: Array,
    *,
    max_disparity: int,
    min_disparity: int = 0,
    iteration: int = 0,
    window: int = 29,
    step: int = 2,
    gamma: float = 10.0,
    alpha: float = 0.97,
    tau_colour: float = 10.0,
    tau_gradient: float = 2.0,
    max_slope: float = 0.5,
    seed: int = 0,
    num_threads: int = 0,
) -> tuple[Array, Array]:
    """Offer every pixel of both views the planes of others; what matches better stays (Bleyer et al., BMVC 2011).

    A plane is (a, b, c): d = a x + b y + c. Every pixel tries the planes of neighbours 1, 5 and 17 pixels away, of the
    pixel of the other view that points at it, and random changes of its own, halved from one to the next. Pixels
    change in the order of a checkerboard (Galliani, Lasinger & Schindler, ICCV 2015). What a plane costs is described
    at `geomvision.stereo.PatchMatch`, which repeats this op. Planes are rounded to 2⁻¹⁶ px, and clipped to the allowed
    slopes and to the range of disparities at their own pixel; where they are NaN, to the least.

    Args:
        left, right: (H, W), floating point, grey levels 0 … 255 (others are clipped).
        planes: (H, W, 3) of the left view, in the dtype of the images.
        right_planes: (H, W, 3) of the right view, whose matches lie at x + d.
        max_disparity, min_disparity: planes have disparities min_disparity … max_disparity − 1 at their own pixel.
        iteration: which one this is; another draws other random numbers.
        window: side of the support window, pixels, odd, 3 … 35.
        step: between the compared pixels of the window, 1 or 2.
        gamma: levels of difference at which the support weight falls to 1/e, 0.25 … 1000.
        alpha: weight of gradients against levels, 0 … 1.
        tau_colour: truncation of differences of levels, 0 … 63.
        tau_gradient: truncation of differences of gradients, levels per pixel, 0 … 63.
        max_slope: largest |a| and |b|, pixels of disparity per pixel, 0 … 0.9.
        seed: of the random numbers, 0 … 2³¹ − 1.
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it.

    Returns:
        New planes and right_planes. Not differentiable.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes, options or values.
    """
    _check(left, right, planes, right_planes)
    arguments: tuple[Any, ...] = (left, right, planes, right_planes, min_disparity, max_disparity, iteration)
    arguments += (window, step, gamma, alpha, tau_colour, tau_gradient, max_slope, seed, num_threads)
    _check_options(*arguments[4:-1])
    if is_tensor(left):
        from ._torch import propagate_planes as operator

        return operator(*arguments)  # type: ignore[no-any-return]
    return on_arrays("propagate_planes", *arguments)  # type: ignore[no-any-return]


def _check(left: Any, right: Any, planes: Any, right_planes: Any) -> None:
    require_floating("propagate_planes", left=left, right=right, planes=planes, right_planes=right_planes)
    for name, image in {"left": left, "right": right}.items():
        require_shape("propagate_planes", name, image, "H, W")
    if tuple(left.shape) != tuple(right.shape):
        sizes = f"left has shape {tuple(left.shape)} and right {tuple(right.shape)}"
        raise ValueError(f"propagate_planes: {sizes}; they must be equal")
    for name, field in {"planes": planes, "right_planes": right_planes}.items():
        if tuple(field.shape) != (*left.shape, 3):
            given = f"{name} has shape {tuple(field.shape)}"
            raise ValueError(f"propagate_planes: {given}; it must be {(*left.shape, 3)}")


def _check_options(*values: Any) -> None:
    for (name, (least, most)), value in zip(LIMITS.items(), values, strict=True):
        if not least <= value <= most or (name == "window" and value % 2 == 0):
            odd = "odd and " if name == "window" else ""
            raise ValueError(f"propagate_planes: {name} is {value}; allowed is {odd}between {least} and {most}")
