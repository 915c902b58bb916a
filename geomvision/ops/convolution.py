"""Convolution as nets use it: with a bias, a residual and ReLU in one pass over the pixels."""

from __future__ import annotations

from typing import Literal

from ..arguments import checked
from ._dispatch import Array, dtype_name, is_tensor, on_arrays, require_floating, require_shape

Precision = Literal["float32", "bfloat16"]


@checked
def convolution(
    features: Array,
    weight: Array,
    bias: Array | None = None,
    residual: Array | None = None,
    *,
    stride: int = 1,
    dilation: int = 1,
    relu: bool = False,
    precision: Precision = "float32",
    num_threads: int = 0,
) -> Array:
    """ReLU(weight ∗ features + bias + residual): a layer of a net. Cross-correlation, zeros beyond the border.

    Args:
        features: (B, C, H, W), floating point; all arrays are of one dtype.
        weight: (O, C, K, K), K odd and below 64. The features are continued with K // 2 · dilation zeros.
        bias: (O,), or None.
        residual: (B, O, ⌈H / stride⌉, ⌈W / stride⌉), or None: what is added before ReLU (He et al., CVPR 2016).
        stride: 1 … 64 pixels from one result to the next.
        dilation: 1 … 64 pixels from one weight to the next.
        relu: negative results become 0.
        precision: of the factors. "bfloat16" rounds them to 8 bits and sums in float32: several times as fast on
            processors with AMX, nearly twice with AVX512_BF16, equal elsewhere up to the order of sums. float64 is not
            rounded.
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it; the last bits
            of derivatives, which torch computes, may on torch's number.

    Returns:
        (B, O, ⌈H / stride⌉, ⌈W / stride⌉), in the dtype of the features. Differentiable in features, weight, bias and
        residual.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes or options.
    """
    name = "convolution"
    arrays = {"features": features, "weight": weight, "bias": bias, "residual": residual}
    require_floating(name, **{key: array for key, array in arrays.items() if array is not None})
    require_shape(name, "features", features, "B, C, H, W")
    _require_weight(name, features, weight, bias)
    for option, value in (("stride", stride), ("dilation", dilation)):
        if not 1 <= value <= 64:
            raise ValueError(f"{name}: {option} is {value}; allowed is between 1 and 64")
    size = (features.shape[0], weight.shape[0], *(-(-side // stride) for side in features.shape[2:]))
    if residual is not None and tuple(residual.shape) != size:
        raise ValueError(f"{name}: residual has shape {tuple(residual.shape)}; it must be {size}, as the result")
    rounded = precision == "bfloat16" and dtype_name(features) != "float64"
    arguments = (features, weight, bias, residual, stride, dilation, relu, rounded, num_threads)
    if is_tensor(features):
        from ._torch import convolution as operator

        return operator(*arguments)  # type: ignore[no-any-return]
    return on_arrays(name, *arguments)  # type: ignore[no-any-return]


def _require_weight(owner: str, features: Array, weight: Array, bias: Array | None) -> None:
    require_shape(owner, "weight", weight, "O, C, K, K")
    _, channels, side, other = weight.shape
    if channels != features.shape[1] or side != other or side % 2 == 0 or side >= 64:
        wanted = f"(O, {features.shape[1]}, K, K) with K odd and below 64"
        raise ValueError(f"{owner}: weight has shape {tuple(weight.shape)}; it must be {wanted}")
    if bias is not None and tuple(bias.shape) != (weight.shape[0],):
        raise ValueError(f"{owner}: bias has shape {tuple(bias.shape)}; it must be ({weight.shape[0]},)")
