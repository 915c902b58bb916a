"""How unlike two images are that should be equal: frame 0, and frame 1 warped to it by the flow.

Images are (B, C, H, W), floating, 0 … 255 unless said otherwise. Pixels that are not finite in either image, such as
those that `ops.warp` finds outside, count nowhere; nor do windows that hold one or reach beyond the border.

Every loss takes `weight`, (B, 1, H, W), bool or at least 0, which is 0 where frame 1 does not show the pixel; and
`reduction`: "mean", Σ w v / Σ w over known pixels (0 without any), or "none", w v for each pixel, (B, 1, H, W), NaN
where unknown. All raise TypeError for images that are no floating tensors, and ValueError for images of unequal or
other shapes, for weights that are negative or NaN, and for numbers outside of what is allowed.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from ._census import soft_hamming
from ._maps import Reduction, at_least_float32, check_maps, check_number, filled, known, penalty, reduced

#: Weights of red, green and blue in grey (ITU-R BT.601).
GREY = (0.299, 0.587, 0.114)


@at_least_float32
def absolute(image0: Tensor, image1: Tensor, *, weight: Tensor | None = None, reduction: Reduction = "mean") -> Tensor:
    """|I₀ − I₁|, the mean over channels: L1."""
    check_maps("absolute", {"image0": image0, "image1": image1})
    where = known(image0, image1)
    values = (filled(image0, where) - filled(image1, where)).abs().mean(dim=1, keepdim=True)
    return reduced("absolute", values, where, weight, reduction)


@at_least_float32
def charbonnier(
    image0: Tensor,
    image1: Tensor,
    *,
    exponent: float = 0.5,
    epsilon: float = 1e-3,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """(d² + ε²)^q − ε^2q of d = I₀ − I₁, the mean over channels (Charbonnier et al., ICIP 1994).

    q = 1/2 is nearly L1, q = 0.45 the generalised form of Sun, Roth & Black (IJCV 2014) and UnFlow. Lowered by its
    least value, so that equal images cost nothing.
    """
    _check_penalty("charbonnier", exponent, epsilon)
    check_maps("charbonnier", {"image0": image0, "image1": image1})
    where = known(image0, image1)
    difference = filled(image0, where) - filled(image1, where)
    values = penalty(difference, exponent, epsilon).mean(dim=1, keepdim=True)
    return reduced("charbonnier", values, where, weight, reduction)


@at_least_float32
def ssim(
    image0: Tensor,
    image1: Tensor,
    *,
    window: int = 11,
    sigma: float = 1.5,
    peak: float = 255.0,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """(1 − SSIM) / 2, from 0 to 1, the mean over channels (Wang et al., TIP 2004, eq. 13).

    SSIM = (2 μ₀ μ₁ + C₁)(2 σ₀₁ + C₂) / ((μ₀² + μ₁² + C₁)(σ₀² + σ₁² + C₂)), C₁ = (0.01 L)², C₂ = (0.03 L)², with means,
    variances and covariance under a Gaussian window.

    Args:
        image0, image1: (B, C, H, W), from 0 to `peak`.
        window: side of the window, odd, pixels.
        sigma: of the Gaussian, pixels. 1.5 in 11 x 11 is the paper's; infinity weighs all alike, as is often done with
            a window of 3 (Godard et al., CVPR 2017).
        peak: L, the largest value an image can have.
        weight, reduction: as for all losses here. A pixel counts where its whole window is known.
    """
    if isinstance(window, bool) or not isinstance(window, int) or window < 1 or window % 2 == 0:
        raise ValueError(f"ssim: window is {window!r}; it must be an odd whole number")
    check_number("ssim", "peak", peak, above=True)
    if not sigma > 0:
        raise ValueError(f"ssim: sigma is {sigma}; it must be above 0, and may be infinite")
    check_maps("ssim", {"image0": image0, "image1": image1})
    where = known(image0, image1)
    image0, image1 = filled(image0, where), filled(image1, where)
    taps = _gaussian(window, sigma, image0)
    # Moments about the middle of the range lose less to rounding than those about zero.
    a, b = image0 - peak / 2, image1 - peak / 2
    moments = torch.cat([a, b, a * a, b * b, a * b], dim=1)
    mean0, mean1, square0, square1, product = _averaged(moments, taps).chunk(5, dim=1)
    variances = (square0 - mean0 * mean0).clamp(min=0) + (square1 - mean1 * mean1).clamp(min=0)
    covariance = product - mean0 * mean1
    mean0, mean1 = mean0 + peak / 2, mean1 + peak / 2
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    light = (2 * mean0 * mean1 + c1) / (mean0 * mean0 + mean1 * mean1 + c1)
    structure = (2 * covariance + c2) / (variances + c2)
    values = (0.5 - 0.5 * light * structure).mean(dim=1, keepdim=True)
    return reduced("ssim", values, _eroded(where, window // 2), weight, reduction)


@at_least_float32
def appearance(
    image0: Tensor,
    image1: Tensor,
    *,
    alpha: float = 0.85,
    window: int = 3,
    peak: float = 255.0,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """α (1 − SSIM) / 2 + (1 − α) |I₀ − I₁| / L (Godard et al., CVPR 2017, eq. 2).

    SSIM is over windows that weigh all pixels alike.

    Args:
        image0, image1: (B, C, H, W), from 0 to `peak`, L.
        alpha: α, from 0 to 1.
        window: side of SSIM's window, odd, pixels.
        weight, reduction: as for all losses here. A pixel counts where its whole window is known.
    """
    check_number("appearance", "alpha", alpha)
    if alpha > 1:
        raise ValueError(f"appearance: alpha is {alpha}; it must be from 0 to 1")
    shape = ssim(image0, image1, window=window, sigma=math.inf, peak=peak, reduction="none")
    values = alpha * shape + (1 - alpha) / peak * absolute(image0, image1, reduction="none")
    return reduced("appearance", values, known(values), weight, reduction)


@at_least_float32
def census(
    image0: Tensor,
    image1: Tensor,
    *,
    radius: int = 3,
    exponent: float = 0.45,
    epsilon: float = 1e-3,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """ρ(Σ_k δ_k² / (0.1 + δ_k²)): how many neighbours stand differently to the pixel, softly counted.

    δ_k = s(g₀(p + k) − g₀(p)) − s(g₁(p + k) − g₁(p)) with s(t) = t / √(0.81 + t²) over the (2 r + 1)² − 1 neighbours
    of a pixel in grey images g, 0 … 255: a Hamming distance of census words with slopes (Meister, Hur & Roth: UnFlow,
    AAAI 2018, section 3.2; Hafner, Demetz & Weickert, SSVM 2013). ρ(v) = (v² + ε²)^q − ε^2q.
    A brightness added to one image changes nothing; a gain changes little.

    Args:
        image0, image1: (B, 1, H, W) or RGB (B, 3, H, W), 0 … 255.
        radius: r, pixels; 3 compares 7 x 7.
        exponent, epsilon: q and ε; q = 0.5 and ε = 0 leave the count as it is.
        weight, reduction: as for all losses here. A pixel counts where its whole window is known.
    """
    if isinstance(radius, bool) or not isinstance(radius, int) or radius < 1:
        raise ValueError(f"census: radius is {radius!r}; it must be a whole number of at least 1")
    if (exponent, epsilon) != (0.5, 0.0):
        _check_penalty("census", exponent, epsilon)
    check_maps("census", {"image0": image0, "image1": image1})
    where = known(image0, image1)
    grey0, grey1 = (_grey("census", filled(image, where)) for image in (image0, image1))
    count = soft_hamming(grey0, grey1, radius)
    values = count if epsilon == 0 else penalty(count, exponent, epsilon)
    return reduced("census", values, _eroded(where, radius), weight, reduction)


@at_least_float32
def gradient_constancy(
    image0: Tensor,
    image1: Tensor,
    *,
    epsilon: float = 1e-3,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """√(‖∇I₀ − ∇I₁‖² + ε²) − ε of central differences, the mean over channels (Brox et al., ECCV 2004, eq. 2).

    A brightness added to one image changes nothing.
    """
    check_number("gradient_constancy", "epsilon", epsilon, above=True)
    check_maps("gradient_constancy", {"image0": image0, "image1": image1})
    where = known(image0, image1)
    dx, dy = _central(filled(image0, where) - filled(image1, where))
    values = ((dx * dx + dy * dy + epsilon**2).sqrt() - epsilon).mean(dim=1, keepdim=True)
    return reduced("gradient_constancy", values, _between(where), weight, reduction)


@at_least_float32
def gradient_weighted(
    image0: Tensor,
    image1: Tensor,
    *,
    contrast: float = 50.0,
    prefer: Literal["weak", "strong"] = "weak",
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """w |I₀ − I₁| with a weight by the gradient of frame 0, the mean over channels.

    "weak": w = c² / (c² + ‖∇g₀‖²), so that edges, where the least error of place changes much, do not drown the rest
    (Engel, Koltun & Cremers: DSO, TPAMI 2018, eq. 7). "strong": 1 − w, so that what has no texture, and tells
    nothing of motion, is left out. g₀ is the mean over channels.

    Args:
        image0, image1: (B, C, H, W).
        contrast: c, in the images' unit per pixel.
        prefer: "weak" or "strong" gradients.
        weight, reduction: as for all losses here; means are over `weight` alone.
    """
    if prefer not in ("weak", "strong"):
        raise ValueError(f"gradient_weighted: prefer is {prefer!r}; allowed are 'weak', 'strong'")
    check_number("gradient_weighted", "contrast", contrast, above=True)
    check_maps("gradient_weighted", {"image0": image0, "image1": image1})
    where = known(image0, image1)
    image0, image1 = filled(image0, where), filled(image1, where)
    dx, dy = _central(image0.mean(dim=1, keepdim=True))
    weak = contrast**2 / (contrast**2 + dx * dx + dy * dy)
    share = weak if prefer == "weak" else 1 - weak
    values = share * (image0 - image1).abs().mean(dim=1, keepdim=True)
    return reduced("gradient_weighted", values, _between(where), weight, reduction)


@at_least_float32
def minimum(maps: list[Tensor] | tuple[Tensor, ...], *, weight: Tensor | None = None) -> Tensor:
    """Mean over pixels of the least of several losses, each (B, 1, H, W) by reduction="none", NaN where unknown.

    With frame 0 against the frames before and after it: what one of them hides the other mostly shows, so the least
    error is that of a frame which sees the pixel (Godard et al.: Monodepth2, ICCV 2019, eq. 4).
    """
    if not maps:
        raise ValueError("minimum: no maps were given; it takes at least 1")
    check_maps("minimum", {f"maps[{i}]": values for i, values in enumerate(maps)}, 1)
    stacked = torch.stack([torch.where(known(values), values, torch.inf) for values in maps])
    least = stacked.amin(dim=0)
    return reduced("minimum", least, known(least), weight, "mean")


def _check_penalty(owner: str, exponent: float, epsilon: float) -> None:
    check_number(owner, "exponent", exponent, above=True)
    check_number(owner, "epsilon", epsilon, above=True)


def _grey(owner: str, image: Tensor) -> Tensor:
    if image.shape[1] == 1:
        return image
    if image.shape[1] != 3:
        raise ValueError(f"{owner}: images have {image.shape[1]} channels; they must have 1, or 3: RGB")
    return (image * image.new_tensor(GREY).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)


def _central(image: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences along x and y; the border repeats."""
    padded = functional.pad(image, [1] * 4, mode="replicate")
    dx = padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]
    dy = padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]
    return dx / 2, dy / 2


def _gaussian(window: int, sigma: float, like: Tensor) -> Tensor:
    away = torch.arange(window, dtype=like.dtype, device=like.device) - window // 2
    taps = torch.exp(-0.5 * (away / sigma).square())
    return taps / taps.sum()


def _averaged(maps: Tensor, taps: Tensor) -> Tensor:
    """Weighted means along columns, then rows; the border repeats."""
    radius = len(taps) // 2
    height, width = maps.shape[2:]
    padded = functional.pad(maps, [radius] * 4, mode="replicate")
    # In a graph that is traced, numbers of tensors are not known.
    first, *others = taps.unbind() if torch.compiler.is_compiling() else taps.tolist()
    rows: Tensor = first * padded[..., :width]
    for k, tap in enumerate(others, start=1):
        rows = _added(rows, padded[..., k : k + width], tap)
    total: Tensor = first * rows[..., :height, :]
    for k, tap in enumerate(others, start=1):
        total = _added(total, rows[..., k : k + height, :], tap)
    return total


def _added(total: Tensor, values: Tensor, tap: Tensor | float) -> Tensor:
    return total + tap * values if isinstance(tap, Tensor) else torch.add(total, values, alpha=tap)


def _eroded(where: Tensor, radius: int) -> Tensor:
    """Where whole windows are known; windows that reach beyond the border are not."""
    unknown = functional.pad((~where).float(), [radius] * 4, value=1.0)
    return functional.max_pool2d(unknown, 2 * radius + 1, stride=1) == 0


def _between(where: Tensor) -> Tensor:
    """Where a pixel and its four neighbours are known."""
    padded = functional.pad(where, [1] * 4)
    across = padded[..., 1:-1, 2:] & padded[..., 1:-1, :-2]
    return where & across & padded[..., 2:, 1:-1] & padded[..., :-2, 1:-1]
