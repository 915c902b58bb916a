import numpy as np
import pytest

from geomvision.cameras import Camera, StereoRig
from geomvision.results import Depth, Disparity, Flow, RelativeDepth, SceneFlow

CAMERA = Camera(width=4, height=3, fx=100.0, fy=110.0, cx=1.25, cy=0.5)
RIG = StereoRig.rectified(CAMERA, 0.5, doffs_px=2.0)
NAN = float("nan")


def test_depth_is_f_b_over_d_plus_doffs():
    px = np.array([[8.0, 0.0, -2.0, NAN], [-3.0, 3.0, 48.0, 23.0], [1.0, 1.0, 1.0, 1.0]])
    depth = Disparity(px=px).to_depth(RIG)
    assert depth.m[0, :2] == pytest.approx([5.0, 25.0])
    assert np.isnan(depth.m[0, 2:]).all()
    assert np.isnan(depth.m[1, 0])
    assert depth.m[1, 1:] == pytest.approx([10.0, 1.0, 2.0])
    back = depth.to_disparity(RIG)
    assert back.px[1, 1:] == pytest.approx([3.0, 48.0, 23.0], abs=1e-5)


def test_points_lie_behind_their_pixels():
    depth = Depth(m=np.array([[2.0, NAN, 2.0, 2.0], [1.0] * 4, [4.0] * 4]))
    points = depth.to_points(CAMERA)
    assert points.shape == (11, 3)
    assert points[0] == pytest.approx([(0 - 1.25) / 100 * 2, (0 - 0.5) / 110 * 2, 2.0])
    assert points[-1] == pytest.approx([(3 - 1.25) / 100 * 4, (2 - 0.5) / 110 * 4, 4.0])


def test_a_camera_of_another_size_is_refused():
    with pytest.raises(ValueError, match="the map is 5x3 but the camera is 4x3"):
        Disparity(px=np.ones((3, 5))).to_depth(RIG)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Disparity(px=np.zeros((2, 2, 2))), r"px has shape \(2, 2, 2\); it must be \(H, W\)"),
        (lambda: Disparity(px=np.full((2, 2), np.inf)), "infinities"),
        (lambda: Disparity(px=np.zeros((2, 2)), confidence=np.zeros((2, 3), np.float32)), "confidence has shape"),
        (lambda: Disparity(px=np.full((2, 2), 1e300)), "infinities"),
        (lambda: Disparity(px=np.zeros((1, 2)), confidence=np.array([[0.5, 1.5]])), r"1 values outside \[0, 1\]"),
        (lambda: Disparity(px=np.zeros((1, 2)), confidence=np.array([[0.5, NAN]])), r"1 values outside"),
        (lambda: Flow(px=np.zeros((2, 2))), r"it must be \(H, W, 2\)"),
        (lambda: Depth(m=np.zeros((2, 2))), "depth must be positive"),
        (lambda: RelativeDepth(values=np.ones((2, 2)), kind="metres"), "kind is 'metres'"),
    ],
)
def test_maps_that_cannot_be_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda plane: Disparity(px=plane),
        lambda plane: Depth(m=plane),
        lambda plane: RelativeDepth(values=plane, kind="depth_scale"),
        lambda plane: Disparity(px=np.ones((2, 3)), confidence=plane),
        lambda plane: Disparity(px=np.ones((2, 3)), occluded=plane > 0),
        lambda plane: Flow(px=np.ma.stack([plane, plane], axis=2)),
        lambda plane: SceneFlow(points0=np.zeros((2, 3)), motion=plane),
    ],
)
def test_what_a_mask_hides_is_no_estimate_and_so_masked_arrays_are_refused(make):
    with pytest.raises(TypeError, match=r"masked array; it must be a plain one.*: fill what its mask hides"):
        make(np.ma.masked_array(np.ones((2, 3)), [[0, 1, 0], [0, 0, 1]]))


@pytest.mark.parametrize("occluded", [np.full((1, 2), NAN), np.array([["False", "False"]])])
def test_occlusions_that_are_none_are_refused(occluded):
    with pytest.raises(TypeError, match=r"occluded has dtype .*; it must be bool"):
        Disparity(px=np.zeros((1, 2)), occluded=occluded)


@pytest.mark.parametrize("image", [[[1.0, 2.0]], np.ones(2)])
def test_what_is_no_image_is_not_warped(image):
    for seen in (Disparity(px=np.zeros((1, 2))), Flow(px=np.zeros((1, 2, 2)))):
        with pytest.raises(TypeError, match=r"the image is (a list|of shape \(2,\)); it must be a numpy array"):
            seen.warp(image)


def test_a_map_is_a_copy_with_gaps_as_nan():
    px = np.array([[1.0, NAN], [NAN, 0.0]], np.float32)
    disparity = Disparity(px=px)
    px[0, 0] = 9
    assert disparity.px[0, 0] == 1
    assert disparity.valid.tolist() == [[True, False], [False, True]]
    assert disparity.density == 0.5


def test_confidence_and_occlusion_have_one_dtype():
    disparity = Disparity(px=np.zeros((1, 2)), confidence=[[0, 1]], occluded=np.array([[0, 1]], np.uint8))
    assert disparity.confidence.dtype == np.float32
    assert disparity.occluded.tolist() == [[False, True]]


def test_half_a_flow_vector_is_none():
    flow = Flow(px=np.array([[[1.0, NAN], [1.0, 2.0]]]))
    assert flow.valid.tolist() == [[False, True]]
    assert np.isnan(flow.px[0, 0]).all()


def test_warping_looks_where_the_estimate_points():
    right = np.array([[10.0, 20.0, 30.0, 40.0]], np.float32)
    seen = Disparity(px=np.array([[0.0, 0.5, NAN, 4.0]])).warp(right)
    assert seen[0, :2] == pytest.approx([10.0, 15.0])
    assert np.isnan(seen[0, 2:]).all()
    moved = Flow(px=np.array([[[1.0, 0.0], [1.5, 0.0], [0.0, 0.5], [1.0, 0.0]]])).warp(right)
    assert moved[0, :2] == pytest.approx([20.0, 35.0])
    assert np.isnan(moved[0, 2:]).all()
    for estimate in (Disparity(px=np.zeros((1, 4))), Flow(px=np.zeros((1, 4, 2)))):
        with pytest.raises(ValueError, match="the image is 3x1 but the map is 4x1 pixels"):
            estimate.warp(right[:, :3])


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("depth_scale", lambda z: z / 3.0),
        ("depth_affine", lambda z: (z - 1.0) / 3.0),
        ("disparity_affine", lambda z: 5.0 / z - 0.25),
    ],
)
def test_aligning_recovers_metres(kind, values):
    z = np.array([[1.0, 2.0, 4.0], [8.0, 3.0, 5.0]])
    reference = np.where(z == 8.0, NAN, z)
    metric = RelativeDepth(values=values(z), kind=kind).align_to(Depth(m=reference))
    assert metric.m == pytest.approx(z, rel=1e-5)


def test_aligning_without_enough_truth_is_refused():
    relative = RelativeDepth(values=np.array([[1.0, NAN]]), kind="depth_affine")
    with pytest.raises(ValueError, match="only 1 pixels are shared"):
        relative.align_to(Depth(m=np.ones((1, 2))))
    constant = RelativeDepth(values=np.ones((2, 2)), kind="depth_affine")
    with pytest.raises(ValueError, match="constant"):
        constant.align_to(Depth(m=np.ones((2, 2))))
    nothing = RelativeDepth(values=np.zeros((2, 2)), kind="depth_scale")
    with pytest.raises(ValueError, match="they have no scale"):
        nothing.align_to(Depth(m=np.ones((2, 2))))
    with pytest.raises(ValueError, match="the map is 2x2 but the reference is 2x1 pixels"):
        constant.align_to(Depth(m=np.ones((1, 2))))
