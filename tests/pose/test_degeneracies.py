"""Every degenerate set is flagged, each flag for its own reason, and no other set is."""

import importlib.util
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import geometry, io, metrics
from geomvision.cameras import Camera
from geomvision.pose import METHODS, Essential, Fundamental, Homography
from geomvision.results import RelativePose

GRID = [(outliers, noise, seed) for outliers in (0.0, 0.3, 0.6) for noise in (0.2, 1.0, 2.0) for seed in range(3)]


def flags_of(matches, kind, method=None, count=500):
    for outliers, noise, seed in GRID:
        scene = matches(kind, count, outliers, noise, seed)
        yield scene, (method or Essential())(*scene.call)


def test_scenes_with_depth_and_motion_are_not_flagged(matches):
    results = [result for _, result in flags_of(matches, "general")]
    assert [sorted(r.degeneracies) for r in results if r.degeneracies] == []


@pytest.mark.parametrize("name", ["essential", "fundamental"])
def test_a_pure_rotation_is_flagged_and_found(matches, name):
    for scene, result in flags_of(matches, "rotation", METHODS[name]()):
        assert "pure_rotation" in result.degeneracies
        assert metrics.pose_error(result.T_1_0, scene.T_1_0).rotation_deg < 0.5
        assert not result.translation.any()
        assert result.covariance is None
        assert result.inliers[scene.right].mean() > 0.9


def test_no_motion_is_flagged(matches):
    for _, result in flags_of(matches, "no_motion"):
        assert result.degeneracies == {"no_motion"}
        assert np.array_equal(result.T_1_0, np.eye(4))


@pytest.mark.parametrize("kind", ["rotation", "no_motion"])
def test_a_wrong_match_with_parallax_does_not_turn_a_rotation_around(matches, kind):
    """Two of 20 are wrong. Of the four poses of E only those of the wrong rotation see parallax: all of it behind."""
    for seed in range(20):
        scene = matches(kind, 20, 0.1, 0.3, seed)
        for backend in ("cpp", "reference"):
            result = Essential(backend=backend, max_iterations=2000 if backend == "cpp" else 64)(*scene.call)
            assert result.T_1_0 is not None
            assert result.degeneracies - {"forward_motion"}
            if result.degeneracies & {"pure_rotation", "no_motion"}:
                assert metrics.pose_error(result.T_1_0, scene.T_1_0).rotation_deg < 0.2


def test_equal_points_have_not_moved(matches):
    scene = matches("no_motion", 200)
    for name in ("essential", "fundamental", "homography"):
        result = METHODS[name]()(*scene.call)
        assert result.degeneracies & {"no_motion", "too_few_points"}  # seven equal points do not make an F
        assert result.T_1_0 is None or np.array_equal(result.T_1_0, np.eye(4))


def test_a_plane_is_flagged(matches):
    for _, result in flags_of(matches, "plane"):
        assert "plane" in result.degeneracies


def test_a_tenth_of_the_points_off_the_plane_is_enough(matches):
    plane, depth = matches("plane", 450, noise_px=0.5, seed=2), matches("general", 450, noise_px=0.5, seed=2)
    assert np.array_equal(plane.T_1_0, depth.T_1_0)
    points = [np.concatenate([p, d[:50]]) for p, d in zip(plane[:2], depth[:2], strict=True)]
    result = Essential()(*points, *plane[2:4])
    assert result.degeneracies == frozenset()
    assert metrics.pose_error(result.T_1_0, plane.T_1_0).worst_deg < 1.5


def test_forward_motion_is_flagged(matches):
    for scene, result in flags_of(matches, "forward"):
        assert "forward_motion" in result.degeneracies
        assert metrics.pose_error(result.T_1_0, scene.T_1_0).worst_deg < 5.0


def test_wrong_intrinsics_are_flagged(matches):
    for seed in range(4):
        scene = matches(count=600, outliers=0.2, noise_px=0.3, seed=seed)
        for factor in (0.6, 1.6):
            wrong = [
                Camera(width=c.width, height=c.height, fx=c.fx * factor, fy=c.fy, cx=c.cx, cy=c.cy) for c in scene[2:4]
            ]
            result = Essential()(scene.points0, scene.points1, *wrong)
            assert "uncalibrated" in result.degeneracies


def test_points_that_are_no_pixels_of_the_cameras_are_flagged(matches):
    scene = matches(count=200)
    rays = [c.unproject(p)[:, :2] for p, c in zip(scene[:2], scene[2:4], strict=True)]
    for method in (Essential(), Fundamental()):
        result = method(*rays, *scene[2:4])
        assert result.degeneracies & {"uncalibrated", "no_motion", "pure_rotation"}
    far = Fundamental()(scene.points0 + 1000.0, scene.points1 + 1000.0, *scene[2:4])  # of a larger image
    assert "uncalibrated" in far.degeneracies
    assert "uncalibrated" not in Fundamental()(*scene.call).degeneracies


def test_without_cameras_there_is_a_matrix_and_no_pose(matches):
    scene = matches(count=300, noise_px=0.3)
    for method in (Fundamental(), Homography()):
        result = method(scene.points0, scene.points1)
        assert result.T_1_0 is None
        assert result.matrix.shape == (3, 3)
        with pytest.raises(ValueError, match="there is no pose"):
            _ = result.rotation


@pytest.mark.parametrize(("name", "wrong", "flagged"), [("dino_02_03", 2, 24), ("temple_12_13", 0, 4)])
def test_few_matches_of_real_pairs_are_flagged_where_the_pose_is_open(real_data, name, wrong, flagged):
    """16 matches of a coarse toy leave the pose open by tens of degrees, those of a detailed one do not."""
    folder = real_data / "twoview" / name
    meta = json.loads((folder / "meta.json").read_text())
    found = geometry.match_features(*(io.read_image(folder / f"image{i}.png") for i in (0, 1)))
    K, T = np.array(meta["K0"]), np.vstack([np.array(meta["T_0to1"])[:3], [0, 0, 0, 1]])
    K[0, 1] = 0.0
    camera = Camera.from_matrix(K, meta["width"], meta["height"])
    flags = missed = 0
    for seed in range(24):
        chosen = np.random.default_rng(seed).permutation(len(found))[:16]
        result = Essential()(found.points0[chosen], found.points1[chosen], camera, camera)
        flags += bool(result.degeneracies)
        missed += metrics.pose_error(result.T_1_0, T).worst_deg > 20 and not result.degeneracies
    assert missed <= wrong
    assert flags <= flagged


def test_core_and_reference_have_the_same_rivals(matches, monkeypatch):
    """Where a plane is seen by few matches, another pose has almost the same odds."""
    told = []
    diagnosed = Essential.diagnosed

    def seen(self, view0, view1, estimate):
        told.append(estimate.rivals)
        return diagnosed(self, view0, view1, estimate)

    monkeypatch.setattr(Essential, "diagnosed", seen)
    for seed in (1, 3, 4):
        scene = matches("plane", 15, noise_px=1.0, seed=seed)
        core, reference = (Essential(backend=name)(*scene.call) for name in ("cpp", "reference"))
        assert core.degeneracies == reference.degeneracies
        assert len(told[-2]) == len(told[-1])
        for ours, theirs in zip(told[-2], told[-1], strict=True):
            for a, b in zip(ours, theirs, strict=True):
                np.testing.assert_allclose(a, b, atol=1e-3)
    assert any(told)


def test_names_of_degeneracies_are_checked():
    with pytest.raises(ValueError, match="allowed are"):
        RelativePose(
            T_1_0=None, matrix=None, relation="essential", inliers=np.zeros(3, bool), degeneracies=frozenset({"tired"})
        )


POSELIB = ["poselib"] if importlib.util.find_spec("poselib") else []  # it comes with an extra
CAMERA = Camera(width=640, height=400, fx=500, fy=505, cx=330, cy=190)
COORDINATES = st.one_of(
    st.floats(-0.5, 640),
    st.sampled_from([0.0, 1.0, 320.0, 1e-300, 1e6, -1e6, np.nan, np.inf, -np.inf, 1e300]),
)


@settings(max_examples=60)
@given(
    st.sampled_from(["essential", "fundamental", "homography", "opencv_usac", *POSELIB]),
    st.lists(st.tuples(COORDINATES, COORDINATES, COORDINATES, COORDINATES), max_size=12),
)
def test_any_numbers_give_an_error_or_a_flag(name, rows):
    """A dozen matches of no scene: never a pose without a flag."""
    values = np.array(rows, float).reshape(-1, 4)
    method = METHODS[name](max_iterations=64)
    try:
        result = method(values[:, :2], values[:, 2:], CAMERA, CAMERA)
    except ValueError:  # says what is wrong with the numbers
        assert len(values) < method.least_matches or not (np.abs(values) <= 1e7).all()
    else:
        assert result.degeneracies
        assert result.T_1_0 is None or np.isfinite(result.T_1_0).all()


@pytest.mark.parametrize("name", ["essential", "fundamental", "homography", "opencv_usac", *POSELIB])
@pytest.mark.parametrize("shape", ["repeated", "two_places", "collinear", "collinear_noise"])
def test_sets_without_area_are_flagged(name, shape):
    rng = np.random.default_rng(3)
    n = 60
    along = rng.uniform(50, 350, n)
    points0 = np.column_stack([along, 0.5 * along + 20])
    points1 = np.column_stack([along * 0.9 + 12, 0.4 * along + 33])
    if shape == "repeated":
        points0[:], points1[:] = points0[0], points1[0]
    if shape == "two_places":
        points0[:30], points1[:30], points0[30:], points1[30:] = points0[0], points1[0], points0[1], points1[1]
    if shape == "collinear_noise":
        points0, points1 = (p + 0.5 * rng.normal(size=p.shape) for p in (points0, points1))
    result = METHODS[name](max_iterations=500)(points0, points1, CAMERA, CAMERA)
    assert result.degeneracies


def heavy_tailed(scene, seed):
    """The scene's exact matches with errors of view 1 by Student's t of 1.5 degrees of freedom."""
    rng = np.random.default_rng([seed, 8])
    shared = np.sqrt(1.5 / rng.chisquare(1.5, (len(scene.points0), 1)))
    return scene.points0, scene.points1 + 0.2 * shared * rng.normal(size=scene.points1.shape), *scene.call[2:]


@pytest.mark.parametrize("kind", ["rotation", "no_motion"])
def test_errors_of_a_heavy_tail_do_not_make_a_turn_a_motion(matches, kind):
    """A Gaussian's tail has few of those far off; they lie in all directions, along epipolar lines, too."""
    flag = "pure_rotation" if kind == "rotation" else kind
    for seed in range(6):
        assert flag in Essential()(*heavy_tailed(matches(kind, 1500, seed=seed), seed)).degeneracies


def test_errors_of_a_heavy_tail_do_not_hide_a_motion(matches):
    """One in ten points is near enough to move by some pixels against the others, which are far away."""
    for seed in range(6):
        scene = matches("rotation", 1500, seed=seed)
        near = np.arange(1500) % 10 == 0
        X = scene.camera0.unproject(scene.points0) * np.where(near, 5.0, 500.0)[:, None]
        seen = scene.camera1.project(X @ scene.T_1_0[:3, :3].T + (0.08, 0.02, 0.0))
        found = Essential()(*heavy_tailed(scene._replace(points1=seen), seed))
        assert not found.degeneracies & {"pure_rotation", "no_motion"}
