"""Labels for what methods cannot see: glass and mirrors, painted over in random colours, and what most paints say.

Methods see what a pane shows or a mirror reflects. Painted in a plain colour, the object becomes one that they can see,
and its depth is filled in from its outline; the median over several colours leaves out what single ones go wrong by
(Costanzino et al.: Learning depth estimation for transparent and mirror surfaces, ICCV 2023).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..depth._answers import line_between, result_of, values_of
from ..images import Image, Mask, as_image, as_pair
from ..results import Depth, Disparity, RelativeDepth

#: Pixels around an object that say where it is.
RING = 4
#: Rounds of fitting a plane, and how far off pixels may lie at the end, pixels.
ROUNDS, NEAR = 10, 1.0
FEWEST = 12

Labels = Disparity | Depth | RelativeDepth


def pseudo_labels(
    method: Callable[..., Labels],
    image: Any,
    mask: Mask,
    right: Any = None,
    *,
    right_mask: Mask | None = None,
    disparity: Disparity | None = None,
    paints: int = 5,
    seed: int = 0,
) -> Labels:
    """What a method says of an image, and inside of the mask the median of what it says when that is painted.

    Relative depth leaves a scale open, or a scale and a shift, and each answer may have its own: those of painted
    images are fitted to the first outside of the mask. One that does not rise with it there counts as no estimate.

    Args:
        method: any that takes the image, or the rectified pair, and gives `Disparity`, `Depth` or `RelativeDepth`.
        image: (H, W) or (H, W, 3); of a pair the left one.
        mask: the objects, bool (H, W); those that do not touch get colours of their own.
        right: the right image of a pair; the same objects are painted there.
        right_mask: where they lie there, if that is known.
        disparity: by which they are carried there, if not. Without either, each object is taken for a plane through
            what the method sees around it: right for a window in its frame and a mirror on a wall, not for a bottle.
        paints: how many colours are tried.
        seed: of the colours; the same gives the same labels.

    Returns:
        The method's answer to the image itself outside of the mask; inside the median, NaN where no paint gave an
        estimate. Values alone: what the method says of confidence and occlusion holds for no pixel of the mask.

    Raises:
        ValueError: for a mask of another size, without a pixel, or one whose surroundings tell no plane.
        ImageError: for what is no image or pair.
    """
    if isinstance(paints, bool) or not isinstance(paints, int) or paints < 1:
        raise ValueError(f"pseudo_labels: paints is {paints!r}; it must be a whole number of at least 1")
    views = (as_image(image, "image"),) if right is None else as_pair(image, right)
    _check(mask, views[0], "mask")
    if not mask.any():
        raise ValueError("pseudo_labels: the mask is empty; there is nothing to paint")
    if right is None and (right_mask is not None or disparity is not None):
        raise ValueError("pseudo_labels: right_mask and disparity are for a pair; give right, too")
    plain = method(*views)
    objects = [_objects(mask)]
    if right is not None:
        if right_mask is None:
            objects.append(_carried(objects[0], _px(disparity or plain), given=disparity is not None))
        else:
            _check(right_mask, views[0], "right_mask")
            objects.append(_matched(_objects(right_mask), objects[0]))
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(paints):
        colours = _colours(rng, int(objects[0].max()) + 1, views[0])
        painted = [_painted(view, labels, colours) for view, labels in zip(views, objects, strict=True)]
        found.append(_fitted(method(*painted), plain, mask)[mask])
    values = numbers(plain).copy()
    values[mask] = _median(np.stack(found))
    return _with(plain, values)


def _check(mask: Any, image: Image, name: str) -> None:
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != image.shape[:2]:
        given = f"{mask.dtype} {mask.shape}" if isinstance(mask, np.ndarray) else type(mask).__name__
        raise ValueError(f"pseudo_labels: {name} is {given}; it must be bool {image.shape[:2]}, as the image")


def _objects(mask: Mask) -> NDArray[np.intp]:
    """1, 2, … for the pixels of each object, 0 elsewhere; what touches at a corner is one."""
    from scipy import ndimage

    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    return np.asarray(labels, np.intp)


def _px(disparity: Labels) -> NDArray[np.float32]:
    if not isinstance(disparity, Disparity):
        kind = type(disparity).__name__
        raise ValueError(f"pseudo_labels: of a pair the method gives a {kind}; it must be a Disparity")
    return disparity.px


def _carried(objects: NDArray[np.intp], px: NDArray[np.float32], *, given: bool) -> NDArray[np.intp]:
    """The objects in the right view; where two meet, the nearer one."""
    moved = np.zeros_like(objects)
    nearest = np.full(objects.shape, -np.inf)
    for label in range(1, int(objects.max()) + 1):
        y, x = np.nonzero(objects == label)
        d = px[y, x].astype(np.float64) if given else _plane_around(objects == label, objects > 0, px)[y, x]
        for step in (np.floor, np.ceil):  # no gaps between columns
            there = step(x - d)
            inside = np.isfinite(d) & (there >= 0) & (there < objects.shape[1])
            rows, columns = y[inside], there[inside].astype(np.intp)
            nearer = d[inside] > nearest[rows, columns]
            moved[rows[nearer], columns[nearer]] = label
            nearest[rows[nearer], columns[nearer]] = d[inside][nearer]
    return moved


def _plane_around(inside: Mask, masked: Mask, px: NDArray[np.float32]) -> NDArray[np.float64]:
    """The plane a x + b y + c through the disparities around an object, without those that lie far from it."""
    from scipy import ndimage

    ring = ndimage.binary_dilation(inside, iterations=RING) & ~masked & np.isfinite(px)
    y, x = np.nonzero(ring)
    if len(x) < FEWEST:
        told = f"around an object of {int(inside.sum())} pixels the method sees {len(x)}, too few to tell where it is"
        raise ValueError(f"pseudo_labels: {told}; give right_mask or disparity")
    columns = np.stack([x, y, np.ones(len(x))], axis=1).astype(np.float64)
    values = px[y, x].astype(np.float64)
    fitted = np.array([0.0, 0.0, np.median(values)])
    for _ in range(ROUNDS):
        residual = np.abs(columns @ fitted - values)
        kept = residual <= max(NEAR, float(np.median(residual)))
        fitted = np.linalg.lstsq(columns[kept], values[kept], rcond=None)[0]
    rows, across = np.mgrid[: px.shape[0], : px.shape[1]]
    return np.asarray(fitted[0] * across + fitted[1] * rows + fitted[2])


def _matched(right: NDArray[np.intp], left: NDArray[np.intp]) -> NDArray[np.intp]:
    """The right view's objects by the numbers of those left ones that lie in most of their rows."""
    named = np.zeros_like(right)
    rows = [np.bincount(np.nonzero(left == k)[0], minlength=len(left)) for k in range(1, int(left.max()) + 1)]
    for label in range(1, int(right.max()) + 1):
        own = np.bincount(np.nonzero(right == label)[0], minlength=len(right))
        named[right == label] = 1 + int(np.argmax([np.minimum(own, each).sum() for each in rows]))
    return named


def _colours(rng: np.random.Generator, count: int, image: Image) -> NDArray[Any]:
    """A colour for each object, (count,) or (count, 3), between the image's own extremes."""
    low, high = float(image.min()), float(image.max())
    drawn = rng.uniform(low, high, (count, *image.shape[2:]))
    return (drawn if image.dtype.kind == "f" else np.rint(drawn)).astype(image.dtype)


def _painted(view: Image, labels: NDArray[np.intp], colours: NDArray[Any]) -> Image:
    painted = view.copy()
    painted[labels > 0] = colours[labels[labels > 0]]
    return painted


def numbers(found: Labels) -> NDArray[np.float32]:
    """Pixels, metres, or relative depth, (H, W)."""
    for kind, name in ((Disparity, "px"), (Depth, "m"), (RelativeDepth, "values")):
        if isinstance(found, kind):
            values: NDArray[np.float32] = getattr(found, name)
            return values
    kinds = "a Disparity, Depth or RelativeDepth"
    raise ValueError(f"pseudo_labels: the method gives a {type(found).__name__}; it must be {kinds}")


def _fitted(found: Labels, plain: Labels, mask: Mask) -> NDArray[np.float32]:
    """The values of an answer; those of relative depth as the other would have them, judged by what is not masked."""
    if not isinstance(found, RelativeDepth):
        return numbers(found)
    if not isinstance(plain, RelativeDepth) or plain.kind != found.kind:
        was, now = _kind(plain), _kind(found)
        raise ValueError(
            f"pseudo_labels: the method gives {was} of the image and {now} of a painted one; it must be one"
        )
    values = values_of(found)
    reference = np.where(mask, np.nan, values_of(plain))
    line = line_between(values, reference, free_scale=found.kind != "depth_scale")
    return numbers(result_of(line(values) if line else np.full_like(values, np.nan), found.kind))


def _kind(found: Labels) -> str:
    return found.kind if isinstance(found, RelativeDepth) else type(found).__name__


def _median(found: NDArray[np.float32]) -> NDArray[np.float32]:
    """Over the first axis, of the estimates there are; NaN where there is none."""
    there = np.isfinite(found).any(axis=0)
    result = np.full(found.shape[1:], np.nan, np.float32)
    result[there] = np.nanmedian(found[:, there], axis=0)
    return result


def _with(plain: Labels, values: NDArray[np.float32]) -> Labels:
    if isinstance(plain, RelativeDepth):
        return RelativeDepth(values=values, kind=plain.kind)
    return Disparity(px=values) if isinstance(plain, Disparity) else Depth(m=values)
