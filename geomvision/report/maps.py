"""Maps and images as the page carries them: exact enough to read values from, small enough to mail.

A map becomes 16-bit codes: 0 where there is no estimate, else value = low + (code − 1)·step. The codes are
stored as differences along the row, high bytes before low bytes, deflated: what a browser undoes without a
canvas in between, so that no colour management touches a value.
"""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..images import Image, Mask
from ..packages import needed_by

#: Finest step of the codes by unit; a wider range takes a wider step.
FINEST = {"px": 1 / 128, "m": 1e-3}


def encode_map(values: NDArray[np.floating[Any]], unit: str, finest: float | None = None) -> dict[str, Any]:
    """Encode (H, W) or (H, W, C) values with NaN gaps; the error is at most half the returned ``step``."""
    planes = np.moveaxis(values[..., None] if values.ndim == 2 else values, -1, 0).astype(np.float64)
    known = np.isfinite(planes)
    low = float(planes[known].min()) if known.any() else 0.0
    span = float(planes[known].max()) - low if known.any() else 0.0
    step = max(FINEST.get(unit, 0.0) if finest is None else finest, span / 65534) or 1.0
    codes = np.zeros(planes.shape, np.uint16)
    codes[known] = np.rint((planes[known] - low) / step).astype(np.uint16) + 1
    differences = np.diff(codes, axis=2, prepend=np.uint16(0))  # wraps, as its sum does
    split = np.stack([differences >> 8, differences & 255]).astype(np.uint8)
    return {"low": low, "step": step, "planes": len(planes), "data": _packed(split.tobytes())}


def encode_mask(mask: Mask) -> str:
    """Encode bool (H, W), eight pixels to the byte, most significant first, rows run on."""
    return _packed(np.packbits(mask).tobytes())


def encode_image(image: Image, quality: int = 92) -> str:
    """A JPEG data address of an image, its grey levels brought to 8 bit."""
    with needed_by("the report"):
        import cv2

    shown = eight_bit(image)
    done, data = cv2.imencode(
        ".jpg", shown if shown.ndim == 2 else shown[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    if not done:
        raise RuntimeError(f"OpenCV could not write a {shown.shape} image as JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()


def eight_bit(image: Image) -> NDArray[np.uint8]:
    """For display: uint16 by its high byte when it uses the range, floats in 0…1 times 255, else stretched."""
    if image.dtype == np.uint8:
        return image
    values = image.astype(np.float64)
    top = float(values.max())
    full = 65535.0 if image.dtype == np.uint16 else 1.0
    if not (0.5 * full < top <= full and values.min() >= 0):
        full, values = max(top - float(values.min()), 1e-12), values - values.min()
    levels: NDArray[np.uint8] = np.clip(np.rint(values / full * 255), 0, 255).astype(np.uint8)
    return levels


def colored(values: NDArray[np.floating[Any]], limits: tuple[float, float] | None = None) -> NDArray[np.uint8]:
    """(H, W) as RGB from blue to red between `limits`, else the 1st and 99th percentile; grey where there is none."""
    with needed_by("the report"):
        import cv2

    known = np.isfinite(values)
    low, high = limits or (np.percentile(values[known], (1, 99)) if known.any() else (0.0, 1.0))
    with np.errstate(invalid="ignore"):
        level = np.clip((values - low) / max(high - low, 1e-12) * 255, 0, 255)
    picture = cv2.applyColorMap(np.where(known, level, 0).astype(np.uint8), cv2.COLORMAP_TURBO)[..., ::-1].copy()
    picture[~known] = 128
    return np.asarray(picture, dtype=np.uint8)


def flow_colored(px: NDArray[np.floating[Any]], full_px: float) -> NDArray[np.uint8]:
    """Flow (H, W, 2) as RGB: direction is hue, length saturation, full from `full_px` on; grey where there is none.

    The colours of the page's flow layers: motion to the right is red, down yellow-green, to the left cyan, up violet.
    """
    u, v = px[..., 0].astype(np.float64), px[..., 1].astype(np.float64)
    known = np.isfinite(u + v)
    u, v = np.where(known, u, 0.0), np.where(known, v, 0.0)
    hue = (np.arctan2(v, u) / (2 * np.pi) + 1) % 1 * 6
    saturation = np.minimum(1.0, np.hypot(u, v) / full_px)
    sector = (np.array([5.0, 3.0, 1.0]) + hue[..., None]) % 6
    share = np.clip(np.minimum(sector, 4 - sector), 0, 1)
    picture = np.rint(255 * (1 - saturation[..., None] * share))
    return np.where(known[..., None], picture, 128).astype(np.uint8)


def color_table(name: str) -> str:
    """256 RGB colours of one of OpenCV's maps (``"TURBO"``, ``"MAGMA"``, …), base64."""
    with needed_by("the report"):
        import cv2

    ramp = np.arange(256, dtype=np.uint8)[:, None]
    colors = cv2.applyColorMap(ramp, getattr(cv2, f"COLORMAP_{name}"))[:, 0, ::-1]
    return base64.b64encode(np.ascontiguousarray(colors).tobytes()).decode()


def _packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 6)).decode()
