"""Patterns that are known between pixels, so that a motion of any kind has an exact truth."""

import numpy as np
import pytest


class Pattern:
    """A sum of sine waves, 6 to 40 px long, in grey levels 28…228: defined at every real place."""

    def __init__(self, seed=0, shortest=6.0):
        rng = np.random.default_rng(seed)
        length, angle = rng.uniform(shortest, 40.0, 24), rng.uniform(0, 2 * np.pi, 24)
        self.kx, self.ky = 2 * np.pi * np.cos(angle) / length, 2 * np.pi * np.sin(angle) / length
        self.phase = rng.uniform(0, 2 * np.pi, 24)

    def __call__(self, x, y):
        waves = sum(np.sin(kx * x + ky * y + p) for kx, ky, p in zip(self.kx, self.ky, self.phase, strict=True))
        return (128 + 100 * waves / 12).clip(0, 255)

    def moved(self, motion, height=64, width=80):
        """Frames as uint8 and the flow: `motion(x, y)` gives (dx, dy); frame 0 looks up where its pixels go."""
        y, x = np.mgrid[:height, :width].astype(float)
        dx, dy = np.broadcast_arrays(*motion(x, y), x)[:2]
        frame0, frame1 = self(x + dx, y + dy), self(x, y)
        return np.rint(frame0).astype(np.uint8), np.rint(frame1).astype(np.uint8), np.stack([dx, dy], -1)


@pytest.fixture(scope="session")
def pattern():
    return Pattern


MOTIONS = {
    "shift": lambda x, y: (1.3, -0.6),
    "far shift": lambda x, y: (7.25, 4.5),
    "rotation": lambda x, y: (-0.03 * (y - 32), 0.03 * (x - 40)),
    "zoom": lambda x, y: (0.04 * (x - 40), 0.04 * (y - 32)),
    "sine": lambda x, y: (1.5 * np.sin(y / 9), np.cos(x / 11)),
}


@pytest.fixture(params=MOTIONS)
def motion(request):
    return MOTIONS[request.param]


def endpoint_error(flow, truth, border=10):
    """Mean end-point error away from the border, where targets leave the image."""
    inside = (slice(border, -border), slice(border, -border))
    return float(np.linalg.norm(flow.px[inside] - truth[inside], axis=-1).mean())


@pytest.fixture(scope="session")
def epe():
    return endpoint_error
