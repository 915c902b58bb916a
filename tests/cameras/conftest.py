"""What every camera model must keep, whatever its equations."""

from collections.abc import Callable

import numpy as np
import pytest

from geomvision.cameras import CameraModel


def numeric_jacobian(function: Callable, at, step=1e-6):
    """Central differences of `function` (…, 2) by the vector `at` (N,)."""
    at = np.asarray(at, dtype=float)
    steps = step * np.maximum(1.0, np.abs(at))
    columns = [
        (function(at + e * s) - function(at - e * s)) / (2 * s) for e, s in zip(np.eye(len(at)), steps, strict=True)
    ]
    return np.stack(columns, axis=-1)


def check_jacobians(camera: CameraModel, points, tolerance=1e-5):
    """Analytic derivatives against central differences, and pixels against `project`, where all are seen."""
    pixels, by_points, by_parameters = camera.jacobians(points)
    np.testing.assert_array_equal(np.isnan(pixels), np.isnan(camera.project(points)))
    np.testing.assert_allclose(pixels, camera.project(points), rtol=1e-12, atol=1e-10)
    assert len(camera.parameter_names) == camera.parameters.size == by_parameters.shape[-1]
    seen = 0
    for point, pixel, by_point, by_parameter in zip(points, pixels, by_points, by_parameters, strict=True):
        if np.isnan(pixel).any():
            assert np.isnan(by_point).all()
            assert np.isnan(by_parameter).all()
            continue
        expected = numeric_jacobian(camera.project, point)
        if np.isnan(expected).any():
            continue  # at the very edge of the model
        seen += 1
        np.testing.assert_allclose(by_point, expected, rtol=tolerance, atol=tolerance * np.abs(expected).max())
        expected = numeric_jacobian(lambda v, p=point: camera.with_parameters(v).project(p), camera.parameters)
        scale = np.maximum(1.0, np.abs(expected).max())
        np.testing.assert_allclose(by_parameter, expected, rtol=tolerance, atol=tolerance * scale)
    return seen


def check_round_trip(camera: CameraModel, points, pixels_off=1e-6):
    """Seen points come back on their ray, or the ray is NaN; never another ray. Returns how many came back."""
    pixels = camera.project(points)
    seen = np.isfinite(pixels).all(axis=-1)
    assert (np.isnan(pixels).all(axis=-1) == ~seen).all()
    rays = camera.rays(pixels)
    assert np.isnan(rays[~seen]).all()
    known = np.isfinite(rays).all(axis=-1)
    np.testing.assert_allclose(np.linalg.norm(rays[known], axis=-1), 1.0, atol=1e-12)
    back = camera.project(rays[known])
    back_seen = np.isfinite(back).all(axis=-1)
    assert np.abs(back - pixels[known])[back_seen].max(initial=0.0) < pixels_off
    unit = points[known] / np.linalg.norm(points[known], axis=-1, keepdims=True)
    return known.sum(), np.abs(rays[known] - unit).max(axis=-1, initial=0.0)


def check_image_changes(camera: CameraModel, points, turns=range(-1, 5), tolerance=1e-8):
    """Resizing, cropping and turning the image moves the pixels of the same points as it moves the image."""
    pixels = camera.project(points)
    width, height = camera.width, camera.height
    larger = camera.resize(3 * width, 2 * height)
    assert (larger.width, larger.height) == (3 * width, 2 * height)
    np.testing.assert_allclose(larger.project(points), (pixels + 0.5) * (3, 2) - 0.5, atol=tolerance)
    crop = camera.crop(-3, 7, 20, 30)
    assert (crop.width, crop.height) == (20, 30)
    np.testing.assert_allclose(crop.project(points), pixels - (-3, 7), atol=tolerance)
    for quarter_turns in turns:
        turned, R_new_old = camera.rotated(quarter_turns)
        x, y, w, h = *pixels.T, width, height
        for _ in range(quarter_turns % 4):
            x, y, w, h = y, w - 1 - x, h, w
        assert (turned.width, turned.height) == (w, h)
        np.testing.assert_allclose(np.linalg.det(R_new_old), 1.0)
        np.testing.assert_allclose(turned.project(points @ R_new_old.T), np.stack([x, y], axis=-1), atol=tolerance)


@pytest.fixture(scope="session")
def checks():
    class Checks:
        jacobians = staticmethod(check_jacobians)
        round_trip = staticmethod(check_round_trip)
        image_changes = staticmethod(check_image_changes)

    return Checks
