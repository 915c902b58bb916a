"""What frames agree on, in closed form: a wall parallel to cameras that stand at one place."""

from __future__ import annotations

import numpy as np

from geomvision.cameras import Camera
from geomvision.depth._agreement import Witness, confirmed
from geomvision.depth._sweep import Swept

CAMERA = Camera(width=50, height=40, fx=60.0, fy=-56.0, cx=20.0, cy=24.0)


def test_what_two_frames_agree_on_is_kept_as_their_mean() -> None:
    """A wall at 1 / q, which one witness has a step too near, one has where it is, and others elsewhere."""
    rays = np.ascontiguousarray(np.moveaxis(CAMERA.unproject(CAMERA.pixel_grid()), 2, 0), np.float32)
    size = (CAMERA.height, CAMERA.width)

    def witness(q: float) -> Witness:
        return Witness(Swept(np.full(size, q, np.float32), np.ones(size, np.float32), 0.01), CAMERA, np.eye(4))

    def told(*inverse_depths: float) -> np.ndarray:
        found = Swept(np.full(size, 0.5, np.float32), np.ones(size, np.float32), 0.01)
        return confirmed(found, rays, [witness(q) for q in inverse_depths], 2.0, 50).q

    np.testing.assert_allclose(told(0.51, 0.5), (0.5 + 0.51 + 0.5) / 3, rtol=1e-5)
    assert np.isnan(told(0.56)).all()  # nobody agrees
    np.testing.assert_allclose(told(0.5, 0.5, 0.56), 0.5, rtol=1e-5)
    assert np.isnan(told(0.5, 0.56)).all()  # as many differ
    np.testing.assert_allclose(told(0.5, np.nan), 0.5, rtol=1e-5)  # who sees nothing has no say
