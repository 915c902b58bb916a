"""Local correlation: how well each feature of one image matches those around it in the other."""

from __future__ import annotations

from ..arguments import checked
from ._dispatch import Array, is_tensor, on_arrays, require_floating, require_shape


@checked
def local_correlation(
    left: Array, right: Array, *, radius: int, stride: int = 1, dilation: int = 1, num_threads: int = 0
) -> Array:
    """Mean product of each left feature with the right ones around it, zero outside the right image.

    The correlation layer of FlowNetC (Dosovitskiy et al., ICCV 2015, eq. 1, patches of one pixel; their stride 1 is
    `stride`, their stride 2 `dilation`) and the cost volume of PWC-Net (Sun et al., CVPR 2018, eq. 3). As there, it is
    the mean over channels; packages that give the sum differ by the factor C.

    Args:
        left, right: (B, C, H, W), floating point, of one shape and dtype.
        radius: displacements of -radius … radius steps in x and in y.
        stride: an output pixel for every `stride` pixels of the left image, in both directions.
        dilation: pixels from one displacement to the next.
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it.

    Returns:
        (B, (2 radius + 1)², ⌈H / stride⌉, ⌈W / stride⌉), in the dtype of the features. Channel
        (j + radius)(2 radius + 1) + i + radius compares left pixel (x, y) with right pixel
        (x + i dilation, y + j dilation). Differentiable in both inputs. Where a left feature is NaN or infinite, what
        lies outside is 0 or NaN.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes or options.
    """
    require_floating("local_correlation", left=left, right=right)
    for name, features in (("left", left), ("right", right)):
        require_shape("local_correlation", name, features, "B, C, H, W")
    if left.shape != right.shape:
        raise ValueError(
            f"local_correlation: left is {tuple(left.shape)}, right is {tuple(right.shape)}; they must be equal"
        )
    for name, value, least in (("radius", radius, 0), ("stride", stride, 1), ("dilation", dilation, 1)):
        if not least <= value <= 1000:
            raise ValueError(f"local_correlation: {name} is {value}; allowed is between {least} and 1000")
    if is_tensor(left):
        from ._torch import local_correlation as operator

        return operator(left, right, radius, stride, dilation, num_threads)  # type: ignore[no-any-return]
    return on_arrays("local_correlation", left, right, radius, stride, dilation, num_threads)  # type: ignore[no-any-return]
