"""The plane sweep: what is read and what runs are one, on every pixel; masks, borders, threads."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import geomvision as gv
from geomvision import _core
from geomvision.depth import FromMotion, _sweep, _sweep_reference
from geomvision.depth._sweep import Limits, Planes, Source
from geomvision.images import to_grey

LIMITS = Limits(contrast=0.15, min_parallax=3.0, speckle=50, num_threads=0)


@dataclasses.dataclass(frozen=True, eq=False)
class Scene:
    """A rendered reference with its sources, one of which has holes, and its exact depth."""

    grey: np.ndarray
    rays: np.ndarray
    sources: list[Source]
    planes: Planes
    depth: np.ndarray


@pytest.fixture(scope="module", params=[(0, 1, 3, 4), (4,), (0, 3, 4)], ids=["four", "one", "three"])
def scene(request: pytest.FixtureRequest) -> Scene:
    options = {"layout": "tabletop", "width": 213, "height": 97, "max_disparity": 32}
    clip = gv.datasets.Synthetic(seed=1, **options).clip(0, 5)
    camera, T, depth = clip[2].camera, clip[2].clip.T_world_cam, clip[2].depth.m
    grey = [np.rint(to_grey(frame)).astype(np.uint8) for frame in clip[2].clip.frames]
    rays = np.ascontiguousarray(np.moveaxis(camera.unproject(camera.pixel_grid()), 2, 0), np.float32)
    sources = [Source.of(grey[k], camera, np.linalg.inv(T[k]) @ T[2]) for k in request.param]
    if len(sources) > 1:
        holes = np.where(np.random.default_rng(0).random(depth.shape) < 0.99, 255, 0).astype(np.uint8)
        sources[1] = dataclasses.replace(sources[1], known=holes)
    near, far = 0.9 * float(np.nanmin(depth)), 1.1 * float(np.nanmax(depth))
    return Scene(grey[2], rays, sources, Planes.between(near, far, rays, sources, 0.75, 256), depth)


def given(scene: Scene) -> list[tuple]:
    return [(source.image, source.M.ravel(), source.b, source.known) for source in scene.sources]


@pytest.mark.parametrize("threads", [1, 3])
def test_the_costs_are_those_of_the_reference(scene: Scene, threads: int) -> None:
    planes = {"first": scene.planes.first, "step": scene.planes.step, "count": scene.planes.count}
    costs = _core.plane_sweep_costs(scene.grey, scene.rays, given(scene), **planes, num_threads=threads)
    np.testing.assert_array_equal(costs, _sweep_reference.costs(scene.grey, scene.rays, scene.sources, scene.planes))


def test_the_sweep_is_that_of_the_reference_and_near_the_truth(scene: Scene) -> None:
    arguments = scene.grey, scene.rays, scene.sources, scene.planes
    for limits in (LIMITS, Limits(contrast=0.6, min_parallax=12.0, speckle=0, num_threads=1)):
        expected, found = _sweep_reference.sweep(*arguments, limits), _sweep.sweep(*arguments, limits)
        np.testing.assert_array_equal(found.q, expected.q)
        np.testing.assert_array_equal(found.margin, expected.margin)
    found = _sweep.sweep(*arguments, LIMITS)
    assert np.isfinite(found.q).mean() > 0.6
    assert np.nanmedian(np.abs(1 / found.q - scene.depth) / scene.depth) < 0.01


def test_both_backends_of_the_method_agree() -> None:
    sample = gv.datasets.Synthetic(seed=3, width=120, height=80, max_disparity=24).clip(0, 3)[1]
    fast, slow = (FromMotion(backend=name).on(sample) for name in ("cpp", "reference"))
    np.testing.assert_array_equal(fast.m, slow.m)
    np.testing.assert_array_equal(fast.confidence, slow.confidence)


def test_options_have_the_same_defaults_in_both_languages() -> None:
    defaults, method = _core.plane_sweep_options(), FromMotion()
    assert (defaults.pop("p1"), defaults.pop("p2")) == (_sweep_reference.P1, _sweep_reference.P2)
    assert defaults == {name: getattr(method, name) for name in defaults}
    assert set(defaults) == {field.name for field in dataclasses.fields(Limits)}


def test_what_the_core_cannot_take_is_refused(scene: Scene) -> None:
    planes = {"first": 0.1, "step": 0.1, "count": 8, "num_threads": 0}
    with pytest.raises(ValueError, match="rays must be 3 x height x width"):
        _core.plane_sweep_costs(scene.grey, scene.rays[:, :-1].copy(), given(scene), **planes)
    with pytest.raises(ValueError, match="0 sources"):
        _core.plane_sweep_costs(scene.grey, scene.rays, [], **planes)
    with pytest.raises(ValueError, match="allowed is between 4 and 2048"):
        _core.plane_sweep_costs(scene.grey, scene.rays, given(scene), **{**planes, "count": -1})
    image, M, b, _ = given(scene)[0]
    with pytest.raises(ValueError, match="they must be equal"):
        _core.plane_sweep_costs(scene.grey, scene.rays, [(image, M, b, image[:-1].copy())], **planes)
