import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision.cameras import Camera, ExtendedUnifiedCamera, KannalaBrandt, RayTable, UnifiedCamera

torch = pytest.importorskip("torch")
from geomvision.nets import cameras as twins  # noqa: E402

FIELDS = {"width": 320, "height": 240, "fx": 120.0, "fy": 122.0, "cx": 150.5, "cy": 117.25}
ALL = (-0.2, 0.05, 1e-3, -2e-3, 0.01, 0.02, 0.01, -0.003, 1e-3, -2e-3, 5e-4, 1e-3, 0.03, -0.02)
FISHEYE = KannalaBrandt(**FIELDS, distortion=(-0.02, 0.004, -0.003, 0.0005))
MODELS = {
    "pinhole": Camera(**FIELDS),
    **{f"brown{n}": Camera(**FIELDS, distortion=ALL[:n]) for n in (4, 5, 8, 12, 14)},
    "folding": Camera(**FIELDS, distortion=(-0.3, 0.0, 0.0, 0.0)),
    "fisheye": FISHEYE,
    "unified": UnifiedCamera(**FIELDS, alpha=0.62),
    "narrow": UnifiedCamera(**FIELDS, alpha=0.4),
    "extended": ExtendedUnifiedCamera(**FIELDS, alpha=0.58, beta=1.15),
    "bent": UnifiedCamera(**FIELDS, alpha=0.6, distortion=(-0.05, 0.01, 1e-3, -2e-3)),
    "bent5": ExtendedUnifiedCamera(**FIELDS, alpha=0.55, beta=0.9, distortion=(-0.05, 0.01, 1e-3, -2e-3, 1e-4)),
    "table": RayTable.from_camera(FISHEYE),
}
every = pytest.mark.parametrize("camera", MODELS.values(), ids=MODELS)


def scene(count=200, seed=0):
    rng = np.random.default_rng(seed)
    points = rng.uniform((-3, -2, -0.5), (3, 2, 3), (count, 3))
    points[:6] = [[0, 0, 1], [0, 0, -1], [0, 0, 0], [np.nan, 0, 1], [np.inf, 1, 1], [1e-9, 0, 1]]
    return points


@every
def test_twins_equal_numpy(camera):
    points = scene()
    pixels = camera.project(points)
    found = twins.project(camera, torch.tensor(points))
    np.testing.assert_allclose(found.numpy(), pixels, rtol=1e-12, atol=1e-11)
    grid = np.random.default_rng(1).uniform((-200, -200), (520, 440), (300, 2))
    grid[0], grid[1], grid[2] = (camera.project([0.0, 0.0, 1.0]), (np.nan, 0), (np.inf, 0))
    directions = camera.rays(grid)
    assert np.isfinite(directions[:, 0]).any()
    np.testing.assert_allclose(twins.rays(camera, torch.tensor(grid)).numpy(), directions, rtol=1e-11, atol=1e-12)
    depth = np.linspace(1, 5, 300)
    expected = camera.unproject(grid, depth)
    got = twins.unproject(camera, torch.tensor(grid), torch.tensor(depth)).numpy()
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)


@every
def test_derivatives_are_right(camera):
    points = scene(40)[6:]
    kept = torch.tensor(points[np.isfinite(camera.project(points)[:, 0])][:4])
    parameters = torch.tensor(camera.parameters, requires_grad=True)
    assert len(kept) == 4
    torch.autograd.gradcheck(
        lambda p, v: twins.project(camera, p, v), (kept.requires_grad_(), parameters), atol=1e-4, rtol=1e-5
    )
    pixels = twins.project(camera, kept.detach()).requires_grad_()
    torch.autograd.gradcheck(lambda p, v: twins.rays(camera, p, v), (pixels, parameters), atol=1e-6, rtol=1e-4)
    near = pixels.detach()[camera.rays(pixels.detach().numpy())[:, 2] > 0.1].requires_grad_()
    depth = torch.tensor([2.0], dtype=torch.float64, requires_grad=True)
    torch.autograd.gradcheck(
        lambda p, d, v: twins.unproject(camera, p, d, v), (near, depth, parameters), atol=1e-5, rtol=1e-4
    )
    _, by_points, by_parameters = camera.jacobians(kept.detach().numpy())
    jacobian = torch.autograd.functional.jacobian(lambda p, v: twins.project(camera, p, v), (kept, parameters))
    own = np.stack([jacobian[0][k, :, k].numpy() for k in range(4)])
    np.testing.assert_allclose(own, by_points, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(jacobian[1].numpy(), by_parameters, rtol=1e-7, atol=1e-6)


@every
def test_unseen_points_pass_no_gradient_on(camera):
    points = torch.tensor(scene(60), requires_grad=True)
    parameters = torch.tensor(camera.parameters, requires_grad=True)
    pixels = twins.project(camera, points, parameters)
    pixels[pixels.isfinite()].sum().backward()
    assert points.grad.isfinite().all()
    assert parameters.grad.isfinite().all()
    unseen = pixels.isnan().any(-1)
    assert unseen.any()
    assert (points.grad[unseen] == 0).all()
    grid = torch.tensor([[1e5, 1e5], [float("nan"), 0.0], [150.5, 117.25]], dtype=torch.float64, requires_grad=True)
    parameters.grad = None
    rays = twins.rays(camera, grid, parameters)
    rays[rays.isfinite()].sum().backward()
    assert grid.grad.isfinite().all()
    assert parameters.grad.isfinite().all()


@pytest.mark.parametrize("name", ["brown5", "fisheye", "unified"])
def test_each_of_a_batch_has_its_own_parameters(name):
    camera = MODELS[name]
    rows = torch.tensor(camera.parameters).repeat(3, 1)
    rows[1, :4] *= 1.1
    rows[2, 4] *= 0.5
    points = torch.tensor(scene(30)).repeat(3, 1, 1)
    together = twins.project(camera, points, rows)
    for k in range(3):
        expected = camera.with_parameters(rows[k].numpy()).project(points[k].numpy())
        np.testing.assert_allclose(together[k].numpy(), expected, rtol=1e-12, atol=1e-11)


coefficient = st.floats(-1, 1) | st.floats(-30, 30) | st.just(0.0)


@settings(max_examples=60)
@given(st.sampled_from([4, 5, 8, 12, 14]).flatmap(lambda n: st.tuples(*[coefficient] * n)))
def test_twins_of_any_distortion_see_what_numpy_sees(distortion):
    camera = Camera(**FIELDS, distortion=distortion[:12] + tuple(v / 100 for v in distortion[12:]))
    points = np.nan_to_num(scene(40), posinf=0.0)
    pixels, found = camera.project(points), twins.project(camera, torch.tensor(points)).numpy()
    both = np.isfinite(pixels[:, 0]) & np.isfinite(found[:, 0])
    assert (np.isfinite(pixels[:, 0]) == np.isfinite(found[:, 0])).mean() > 0.97  # to the last bit at the very limit
    np.testing.assert_allclose(found[both], pixels[both], rtol=1e-11, atol=1e-9)
    rays, own = camera.rays(pixels[both]), twins.rays(camera, torch.tensor(pixels[both])).numpy()
    known = np.isfinite(rays[:, 0]) & np.isfinite(own[:, 0])
    assert known.sum() >= 0.9 * both.sum()
    _, slope, _ = camera.jacobians(rays)
    steep = np.abs(slope[:, 0, 0] * slope[:, 1, 1] - slope[:, 0, 1] * slope[:, 1, 0]) > 1
    np.testing.assert_allclose(own[known & steep], rays[known & steep], atol=1e-7)


def test_float32_stays_float32_and_is_near():
    points = scene()[6:]
    for camera in MODELS.values():
        pixels = twins.project(camera, torch.tensor(points, dtype=torch.float32))
        assert pixels.dtype == torch.float32
        both = (np.abs(pixels.numpy()) < 2000).all(axis=1) & (np.abs(camera.project(points)) < 2000).all(axis=1)
        assert np.abs(pixels.numpy() - camera.project(points))[both].max() < 0.05
        assert twins.rays(camera, pixels[both]).isfinite().all(-1).float().mean() > 0.9


def test_wrong_arguments_are_refused():
    camera = MODELS["brown5"]
    with pytest.raises(TypeError, match="float32 or float64"):
        twins.project(camera, torch.ones(3, dtype=torch.int64))
    with pytest.raises(TypeError, match=r"points or pixels are ndarray; they must be a tensor: torch\.as_tensor"):
        twins.project(camera, np.ones((4, 3)))
    with pytest.raises(TypeError, match="parameters are ndarray"):
        twins.project(camera, torch.ones(4, 3), camera.parameters)
    with pytest.raises(TypeError, match=r"camera is Tensor; it must be a geomvision\.cameras\.CameraModel"):
        twins.rays(torch.eye(3), torch.ones(4, 2))
    with pytest.raises(ValueError, match=r"must be \(\.\.\., 3\)"):
        twins.project(camera, torch.ones(4, 2))
    with pytest.raises(ValueError, match=r"parameters have shape \(4,\)"):
        twins.project(camera, torch.ones(4, 3), torch.ones(4))
    with pytest.raises(ValueError, match="fx > 0"):
        twins.project(camera, torch.ones(4, 3), -torch.ones(9))


@pytest.mark.cuda
@every
def test_on_a_gpu_twins_stay_there(camera):
    if not torch.cuda.is_available():
        pytest.skip("torch sees no GPU")
    points = torch.tensor(scene())
    pixels = twins.project(camera, points.cuda())
    assert pixels.is_cuda
    torch.testing.assert_close(pixels.cpu(), twins.project(camera, points), rtol=1e-9, atol=1e-9, equal_nan=True)
    torch.testing.assert_close(
        twins.rays(camera, pixels).cpu(), twins.rays(camera, pixels.cpu()), rtol=1e-9, atol=1e-9, equal_nan=True
    )
