"""Rotations as vectors, against what defines them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomvision.geometry._rotations import rotation_of, turn_onto, vector_of


@given(st.integers(0, 100_000), st.floats(0, np.pi))
def test_rotation_vectors_are_those_of_the_rotation(seed, angle):
    axis = np.random.default_rng(seed).normal(size=3)
    vector = angle * axis / np.linalg.norm(axis)
    R = rotation_of(vector)
    assert np.abs(R @ R.T - np.eye(3)).max() < 1e-12
    assert np.trace(R) == pytest.approx(1 + 2 * np.cos(angle), abs=1e-12)
    assert R @ axis == pytest.approx(axis)
    assert rotation_of(vector_of(R)) == pytest.approx(R, abs=1e-7)
    end = np.random.default_rng(seed + 1).normal(size=3)
    assert turn_onto(axis, end) @ axis / np.linalg.norm(axis) == pytest.approx(end / np.linalg.norm(end))
