"""Maps that are not of the camera of the frames are noticed by where they put points that the frames share."""

import numpy as np
import pytest

from geomvision.cameras import pose
from geomvision.cli.registering import doubt
from geomvision.datasets import Synthetic
from geomvision.geometry import DepthRegistration
from geomvision.geometry._rotations import rotation_of
from geomvision.results import Depth


@pytest.fixture(scope="module")
def clip():
    samples = Synthetic(seed=1, layout="tabletop", height=150, width=200, max_disparity=28).clip(0, frames=5)
    T = np.asarray(samples[0].clip.T_world_cam)
    return [s.image for s in samples], [Depth(m=s.depth.m) for s in samples], samples[0].camera, T


def test_true_maps_are_not_doubted(clip):
    assert doubt(*clip) is None


def test_maps_of_a_camera_beside_are_doubted_and_no_longer_once_registered(clip):
    images, depths, camera, T = clip
    away = pose(rotation_of(np.radians([0.0, 3.0, 0.5])), (0.03, 0.0, 0.0))
    aside = DepthRegistration(T_depth_color=away, depth_camera=camera, color_camera=camera)
    back = DepthRegistration(T_depth_color=np.linalg.inv(away), depth_camera=camera, color_camera=camera)
    stored = [aside.registered(depth) for depth in depths]
    assert "pixels (median) from where maps and poses put them" in str(doubt(images, stored, camera, T))
    assert doubt(images, [back.registered(depth) for depth in stored], camera, T) is None


def test_what_cannot_be_told_is_not_said(clip):
    images, depths, camera, T = clip
    assert doubt(images, [None] * 5, camera, T) is None
    assert doubt(images, [Depth(m=np.full((75, 100), 2.0))] * 5, camera, T) is None  # of another size
    assert doubt(images, depths, camera, np.tile(np.eye(4), (5, 1, 1))) is None  # nothing moves
    assert doubt(images, [Depth(m=np.full((150, 200), np.nan))] * 5, camera, T) is None
