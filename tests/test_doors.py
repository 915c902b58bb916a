"""Every public function of geometry, cameras, poses and camera files, given what no sensible caller gives.

Each is called with arguments that are right but for one, which is replaced by each odd value in turn. What then comes
is a result, or an error of this package's own that names the argument and says what it must be.
"""

import contextlib
import dis
import inspect
import json
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from geomvision import cameras, geometry, metrics, pose
from geomvision.cameras import Camera, KannalaBrandt, RayTable, StereoRig, UnifiedCamera
from geomvision.results import Depth, Disparity, Flow, PointCloud, SceneFlow
from geomvision.samples import Clip, DepthSample

PACKAGE = str(Path(geometry.__file__).parents[1])  # an editable install has more than one path
SURFACE = json.loads((Path(__file__).parent / "api_surface.json").read_text())

#: Never right, wherever a number, an array, a camera or an option is wanted.
NEVER = {
    "object": object(),
    "dict": {},
    "complex": 1 + 2j,
    "complex array": np.array([[1j, 2.0]]),
    "array of text": np.array([["a", "b"]]),
    "array of objects": np.array([[None, {}]], dtype=object),
    "ragged": [[1.0], [1.0, 2.0]],
    "masked": np.ma.masked_array([[1.0, 2.0]], [[True, False]]),
    "bytes": b"500",
    "type": int,
    "set": {1, 2},
}
#: May be right somewhere.
PERHAPS = {
    "None": None,
    "text": "500",
    "empty text": "",
    "true": True,
    "bools": np.ones((4, 2), bool),
    "one and a half": 1.5,
    "minus one": -1,
    "zero": 0,
    "huge": 10**400,
    "large": 2**70,
    "1e300": 1e300,
    "nan": float("nan"),
    "inf": float("inf"),
    "scalar array": np.array(3.0),
    "empty list": [],
    "empty array": np.zeros((0, 2)),
    "one row": np.ones((1, 2)),
    "cube": np.ones((3, 3, 3)),
    "all nan": np.full((4, 4), np.nan),
    "all infinite": np.full((20, 2), np.inf),
    "far": np.full((20, 2), 1e300),
    "half precision": np.ones((20, 2), np.float16),
    "K": np.diag([500.0, 500.0, 1.0]),
    "four by four": np.eye(4),
    "zeros": np.zeros((4, 4)),
    "ints": np.ones((20, 2), np.int64),
    "tuple": (3, 4),
    "nested": [[[]]],
}
SAYS_WHAT = re.compile(
    r"\b(must|allowed|needs?|needed|give|least|takes?|fewer|resize|fill|use|lies inside|has \d+ to|there are|pairs)\b"
)
#: What a scene or its images do not tell; no argument is to blame.
OF_THE_SCENE = (geometry.RectificationRefused, geometry.BoardNotFoundError, geometry.CalibrationError)


def fault(error, name):
    """What is wrong with an error about the argument `name`, or nothing."""
    if isinstance(error, OF_THE_SCENE):
        return None
    if not isinstance(error, TypeError | ValueError):
        return f"{type(error).__name__} instead of ValueError or TypeError"
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    place = f"line {trace.tb_lineno} of {code.co_filename.removeprefix(PACKAGE)}"
    if not code.co_filename.startswith(PACKAGE):
        return f"comes out of {place}"
    if dis.opname[code.co_code[trace.tb_lasti]] not in ("RAISE_VARARGS", "RERAISE"):
        return f"comes from the depths below {place}"
    if not re.search(rf"\b{re.escape(name)}\b", str(error)):
        return f"does not name the argument at {place}"
    return None if SAYS_WHAT.search(str(error)) else "does not say what is allowed"


def outcome(call, arguments, name, value, *, never):
    """What is wrong with how `call` takes `value` as its argument `name`, or nothing."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call(**{**arguments, name: value})
        except Exception as error:  # every kind is looked at
            found = fault(error, name)
            return found and f"{found}: {type(error).__name__}: {str(error)[:160]}"
    return "is taken" if never else None


CAMERA = Camera(width=64, height=48, fx=60.0, fy=61.0, cx=31.0, cy=24.0, distortion=(-0.1, 0.01, 0.0, 0.0))
PLAIN = Camera(width=64, height=48, fx=60.0, fy=61.0, cx=31.0, cy=24.0)
RIG = StereoRig.rectified(PLAIN, 0.1)
T = cameras.pose([[0.995, 0.0, 0.0998334], [0.0, 1.0, 0.0], [-0.0998334, 0.0, 0.995004]], (-0.5, 0.05, 0.02))
RANDOM = np.random.default_rng(0)
POINTS = RANDOM.uniform((-1, -0.8, 3), (1, 0.8, 6), (60, 3))
POINTS1 = POINTS @ T[:3, :3].T + T[:3, 3]
SEEN0, SEEN1, IMAGE = PLAIN.project(POINTS), PLAIN.project(POINTS1), (RANDOM.random((48, 64)) * 255).astype(np.uint8)
DEPTH = Depth(m=np.full((48, 64), 3.0, np.float32))
U, V = np.meshgrid(np.linspace(-1, 1, 64), np.linspace(-1, 1, 48))
BENT = [Depth(m=(3.0 + 0.3 * np.sin(2 * U) + 0.4 * V**2 + 0.2 * U * V).astype(np.float32))]
FLOW, FAR = Flow(px=np.zeros((48, 64, 2), np.float32)), Disparity(px=np.ones((48, 64), np.float32))
MESH = PointCloud(points=POINTS, triangles=np.arange(60).reshape(-1, 3))
BOARD = geometry.Board(columns=5, rows=4, square_m=0.03)
FRAMES, ORDER = np.repeat([0, 1], 60), np.tile(np.arange(60), 2)
BUNDLE = {"T_cam_world": np.stack([np.eye(4), T]), "points_world": POINTS, "frames": FRAMES, "points": ORDER}
EVEN = {"points_left": SEEN0 * 8 + 200, "points_right": SEEN0 * 8 + 200 - np.array([5.0, 0.0]) * POINTS[:, 2:] ** -1}
F = geometry.fundamental(PLAIN, PLAIN, T)
PAIR = {"points0": SEEN0, "points1": SEEN1}
CLOUDS = {"source": POINTS, "target": POINTS1}
DRAWN = {"confidence": 0.9, "max_iterations": 64, "seed": 0, "num_threads": 1}
TWO = {"camera0": PLAIN, "camera1": PLAIN}
KNOWN = {"points_world": POINTS, "pixels": SEEN0, "camera": PLAIN}
STILL = {"depth": DEPTH, "camera": PLAIN, "T_1_0": np.eye(4)}
SIZED = {"width": 64, "height": 48, "fx": 60.0, "fy": 61.0, "cx": 31.0, "cy": 24.0}


def board_views():
    found = []
    for k in range(4):
        turn = np.radians(10 + 8 * k)
        R = [[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]]
        p = BOARD.points_m() @ np.array(R).T + (-0.05 + 0.01 * k, -0.04, 0.2 + 0.02 * k)
        found.append(geometry.BoardView(pixels=PLAIN.project(p), ids=np.arange(BOARD.count), width=64, height=48))
    return found


VIEWS = board_views()

GEOMETRY = {
    "absolute_pose": {**KNOWN, **DRAWN, "max_error_px": 2.0, "backend": "cpp"},
    "align_points": {**CLOUDS, "weights": np.ones(60), "with_scale": False, "backend": "cpp"},
    "align_points_robust": {**CLOUDS, "max_error_m": 0.1, "with_scale": True} | {**DRAWN, "backend": "cpp"},
    "bundle_adjustment": {**BUNDLE, "pixels": np.r_[SEEN0, SEEN1], "camera": PLAIN, "fixed_frames": (0,)}
    | {"fixed_points": (), "fix_scale": True, "refine_focal": False, "loss": "huber", "loss_px": 1.0}
    | {"max_iterations": 2},
    "calibrate": {"observations": VIEWS, "board": BOARD, "model": "pinhole", "loss": "huber", "loss_px": 1.0},
    "calibrate_stereo": {"left": VIEWS, "right": VIEWS, "board": BOARD, "model": "pinhole", "loss": "huber"}
    | {"loss_px": 1.0},
    "colored_points": {"depth": DEPTH, "image": IMAGE, "camera": PLAIN, "T_world_cam": np.eye(4)},
    "correct_matches": {"F": F, **PAIR, "num_threads": 1},
    "decimate": {"mesh": MESH, "max_triangles": 4},
    "decompose_essential": {"E": geometry.essential(T), "tolerance": 0.1},
    "decompose_homography": {"H": np.eye(3) + np.outer((0.1, 0.2, 0.0), (0.0, 0.1, 1.0)), **TWO},
    "depth_error": {"depth_m": 2.0, "rig": RIG, "disparity_error_px": 0.5},
    "eight_point_fundamental": PAIR,
    "epipolar_distances": {"F": F, **PAIR},
    "epipolar_lines": {"F": F, "points": SEEN0},
    "epipoles": {"F": F},
    "essential": {"T_1_0": T},
    "five_point_essentials": {"rays0": SEEN0[:5] / 60, "rays1": SEEN1[:5] / 60},
    "four_point_homography": {"points0": SEEN0[:4], "points1": SEEN1[:4]},
    "find_corners": {"image": IMAGE, "board": BOARD, "name": "a"},
    "fundamental": {**TWO, "T_1_0": T},
    "fuse": {"depths": [DEPTH], "images": [IMAGE], "cameras": PLAIN, "T_world_cam": np.eye(4)[None]}
    | {"voxel_m": 0.1, "max_depth_m": 10.0, "min_views": 1},
    "register_depth": {"depths": BENT, "cameras": PLAIN, "sensor": BENT, "sensor_camera": PLAIN, "T_depth_color": None},
    "icp": {**CLOUDS, "error": "point_to_plane", "T_target_source": T, "trim": 0.8}
    | {"max_distance_m": 10.0, "max_iterations": 2, "num_threads": 1},
    "independent_motion": {"scene_flow": SceneFlow.of_maps(FAR, FAR, FLOW, RIG), "rig": RIG, "T_1_0": np.eye(4)}
    | {"flow_noise_px": 0.3, "disparity_noise_px": 0.3, "false_alarm": 1e-3, "min_size": 4, "seed": 0},
    "match_features": {"image0": IMAGE, "image1": IMAGE, "features": 100, "ratio": 0.8},
    "mend_rig": {"rig": RIG, **EVEN, "lens": False, "drift_deg": 2.0, "focal_drift": 0.05},
    "metric_relative_pose": {**PAIR, **TWO, "depth0": DEPTH, "depth1": DEPTH.m, "solver": "points"}
    | {**DRAWN, "depth_error": 0.05, "max_error_px": 2.0},
    "motion_segmentation": {"observed": FLOW, **STILL, "backward": FLOW, "noise_px": 0.3, "depth_noise": 0.02}
    | {"false_alarm": 1e-3, "min_size": 4},
    "nearest_pose": {"T": T, "name": "T", "tolerance": 1e-3},
    "p3p": {"points_world": POINTS[:3], "pixels": SEEN0[:3], "camera": PLAIN, "backend": "cpp"},
    "perspective_n_point": {**KNOWN, "solver": "epnp", "refine": True, "backend": "cpp"},
    "pinhole_of": {"camera": CAMERA},
    "points_from_disparity": {"disparity": FAR, "rig": RIG, "num_threads": 1},
    "rectify": {"rig": RIG, "size": (64, 48), "alpha": 0.5, "crop": False, "vertical": False, "images": None},
    "rectify_matches": {**EVEN, "size": (640, 480), "crop": False, "vertical": False},
    "rectify_uncalibrated": {"left": IMAGE, "right": IMAGE, "crop": False, "vertical": False, "features": 100},
    "refine_absolute_pose": {"T_cam_world": np.eye(4), **KNOWN, "max_error_px": 2.0, "backend": "cpp"},
    "rigid_flow": {**STILL, "camera1": PLAIN},
    "sampson_distance": {"F": F, **PAIR},
    "scene_flow": {"disparity0": FAR, "disparity1": FAR, "flow": FLOW, "rig": RIG, "backward": FLOW}
    | {"round_trip_px": 1.0},
    "self_rectify": {"left": IMAGE, "right": IMAGE, "rig": RIG, "drift_deg": 2.0, "focal_drift": 0.05}
    | {"features": 100},
    "seven_point_fundamentals": {"points0": SEEN0[:7], "points1": SEEN1[:7]},
    "skew": {"v": (1.0, 2.0, 3.0)},
    "symmetric_epipolar_distance": {"F": F, **PAIR},
    "triangulate": {**PAIR, **TWO, "T_1_0": T, "method": "optimal", "sigma_px": 1.0, "min_angle_deg": 0.0}
    | {"max_error_px": 5.0, "covariance": True, "backend": "cpp", "num_threads": 1},
    "triangulate_views": {"points": [SEEN0, SEEN1], "cameras": [PLAIN, PLAIN], "poses": [np.eye(4), T]}
    | {"method": "optimal", "sigma_px": 1.0, "min_angle_deg": 0.0, "max_error_px": 5.0, "covariance": True}
    | {"num_threads": 1},
    "vertical_residual": {**EVEN, "doffs_px": 0.0},
    "visible_returns": {"depth": DEPTH, "ratio": 1.15, "window_px": (1, 2)},
    "Board": {"columns": 5, "rows": 4, "square_m": 0.03, "kind": "charuco", "marker_m": 0.02, "dictionary": "4X4_50"}
    | {"legacy": False},
    "BoardView": {"pixels": SEEN0, "ids": np.arange(60), "width": 64, "height": 48, "name": "a"},
}
#: Made by functions, not by callers; or raised.
MADE = {"BoardNotFoundError", "Calibration", "CalibrationError", "Correction", "Coverage", "Matches", "PlaneMotion"}
MADE |= {"IndependentMotion", "MotionSegmentation", "Rectification", "RectificationRefused", "RectifiedView"}
MADE |= {"SelfRectification", "StereoCalibration", "VerticalResidual", "Array", "CameraModel", "DepthRegistration"}
MAPS = cameras.undistort_maps(CAMERA, PLAIN)
CAMERAS = {
    "Camera": {**SIZED, "distortion": (0.1, 0, 0, 0)},
    "ExtendedUnifiedCamera": {**SIZED, "alpha": 0.5, "beta": 1.1, "distortion": ()},
    "KannalaBrandt": {**SIZED, "distortion": (0.1, 0, 0, 0)},
    "UnifiedCamera": {**SIZED, "alpha": 0.5, "distortion": ()},
    "RayTable": {"width": 64, "height": 48, "table": PLAIN.rays(PLAIN.pixel_grid()), "step_x": 1.0, "step_y": 1.0}
    | {"origin_x": 0.0, "origin_y": 0.0},
    "StereoRig": {"left": PLAIN, "right": CAMERA, "T_right_left": T},
    "check_camera": {"camera": PLAIN, "name": "camera"},
    "check_pose": {"T": T, "name": "T", "tolerance": 1e-4},
    "inverse": {"T_a_b": T},
    "pose": {"rotation": np.eye(3), "translation": (1.0, 2.0, 3.0)},
    "seen_in": {"maps": MAPS, "width": 64, "height": 48},
    "undistort": {"image": IMAGE, "camera": CAMERA, "into": PLAIN, "R_into_camera": np.eye(3), "maps": None}
    | {"bicubic": False},
    "undistort_maps": {"camera": CAMERA, "into": PLAIN, "R_into_camera": np.eye(3)},
    "undistort_pixels": {"pixels": SEEN0, "camera": CAMERA, "into": PLAIN, "R_into_camera": np.eye(3)},
}
MODELS = (CAMERA, KannalaBrandt(**SIZED), UnifiedCamera(**SIZED, alpha=0.5), RayTable.from_camera(PLAIN))
METHODS = {"project": {"points": POINTS}, "rays": {"pixels": SEEN0}, "jacobians": {"points": POINTS}}
METHODS |= {"unproject": {"pixels": SEEN0, "depth_m": 2.0}, "resize": {"width": 32, "height": 24}}
METHODS |= {"crop": {"x": 1, "y": 2, "width": 32, "height": 24}, "rotated": {"quarter_turns": 1}}
MAKERS = {
    "Camera.from_matrix": {"K": PLAIN.K, "width": 64, "height": 48, "distortion": (0.1, 0, 0, 0)},
    "UnifiedCamera.from_mei": {"xi": 1.0, "gamma_x": 60.0, "gamma_y": 60.0, "cx": 31.0, "cy": 24.0}
    | {"width": 64, "height": 48, "distortion": ()},
    "RayTable.from_camera": {"camera": PLAIN, "step_px": 8.0},
    "StereoRig.rectified": {"camera": PLAIN, "baseline_m": 0.1, "doffs_px": 0.0},
}
METRICS = {"pose_error": {"estimate": T, "truth": T}, "depth_edges": {"depth": DEPTH}}
METRICS["pose_auc"] = {"errors_deg": [1.0], "thresholds_deg": (5.0, 9.0), "curve": "lines"}
METRICS["temporal_change"] = {"first": FAR, "second": FAR, "flow": FLOW, "change": FAR.px, "visible": FAR.px > 0}
POSED = Clip(frames=(IMAGE, IMAGE), cameras=PLAIN, T_world_cam=np.tile(np.eye(4), (2, 1, 1)))
FRAMES = [DepthSample(name=name, image=IMAGE, camera=PLAIN, depth=DEPTH, clip=POSED) for name in ("a", "b")]
METRICS["video_depth"] = {"estimates": [DEPTH, DEPTH], "samples": FRAMES, "cap_m": 80.0}


def calls():
    """Names, callables and right arguments of all that is public."""
    for module, known in ((geometry, GEOMETRY), (cameras, CAMERAS), (metrics, METRICS)):
        for name, arguments in known.items():
            yield f"{module.__name__.removeprefix('geomvision.')}.{name}", getattr(module, name), arguments
    for model in MODELS:
        every = {**METHODS, "with_parameters": {"vector": model.parameters}}
        for name, arguments in every.items():
            yield f"{type(model).__name__}.{name}", getattr(model, name), arguments
    for name, arguments in MAKERS.items():
        kind, _, function = name.partition(".")
        yield name, getattr(getattr(cameras, kind), function), arguments
    for name in ("essential", "fundamental", "homography"):
        yield f"pose.{name}", pose.METHODS[name](max_iterations=64), {**PAIR, **TWO}
    metric = pose.METHODS["metric_depth_pose"](max_iterations=64)
    yield "pose.metric_depth_pose", metric, {**PAIR, **TWO, "depth0": DEPTH, "depth1": DEPTH}


@pytest.mark.parametrize(("name", "call", "arguments"), [pytest.param(*c, id=c[0]) for c in calls()])
def test_odd_arguments_are_taken_or_told(name, call, arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Random images show no scene: what is asked here stands before that.
        with contextlib.suppress(*OF_THE_SCENE):
            call(**arguments)
    odd = [(k, v, True) for k, v in NEVER.items()] + [(k, v, False) for k, v in PERHAPS.items()]
    found = {
        f"{argument} = {kind}": wrong
        for argument in arguments
        for kind, value, never in odd
        if (wrong := outcome(call, arguments, argument, value, never=never))
    }
    assert not found, "\n".join(f"{key}: {wrong}" for key, wrong in found.items())


def test_every_public_callable_is_looked_at():
    assert set(SURFACE["geometry"]) == {*GEOMETRY} | (MADE & set(SURFACE["geometry"]))
    assert set(SURFACE["cameras"]) == {*CAMERAS} | (MADE & set(SURFACE["cameras"]))
    for module, known in ((geometry, GEOMETRY), (cameras, CAMERAS), (metrics, METRICS)):
        for name, arguments in known.items():
            parameters = inspect.signature(getattr(module, name)).parameters.values()
            named = {p.name for p in parameters if p.kind is not p.VAR_KEYWORD} - {"like"}
            assert named == set(arguments), name
