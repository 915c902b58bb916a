"""One camera: truth from known cameras, OpenCV as a second opinion, refusal of what cannot be known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision.cameras import Camera, ExtendedUnifiedCamera, KannalaBrandt, UnifiedCamera, pose
from geomvision.geometry import Board, BoardView, CalibrationError, calibrate, find_corners

BOARD = Board(columns=9, rows=6, square_m=0.025)
SIZE = {"width": 1280, "height": 960}
RATIONAL = (0.2, 0.1, 0.001, -0.0005, 0, 0.5, 0.1, 0.02)
#: Their coefficients trade places.
OPEN = ("brown8", "brown12", "brown14", "mei")
CAMERAS = {
    "pinhole": Camera(**SIZE, fx=900, fy=905, cx=650, cy=470),
    "brown4": Camera(**SIZE, fx=900, fy=905, cx=650, cy=470, distortion=(-0.3, 0.1, 0.001, -0.0005)),
    "brown5": Camera(**SIZE, fx=900, fy=905, cx=650, cy=470, distortion=(-0.3, 0.1, 0.001, -0.0005, 0.01)),
    "brown8": Camera(**SIZE, fx=700, fy=705, cx=650, cy=470, distortion=RATIONAL),
    "brown12": Camera(**SIZE, fx=700, fy=705, cx=650, cy=470, distortion=(*RATIONAL, 1e-3, -5e-4, 8e-4, 3e-4)),
    "brown14": Camera(
        **SIZE, fx=700, fy=705, cx=650, cy=470, distortion=(*RATIONAL, 1e-3, -5e-4, 8e-4, 3e-4, 0.02, -0.01)
    ),
    "fisheye": KannalaBrandt(**SIZE, fx=360, fy=362, cx=631, cy=490, distortion=(0.03, -0.01, 0.004, -0.001)),
    "ucm": UnifiedCamera(**SIZE, fx=340, fy=343, cx=650, cy=470, alpha=0.62),
    "mei": UnifiedCamera(**SIZE, fx=340, fy=343, cx=650, cy=470, alpha=0.6, distortion=(-0.02, 0.003, 0.001, -0.001)),
    "eucm": ExtendedUnifiedCamera(**SIZE, fx=340, fy=343, cx=650, cy=470, alpha=0.6, beta=1.1),
}
WIDE = {"spread": 75, "near": 0.15, "far": 0.45}


@pytest.mark.parametrize("model", CAMERAS)
def test_perfect_corners_give_back_the_camera(simulated, model):
    camera = CAMERAS[model]
    views, poses = simulated(camera, BOARD, 1, noise=0, **(WIDE if camera.fx < 500 else {}))
    found = calibrate(views, BOARD, model=model)
    assert type(found.camera) is type(camera)
    assert found.rms_px < 1e-4
    grid = camera.pixel_grid()[80:-80:50, 150:-150:50]
    moved = found.camera.project(camera.rays(grid)) - grid
    assert np.nanmax(np.abs(moved)) < (0.5 if model in OPEN else 1e-2)  # coefficients trade places
    assert found.poses == pytest.approx(poses, abs=1e-3 if model in OPEN else 1e-5)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("model", ["fisheye", "ucm", "eucm"])
def test_wide_angle_boards(simulated, model, seed):
    camera = CAMERAS[model]
    views, _ = simulated(camera, BOARD, seed, count=15, **WIDE)
    found = calibrate(views, BOARD, model=model)
    assert found.rms_px <= 0.15
    assert found.camera.fx == pytest.approx(camera.fx, rel=0.003)
    assert found.camera.fy == pytest.approx(camera.fy, rel=0.003)
    largest = max(np.degrees(np.arccos(camera.rays(v.pixels)[:, 2])).max() for v in views)
    assert largest > 80


def test_rendered_boards(rendered, simulated):
    camera = Camera(width=480, height=360, fx=420, fy=425, cx=246, cy=172, distortion=(-0.25, 0.06, 0.001, -0.001, 0.0))
    views, poses = simulated(camera, BOARD, 5, count=8, spread=12, near=0.35, far=0.5)
    seen = [find_corners(rendered(camera, BOARD, T), BOARD, str(n)) for n, T in enumerate(poses)]
    found = calibrate(seen, BOARD)
    assert found.rms_px < 0.06
    assert found.camera.parameters[:4] == pytest.approx(camera.parameters[:4], rel=0.004)
    assert len(views) == len(found.views) == len(found.per_image_rms) == len(found.residuals_px) == 8


def test_rendered_boards_seen_by_a_fisheye(rendered, simulated):
    lens = (0.03, -0.01, 0.004, -0.001)
    camera = KannalaBrandt(width=640, height=480, fx=184, fy=186, cx=312, cy=246, distortion=lens)
    _, poses = simulated(camera, BOARD, 0, count=10, spread=50, near=0.1, far=0.2)
    seen = [find_corners(rendered(camera, BOARD, T), BOARD, str(n)) for n, T in enumerate(poses)]
    found = calibrate(seen, BOARD, model="fisheye")
    assert found.rms_px < 0.06
    assert found.camera.parameters[:4] == pytest.approx(camera.parameters[:4], rel=0.003)


@pytest.mark.parametrize("model", ["brown5", "brown8"])
def test_the_residual_is_no_larger_than_opencvs(real_data, model):
    import cv2

    folder = real_data / "calibration" / "opencv_chessboard"
    files = sorted(folder.glob("left*.jpg"))
    views = [find_corners(cv2.imread(str(file), 0), BOARD, file.name) for file in files]
    found = calibrate(views, BOARD, model=model, loss="squared")
    pixels = [view.pixels.astype(np.float32).reshape(-1, 1, 2) for view in views]
    points = [BOARD.points_m().astype(np.float32)] * len(views)
    flags = cv2.CALIB_RATIONAL_MODEL if model == "brown8" else 0
    theirs, K, k, *_ = cv2.calibrateCamera(points, pixels, (640, 480), None, None, flags=flags)
    assert found.rms_px <= theirs + 1e-6
    assert found.rms_px < 0.2
    if model == "brown5":
        assert pytest.approx(K, rel=1e-4, abs=1e-3) == found.camera.K
        assert found.camera.distortion == pytest.approx(k.ravel(), abs=2e-3)
        assert any("boards cover 4" in text and "hold the board into the borders" in text for text in found.warnings)


def test_a_robust_loss_bears_wrong_corners(simulated):
    camera = CAMERAS["brown5"]
    views, _ = simulated(camera, BOARD, 3, count=15)
    for view in views[:5]:
        pixels = view.pixels.copy()
        pixels[[0, 8]] += (pixels[[0, 8]] - pixels.mean(axis=0)) / 5
        object.__setattr__(view, "pixels", pixels)
    plain, huber, cauchy = (calibrate(views, BOARD, loss=loss) for loss in ("squared", "huber", "cauchy"))
    errors = [abs(c.camera.fx - camera.fx) for c in (plain, huber, cauchy)]
    assert max(errors[1:]) < 2 < 20 < errors[0]
    assert any("10 of 810 corners are outliers" in text for text in huber.warnings)
    assert (huber.weights[0] < 0.2).nonzero()[0].tolist() == [0, 8]


def test_part_of_a_board_is_enough(simulated):
    camera = CAMERAS["brown5"]
    views, poses = simulated(camera, BOARD, 4, noise=0)
    parts = [
        BoardView(pixels=v.pixels[n % 4 :: 2][::-1], ids=v.ids[n % 4 :: 2][::-1], **SIZE, name=str(n))
        for n, v in enumerate(views)
    ]
    found = calibrate(parts, BOARD)
    assert found.camera.fx == pytest.approx(camera.fx, abs=1e-3)
    assert found.poses == pytest.approx(poses, abs=1e-5)


def test_the_square_is_the_unit(simulated):
    views, _ = simulated(CAMERAS["brown5"], BOARD, 4)
    small, large = (calibrate(views, Board(columns=9, rows=6, square_m=s)) for s in (0.025, 25.0))
    assert small.camera.parameters == pytest.approx(large.camera.parameters, rel=1e-6, abs=1e-6)
    assert small.poses[:, :3, 3] * 1000 == pytest.approx(large.poses[:, :3, 3], rel=1e-4)


def seen(camera, poses, noise=0.0, seed=0):
    random = np.random.default_rng(seed)
    views = []
    for T in poses:
        pixels = camera.project(BOARD.points_m() @ T[:3, :3].T + T[:3, 3])
        pixels += noise * random.normal(size=pixels.shape)
        views.append(BoardView(pixels=pixels, ids=np.arange(54), **SIZE))
    return views


def parallel(depths):
    shifts = np.random.default_rng(8).uniform(-0.05, 0.05, (len(depths), 2))
    return [pose(translation=(x - 0.1, y - 0.06, z)) for (x, y), z in zip(shifts, depths, strict=True)]


@pytest.mark.parametrize("model", ["pinhole", "brown5"])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_parallel_boards_leave_the_focal_length_open(model, noise):
    views = seen(CAMERAS["brown5" if noise else "pinhole"], parallel([0.4, 0.45, 0.5, 0.6, 0.7, 0.8]), noise)
    with pytest.raises(CalibrationError, match=r"hardly determine .* ± .* tilted by 30° to 45°"):
        calibrate(views, BOARD, model=model)


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("model", ["pinhole", "brown5", "fisheye"])
def test_boards_that_only_turn_in_their_plane_or_shift_leave_it_open(model, noise):
    def tilted(angle, x, y, z):
        c, s, ct, t = np.cos(angle), np.sin(angle), np.cos(0.5), np.sin(0.5)
        R = np.array([[1, 0, 0], [0, ct, -t], [0, t, ct]]) @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
        return pose(R, np.array([x, y, z]) - R @ BOARD.points_m().mean(axis=0))

    random = np.random.default_rng(4)
    poses = [tilted(*random.uniform((-0.6, -0.06, -0.05, 0.4), (0.6, 0.06, 0.05, 0.7))) for _ in range(7)]
    with pytest.raises(CalibrationError, match=r"hardly determine"):
        calibrate(seen(CAMERAS["pinhole"], poses, noise), BOARD, model=model)


def test_the_same_view_again_is_no_other_view(simulated):
    views, _ = simulated(CAMERAS["brown5"], BOARD, 1, count=1)
    with pytest.raises(CalibrationError, match="6 views show the board in 1 places; at least 3"):
        calibrate(views * 6, BOARD)


def test_views_that_say_too_little(simulated):
    views, _ = simulated(CAMERAS["brown5"], BOARD, 1, count=4)
    row = BoardView(pixels=views[0].pixels[:9], ids=np.arange(9), **SIZE, name="row.png")
    few = BoardView(pixels=views[0].pixels[:5], ids=np.arange(5), **SIZE)
    other = BoardView(pixels=views[0].pixels / 2, ids=np.arange(54), width=640, height=480)
    point = BoardView(pixels=np.full((54, 2), 40.0), ids=np.arange(54), **SIZE)
    for wrong, message in (
        (views[:2], "2 views of the board; at least 3"),
        ([], "0 views"),
        ([*views, row], r"corners of row\.png lie on a line of the board"),
        ([*views, point], "corners of view 4 lie on a line of the image"),
        ([*views, few], "view 4 has 5 corners; at least 6"),
        ([*views, other], "differ in size: 640x480, 1280x960"),
    ):
        with pytest.raises(CalibrationError, match=message):
            calibrate(wrong, BOARD)
    with pytest.raises(TypeError, match=r"observations\[4\] is NoneType"):
        calibrate([*views, None], BOARD)
    for options, message in (
        ({"model": "lens"}, "model is 'lens'; allowed are pinhole, brown4"),
        ({"loss": "l7"}, "loss is 'l7'; allowed are 'huber'"),
        ({"loss_px": 0}, "loss_px is 0"),
    ):
        with pytest.raises(ValueError, match=message):
            calibrate(views, BOARD, **options)


@settings(max_examples=12)
@given(
    st.integers(3, 5),
    st.integers(6, 12),
    st.integers(0, 2**31),
    st.sampled_from(["pinhole", "brown5", "fisheye", "ucm"]),
)
def test_random_corners_are_refused_or_owned_up_to(count, corners, seed, model):
    random = np.random.default_rng(seed)
    views = [
        BoardView(
            pixels=random.uniform((0, 0), (640, 480), (corners, 2)),
            ids=random.choice(54, corners, replace=False),
            width=640,
            height=480,
        )
        for _ in range(count)
    ]
    try:
        found = calibrate(views, BOARD, model=model)
    except CalibrationError:
        return
    assert found.rms_px > 5
    assert any("miss by more than" in text for text in found.warnings)


def test_what_is_poor_is_said(simulated):
    views, _ = simulated(CAMERAS["pinhole"], BOARD, 2, count=4, spread=4, tilt=0.2, noise=0.05)
    found = calibrate(views, BOARD, model="pinhole")
    text = "\n".join(found.warnings)
    assert "only 4 views" in text
    assert "tilted against each other by at most" in text
    assert f"sigma of fx: {found.sigma['fx']:.2g} px" in text
    assert found.coverage.tilt_deg < 25
    assert found.coverage.image < 0.5
