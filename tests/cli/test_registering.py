"""Maps whose edges do not lie on those of the frames are noticed, by how far they lie."""

import numpy as np
import pytest

from geomvision.cli.registering import doubt
from geomvision.results import Depth


def boxes(seed, size=(150, 200)):
    """Grey boxes on a textured wall: brightness and depth of the same edges."""
    rng = np.random.default_rng(seed)
    image, depth = rng.normal(100, 5, size), np.full(size, 3.0)
    for _ in range(6):
        y, x, h, w = rng.integers(10, 90), rng.integers(10, 120), rng.integers(20, 50), rng.integers(20, 60)
        image[y : y + h, x : x + w] = rng.normal(rng.uniform(0, 255), 5, image[y : y + h, x : x + w].shape)
        depth[y : y + h, x : x + w] = rng.uniform(1, 2.5)
    return image.clip(0, 255).astype(np.uint8), depth


@pytest.mark.parametrize("shift", [0, 1, 8, 15])
def test_the_shift_is_told_where_there_is_one(shift):
    scenes = [boxes(seed) for seed in range(5)]
    depths = [Depth(m=np.roll(depth, shift, axis=1)) for _, depth in scenes]
    said = doubt([image for image, _ in scenes], depths)
    assert said == (f"edges of the maps lie {shift} pixels from those of the frames" if shift > 3 else None)


def test_maps_of_another_scene_are_noticed_and_what_has_no_edges_is_not_judged():
    images = [boxes(seed)[0] for seed in range(5)]
    others = [Depth(m=boxes(seed + 50)[1]) for seed in range(5)]
    assert doubt(images, others) == "edges of the maps do not lie on edges of the frames"
    assert doubt(images, [Depth(m=np.full((150, 200), 2.0))] * 5) is None
    assert doubt(images, [None] * 5) is None
    assert doubt(images, [Depth(m=np.full((75, 100), 2.0))] * 5) is None  # of another size: another rule's matter
