"""Photometric losses against their equations, pixel by pixel in Python's numbers."""

import math

import numpy as np
import pytest
import torch

from geomvision import ops
from geomvision.losses import photometric as pm


def grey(image):
    image = image.numpy()
    return image[:, 0] if image.shape[1] == 1 else 0.299 * image[:, 0] + 0.587 * image[:, 1] + 0.114 * image[:, 2]


def absolute(i0, i1, b, y, x):
    return np.mean([abs(i0[b, c, y, x] - i1[b, c, y, x]) for c in range(i0.shape[1])])


def charbonnier(i0, i1, b, y, x, q=0.5, e=1e-3):
    return np.mean([((i0[b, c, y, x] - i1[b, c, y, x]) ** 2 + e * e) ** q - e ** (2 * q) for c in range(i0.shape[1])])


def census(i0, i1, b, y, x, r=1, q=0.45, e=1e-3):
    if not (r <= y < i0.shape[2] - r and r <= x < i0.shape[3] - r):
        return math.nan
    g0, g1, total = grey(i0), grey(i1), 0.0
    for j in range(-r, r + 1):
        for i in range(-r, r + 1):
            t0, t1 = (g[b, y + j, x + i] - g[b, y, x] for g in (g0, g1))
            d = (t0 / math.sqrt(0.81 + t0 * t0) - t1 / math.sqrt(0.81 + t1 * t1)) ** 2
            total += d / (0.1 + d)
    return total if e == 0 else (total * total + e * e) ** q - e ** (2 * q)


def gradient(i0, i1, b, y, x, e=1e-3):
    if not (0 < y < i0.shape[2] - 1 and 0 < x < i0.shape[3] - 1):
        return math.nan
    values = []
    for c in range(i0.shape[1]):
        dx, dy = ([(i[b, c, y + j, x + k] - i[b, c, y - j, x - k]) / 2 for i in (i0, i1)] for j, k in ((0, 1), (1, 0)))
        values.append(math.sqrt((dx[0] - dx[1]) ** 2 + (dy[0] - dy[1]) ** 2 + e * e) - e)
    return np.mean(values) + 0 * i1[b, :, y, x].sum().item()


def weighted_by_gradient(prefer):
    def value(i0, i1, b, y, x, c=50.0):
        if not (0 < y < i0.shape[2] - 1 and 0 < x < i0.shape[3] - 1):
            return math.nan
        g = i0.numpy().mean(axis=1)[b]
        square = ((g[y, x + 1] - g[y, x - 1]) / 2) ** 2 + ((g[y + 1, x] - g[y - 1, x]) / 2) ** 2
        share = c * c / (c * c + square)
        around = i1[b, :, [y, y, y, y - 1, y + 1], [x, x - 1, x + 1, x, x]]
        return (share if prefer == "weak" else 1 - share) * absolute(i0, i1, b, y, x) + 0 * around.sum().item()

    return value


def ssim(i0, i1, b, y, x, n=3, sigma=1.5):
    r = n // 2
    if not (r <= y < i0.shape[2] - r and r <= x < i0.shape[3] - r):
        return math.nan
    away = np.arange(n) - r
    w = np.exp(-(away[:, None] ** 2 + away**2) / (2 * sigma**2))
    w, found = w / w.sum(), []
    for c in range(i0.shape[1]):
        p, q = (i[b, c, y - r : y + r + 1, x - r : x + r + 1].numpy() for i in (i0, i1))
        m, k = (w * p).sum(), (w * q).sum()
        v, u, s = (w * (p - m) ** 2).sum(), (w * (q - k) ** 2).sum(), (w * (p - m) * (q - k)).sum()
        c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
        found.append((2 * m * k + c1) * (2 * s + c2) / ((m * m + k * k + c1) * (v + u + c2)))
    return (1 - np.mean(found)) / 2


def appearance(i0, i1, b, y, x):
    return 0.85 * ssim(i0, i1, b, y, x, sigma=math.inf) + 0.15 * absolute(i0, i1, b, y, x) / 255


LOSSES = {
    "appearance": (pm.appearance, appearance),
    "absolute": (pm.absolute, absolute),
    "charbonnier": (pm.charbonnier, charbonnier),
    "generalised": (lambda a, b, **k: pm.charbonnier(a, b, exponent=0.45, **k), lambda *p: charbonnier(*p, q=0.45)),
    "ssim": (lambda a, b, **k: pm.ssim(a, b, window=3, **k), ssim),
    "ssim of means": (
        lambda a, b, **k: pm.ssim(a, b, window=3, sigma=math.inf, **k),
        lambda *p: ssim(*p, sigma=math.inf),
    ),
    "census": (lambda a, b, **k: pm.census(a, b, radius=1, **k), census),
    "census count": (
        lambda a, b, **k: pm.census(a, b, radius=1, exponent=0.5, epsilon=0.0, **k),
        lambda *p: census(*p, e=0),
    ),
    "gradient constancy": (pm.gradient_constancy, gradient),
    "weak gradients": (pm.gradient_weighted, weighted_by_gradient("weak")),
    "strong gradients": (
        lambda a, b, **k: pm.gradient_weighted(a, b, prefer="strong", **k),
        weighted_by_gradient("strong"),
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_it_is_its_equation(name, images, weight):
    loss, value = LOSSES[name]
    expected = np.array([value(*images, *place) for place in np.ndindex(2, 7, 8)]).reshape(2, 1, 7, 8)
    found = loss(*images, reduction="none")
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6, atol=1e-9)
    assert loss(*images).item() == pytest.approx(np.nanmean(expected))
    share = np.where(np.isnan(expected), 0, weight.numpy())
    mean = (share * np.nan_to_num(expected)).sum() / share.sum()
    assert loss(*images, weight=weight).item() == pytest.approx(mean)
    assert loss(*images, weight=weight > 2).item() == 0


@pytest.mark.parametrize("name", LOSSES)
def test_its_slopes_are_right_and_nothing_comes_of_a_perfect_match(name, images, weight):
    loss, _ = LOSSES[name]
    small = [image[..., :4, 4:].clone().requires_grad_() for image in images]  # the unknown pixel is among them
    small[1].data[~small[1].isfinite()] = 1e3
    seen = weight[..., :4, 4:]
    assert torch.autograd.gradcheck(lambda a, b: loss(a, b, weight=seen), small)
    same = images[0].clone().requires_grad_()
    value = loss(images[0], same)
    (slope,) = torch.autograd.grad(value, same)
    assert value.item() == pytest.approx(0, abs=1e-12)
    assert slope.isfinite().all()


@pytest.mark.parametrize("name", LOSSES)
def test_an_unknown_pixel_has_no_slope(name, images):
    image1 = images[1].clone().requires_grad_()
    (slope,) = torch.autograd.grad(LOSSES[name][0](images[0], image1), image1)
    assert slope.isfinite().all()
    assert not slope[1, :, 0, 5].any()


def test_census_and_gradients_do_not_see_brightness_and_ssim_hardly(images):
    image = images[0]
    for loss in (lambda a, b: pm.census(a, b, radius=2), pm.gradient_constancy):
        assert loss(image, image + 15).item() == pytest.approx(0, abs=1e-9)
    brighter, other = image * 1.1 + 5, image.flip(3)
    for loss in (lambda a, b: pm.census(a, b, radius=2), lambda a, b: pm.ssim(a, b, window=3)):
        assert loss(image, brighter) < 0.1 * loss(image, other)
    assert pm.absolute(image, brighter) > 0.1 * pm.absolute(image, other)


def test_what_warp_finds_outside_counts_nowhere(images):
    frame0 = images[0]
    flow = torch.full((2, 2, 7, 8), 2.0, dtype=torch.float64)
    frame1 = torch.zeros_like(frame0)
    frame1[..., 2:, 2:] = frame0[..., :-2, :-2]
    assert pm.absolute(frame0, ops.warp(frame1, flow)).item() == pytest.approx(0, abs=1e-12)


def test_the_least_of_several_frames_is_taken(images, weight):
    before, after = (pm.absolute(images[0], image, reduction="none") for image in (images[0].flip(2), images[1]))
    expected = np.fmin(before.numpy(), after.numpy())
    assert pm.minimum([before, after]).item() == pytest.approx(expected.mean())
    weighted = (expected * weight.numpy()).sum() / weight.sum().item()
    assert pm.minimum([before, after], weight=weight).item() == pytest.approx(weighted)
    nothing = torch.full_like(before, torch.nan).requires_grad_()
    assert pm.minimum([nothing]).item() == 0
    maps = [m.detach().requires_grad_() for m in (before, after.nan_to_num(300.0))]
    assert torch.autograd.gradcheck(lambda a, b: pm.minimum([a, b]), maps)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda a, w: pm.absolute(a, a[..., 1:]), ValueError, "they must be equal"),
        (lambda a, w: pm.absolute(a[0], a[0]), ValueError, r"image0 has shape \(3, 7, 8\); it must be \(B, C, H, W\)"),
        (lambda a, w: pm.ssim(a[..., :0], a[..., :0]), ValueError, "with pixels"),
        (lambda a, w: pm.census(a.to(torch.uint8), a), TypeError, "image0 is torch.uint8; it must be floating point"),
        (lambda a, w: pm.charbonnier(a.numpy(), a), TypeError, "image0 is a ndarray"),
        (lambda a, w: pm.census(a[:, :2], a[:, :2]), ValueError, "images have 2 channels; they must have 1, or 3"),
        (lambda a, w: pm.census(a, a, radius=0), ValueError, "radius is 0"),
        (lambda a, w: pm.charbonnier(a, a, epsilon=0.0), ValueError, "epsilon is 0.0; it must be finite and above 0"),
        (lambda a, w: pm.ssim(a, a, window=4), ValueError, "window is 4; it must be an odd"),
        (lambda a, w: pm.ssim(a, a, sigma=math.nan), ValueError, "sigma is nan"),
        (lambda a, w: pm.appearance(a, a, alpha=1.5), ValueError, "alpha is 1.5; it must be from 0 to 1"),
        (lambda a, w: pm.gradient_weighted(a, a, prefer="most"), ValueError, "allowed are 'weak', 'strong'"),
        (lambda a, w: pm.absolute(a, a, weight=w[:1]), ValueError, r"weight has shape .* it must be \(2, 1, 7, 8\)"),
        (lambda a, w: pm.absolute(a, a, weight=-w), ValueError, "weight holds NaN, infinite or negative values"),
        (lambda a, w: pm.absolute(a, a, weight=w * torch.nan), ValueError, "weight holds NaN"),
        (lambda a, w: pm.absolute(a, a, weight=w.int()), TypeError, "weight is torch.int32"),
        (lambda a, w: pm.absolute(a, a, reduction="sum"), ValueError, "reduction is 'sum'; allowed are 'mean', 'none'"),
        (lambda a, w: pm.minimum([]), ValueError, "no maps were given"),
    ],
)
def test_wrong_arguments_are_told(call, error, message, images, weight):
    with pytest.raises(error, match=message):
        call(images[0], weight)


def test_windows_are_one_graph_where_torch_compiles_them(images):
    """A width of the Gaussian that changes from call to call breaks it neither."""
    torch.compiler.reset()
    compiled = torch.compile(pm.ssim, backend="aot_eager", fullgraph=True)
    for sigma in (1.5, 2.5, 0.7, math.inf):
        found = compiled(*images[:2], window=5, sigma=sigma, peak=1.0)
        torch.testing.assert_close(found, pm.ssim(*images[:2], window=5, sigma=sigma, peak=1.0))
    for sigma in (0.0, -1.0):
        with pytest.raises(ValueError, match=r"sigma is .*; it must be above 0"):
            pm.ssim(*images[:2], sigma=sigma)
