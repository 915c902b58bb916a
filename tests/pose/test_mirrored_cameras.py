"""A camera with a negative focal length sees the scene turned over; one such camera of two is no other scene."""

from dataclasses import replace

import numpy as np
import pytest

from geomvision import metrics
from geomvision.pose import Essential, Homography


def turned_over(scene, views):
    """The same matches in images that are turned over from top to bottom, by cameras that say so."""
    points, cameras = list(scene[:2]), list(scene[2:4])
    for k in views:
        camera = cameras[k]
        points[k] = points[k] * (1, -1) + (0, camera.height - 1)
        cameras[k] = replace(camera, fy=-camera.fy, cy=camera.height - 1 - camera.cy)
    return (*points, *cameras)


@pytest.mark.parametrize("views", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize("backend", ["cpp", "reference"])
def test_a_plane_is_one_whichever_images_are_turned_over(matches, views, backend):
    scene = matches("plane", 120, outliers=0.1, noise_px=0.4, seed=2)
    assert "plane" in Essential()(*turned_over(scene, views)).degeneracies
    result = Homography(backend=backend)(*turned_over(scene, views))
    assert result.inliers[scene.right].mean() > 0.97
    assert min(metrics.pose_error(c, scene.T_1_0).worst_deg for c in result.candidates) < 3.0
    first, second, *_ = turned_over(scene, views)
    mapped = np.column_stack([first, np.ones(120)]) @ result.matrix.T
    off = np.linalg.norm(mapped[:, :2] / mapped[:, 2:] - second, axis=1)
    assert np.median(off[scene.right]) < 1.0  # the matrix is that of the given pixels


@pytest.mark.parametrize("kind", ["general", "rotation", "forward"])
def test_poses_and_flags_are_the_same_scene_s(matches, kind):
    scene = matches(kind, 150, outliers=0.2, noise_px=0.4, seed=4)
    expected = Essential()(*scene.call)
    for views in ((0,), (1,), (0, 1)):
        result = Essential()(*turned_over(scene, views))
        assert result.degeneracies == expected.degeneracies
        np.testing.assert_allclose(result.rotation, expected.rotation, atol=2e-3)
        np.testing.assert_allclose(result.translation, expected.translation, atol=1e-2)
