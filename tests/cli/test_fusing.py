"""``geomvision fuse``: a rendered clip in files, from the command to the mesh, whose distance to the scene is known."""

import json
import re
import shutil

import cv2
import numpy as np
import pytest

from geomvision import io
from geomvision.cameras import inverse, pose
from geomvision.datasets import Folder, Synthetic
from geomvision.geometry import DepthRegistration
from geomvision.geometry._rotations import rotation_of

pytest.importorskip("open3d")


@pytest.fixture(scope="module")
def clip():
    return Synthetic(seed=1, layout="tabletop", height=150, width=200, max_disparity=28).clip(0, frames=5)


@pytest.fixture(scope="module")
def folder(clip, tmp_path_factory):
    """color_000.png, depth_000.png in millimetres, poses.txt and meta.json."""
    path = tmp_path_factory.mktemp("clip")
    for k, frame in enumerate(clip):
        io.write_image(path / f"color_{k:03d}.png", frame.image)
        io.write_image(path / f"depth_{k:03d}.png", np.nan_to_num(frame.depth.m * 1000).round().astype(np.uint16))
    write_poses(path, clip[0].clip.T_world_cam)
    camera = clip[0].camera
    numbers = {key: getattr(camera, key) for key in ("fx", "fy", "cx", "cy")}
    (path / "meta.json").write_text(json.dumps({"intrinsics": numbers, "depth_scale": 1000}))
    return path


def write_poses(path, poses):
    path.joinpath("poses.txt").write_text("\n".join(" ".join(map(repr, T.ravel().tolist())) for T in poses) + "\n")


def off(mesh, frame) -> np.ndarray:
    """How far vertices that the frame sees lie from its true depth, as a share of it."""
    T = inverse(frame.clip.T_world_cam[frame.clip.reference])
    points = mesh.points.astype(float) @ T[:3, :3].T + T[:3, 3]
    pixels = np.rint(frame.camera.project(points))
    height, width = frame.depth.size
    inside = (pixels >= 0).all(axis=1) & (pixels[:, 0] < width) & (pixels[:, 1] < height)
    x, y = pixels[inside].astype(int).T
    true = frame.depth.m[y, x]
    return np.abs(points[inside, 2] - true)[np.isfinite(true)] / true[np.isfinite(true)]


@pytest.mark.parametrize(("depth", "bound"), [("auto", 0.005), ("motion", 0.02)])
def test_a_folder_becomes_a_mesh_and_a_page(geomvision, folder, clip, out, depth, bound):
    ended = geomvision("fuse", folder, "--depth", depth, "--out", out / "mesh.ply", "--report", out / "page.html")
    assert ended.code == 0, ended.err
    assert "5 frames of 200x150 pixels" in ended.out
    assert ("depth from the folder's maps" if depth == "auto" else "from_motion") in ended.out
    assert "--register" not in ended.out + ended.err
    mesh = io.read_ply(out / "mesh.ply")
    assert len(mesh.triangles) > 5000
    assert np.median(off(mesh, clip[2])) < bound
    page = (out / "page.html").read_text()
    assert 'class="surface cloud"' in page
    assert page.count("<figcaption>frame") == 5
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", page)
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", page)
    assert {entry.name for entry in out.iterdir()} == {"mesh.ply", "page.html"}


def test_a_camera_from_a_file_and_fewer_frames(geomvision, folder, clip, out, tmp_path):
    shutil.copytree(folder, tmp_path / "clip")
    (tmp_path / "clip" / "meta.json").unlink()
    io.write_camera(tmp_path / "camera.json", clip[0].camera)
    flags = ("--camera", tmp_path / "camera.json", "--voxel", "3cm", "--every", "2", "--out", out / "mesh.ply")
    ended = geomvision("fuse", tmp_path / "clip", *flags)
    assert ended.code == 0, ended.err
    assert "3 frames" in ended.out
    assert "voxels of 0.03 m" in ended.out


def scaled_poses(path):
    poses = np.loadtxt(path / "poses.txt").reshape(-1, 4, 4)
    poses[:, :3, 3] *= 3e4
    write_poses(path, poses)


def test_a_video_without_poses_becomes_a_mesh_up_to_scale(geomvision, folder, clip, tmp_path):
    shutil.copytree(folder, tmp_path / "video")
    (tmp_path / "video" / "poses.txt").unlink()
    flags = ("--unscaled", "--out", tmp_path / "mesh.ply", "--report", tmp_path / "page.html")
    ended = geomvision("fuse", tmp_path / "video", *flags)
    assert ended.code == 0, ended.err
    assert "no poses were given: nothing is known in metres" in ended.out
    assert "median depths" in (tmp_path / "page.html").read_text()
    # In the frame of the middle camera, up to one scale, the mesh is the scene.
    points = io.read_ply(tmp_path / "mesh.ply").points.astype(float)
    frame = clip[2]
    x, y = np.rint(frame.camera.project(points)).T
    inside = (x >= 0) & (y >= 0) & (x < 200) & (y < 150)
    ratio = frame.depth.m[y[inside].astype(int), x[inside].astype(int)] / points[inside, 2]
    ratio = ratio[np.isfinite(ratio)]
    assert np.median(np.abs(ratio / np.median(ratio) - 1)) < 0.02


WRONG = {
    "depth taken as metres": (None, ("--depth-scale", "1"), "are they millimetres"),
    "poses in millimetres": (scaled_poses, (), "are poses in millimetres"),
    "no camera": (lambda p: (p / "meta.json").unlink(), (), "tells no camera: give --camera FILE"),
    "half a camera": (lambda p: (p / "meta.json").write_text('{"intrinsics": {"fx": 1}}'), (), "meta.json: intrinsics"),
    "a scale in words": (
        lambda p: (p / "meta.json").write_text('{"depth_scale": [1000]}'), (), "says depth_scale is [1000]; expected a"
    ),
    "the scene's own words": (None, ("--register", "estimate", "--registration-out", "{}/meta.json"), "written over"),
    "no poses": (lambda p: (p / "poses.txt").unlink(), (), "has no poses (poses.txt, frame-000000.pose.txt)"),
    "half of the poses": (lambda p: (p / "poses.txt").write_text("1 0 0 0"), (), "16 for each of 5 frames"),
    "a gap": (lambda p: (p / "depth_001.png").unlink(), (), "no depth of frame 001; --depth motion"),
    "a small frame": (
        lambda p: cv2.imwrite(str(p / "color_001.png"), np.zeros((75, 100, 3), np.uint8)), (), "frames differ in size"
    ),
    "small depth": (
        lambda p: cv2.imwrite(str(p / "depth_001.png"), np.ones((75, 100), np.uint16)), (), "depth 100x75, image 200"
    ),
    "another depth": (None, ("--depth", "lidar"), "--depth is 'lidar'; it must be one of auto, sensor, motion"),
    "no unit": (None, ("--voxel", "0.02"), "--voxel is '0.02'; it must be a number with its unit"),
    "one frame": (None, ("--every", "9"), "1 frame is left by --every 9"),
    "another camera": (None, ("--camera", "small.json"), "is for images of 100x75 pixels, but the image is 200x150"),
    "no calibration": (None, ("--camera", "{}/poses.txt"), "holds no camera that is known"),
    "too near": (None, ("--max-depth", "1mm"), "no surface came of it"),
    "metres of nothing": (None, ("--unscaled", "--voxel", "2cm"), "--unscaled knows no metres"),
    "another ending": (None, ("--out", "mesh.obj"), "--out mesh.obj: it must end with .ply"),
    "no folder": (None, ("--out", "deep/mesh.ply"), "its folder deep does not exist"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_a_beginner_gets_wrong_is_told_and_leaves_nothing(geomvision, folder, clip, tmp_path, case, monkeypatch):
    spoil, flags, message = WRONG[case]
    scene, out = tmp_path / "scene", tmp_path / "out"
    shutil.copytree(folder, scene)
    out.mkdir()
    monkeypatch.chdir(out)
    io.write_camera(tmp_path / "small.json", clip[0].camera.resize(100, 75))
    if spoil is not None:
        spoil(scene)
    places = {"small.json": str(tmp_path / "small.json"), "{}/poses.txt": str(scene / "poses.txt")}
    places["{}/meta.json"] = str(scene / "meta.json")
    ended = geomvision("fuse", scene, *(places.get(flag, flag) for flag in flags))
    assert ended.code == 2, ended.out
    assert message in ended.err
    assert ended.err.startswith("geomvision: ")
    assert len(ended.err.strip().splitlines()) == 1
    assert not list(out.iterdir())


def test_a_file_and_an_empty_folder(geomvision, folder, tmp_path):
    for place, message in (
        (folder / "poses.txt", "is one file: give the folder with frames and poses"),
        (tmp_path / "absent", "does not exist: give the folder"),
        (tmp_path, r"holds nothing; expected frame-000000.color.png"),
    ):
        ended = geomvision("fuse", place)
        assert ended.code == 2
        assert re.search(message, ended.err), ended.err


@pytest.fixture(scope="module")
def beside(folder, clip, tmp_path_factory):
    """The folder with the maps of a depth camera that stands beside the colour camera, in their true places."""
    path = tmp_path_factory.mktemp("beside") / "clip"
    shutil.copytree(folder, path)
    camera = clip[0].camera
    place = DepthRegistration(T_depth_color=PLACE, depth_camera=camera, color_camera=camera)
    seen = DepthRegistration(T_depth_color=inverse(PLACE), depth_camera=camera, color_camera=camera)
    for k, frame in enumerate(clip):
        depth = seen.registered(frame.depth).m
        io.write_image(path / f"depth_{k:03d}.png", np.nan_to_num(depth * 1000).round().astype(np.uint16))
    place.save(path / "place.json")
    return path


PLACE = pose(rotation_of(np.radians([0.0, 1.5, 0.5])), (0.03, 0.0, 0.0))  # X_depth = T · X_color, metres


def test_maps_of_a_depth_camera_are_brought_to_the_frames(geomvision, beside, clip, out):
    """Given, the place is used; estimated, it comes near; either way surfaces lie where they are."""
    ended = geomvision("fuse", beside, "--out", out / "taken.ply")
    assert ended.code == 0, ended.err
    taken = np.median(off(io.read_ply(out / "taken.ply"), clip[2]))
    ended = geomvision("fuse", beside, "--register", beside / "place.json", "--out", out / "given.ply")
    assert ended.code == 0, ended.err
    assert "maps in the colour camera's view" in ended.out
    assert "--register estimate" not in " ".join((ended.out + ended.err).split())
    given = np.median(off(io.read_ply(out / "given.ply"), clip[2]))
    flags = ("--register", "estimate", "--registration-out", out / "place.json", "--out", out / "found.ply")
    ended = geomvision("fuse", beside, *flags)
    assert ended.code == 0, ended.err
    assert re.search(r"the depth camera stands [\d.]+ cm and [\d.]+ degrees from the colour camera", ended.out)
    found = np.median(off(io.read_ply(out / "found.ply"), clip[2]))
    assert given < 0.005 < taken
    assert found < taken / 2
    told = json.loads((out / "place.json").read_text())
    np.testing.assert_allclose(np.array(told["T_depth_color"])[:3, :3], PLACE[:3, :3], atol=0.01)
    # The same words in meta.json are used without being asked, by the command and by the reader of scenes.
    meta = json.loads((beside / "meta.json").read_text())
    (beside / "meta.json").write_text(json.dumps({**meta, **json.loads((beside / "place.json").read_text())}))
    sample = Folder(beside)[2]
    good = sample.depth.valid & clip[2].depth.valid
    assert good.mean() > 0.7
    assert np.median(np.abs(sample.depth.m - clip[2].depth.m)[good] / clip[2].depth.m[good]) < 0.002


def test_maps_of_the_colour_camera_are_left_alone(geomvision, folder, out):
    ended = geomvision("fuse", folder, "--register", "estimate", "--out", out / "mesh.ply")
    assert ended.code == 0, ended.err
    assert "the maps are registered to the frames" in ended.out


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--register", "estimate", "--depth", "motion"), "--register is about the folder's maps"),
        (("--registration-out", "place.json"), "--registration-out writes what --register estimate finds"),
        (("--register", "nothing.json"), "must be 'estimate' or a file that --registration-out wrote"),
    ],
)
def test_what_cannot_be_registered_is_refused(geomvision, folder, out, flags, said):
    ended = geomvision("fuse", folder, *flags, "--out", out / "mesh.ply")
    assert ended.code != 0
    assert said in " ".join(ended.err.split())
    assert not (out / "mesh.ply").exists()


def test_half_a_place_is_refused(geomvision, folder, out, tmp_path):
    shutil.copytree(folder, tmp_path / "clip")
    meta = json.loads((folder / "meta.json").read_text())
    (tmp_path / "clip" / "meta.json").write_text(json.dumps({**meta, "depth_intrinsics": meta["intrinsics"]}))
    ended = geomvision("fuse", tmp_path / "clip", "--out", out / "mesh.ply")
    assert ended.code != 0
    assert "T_depth_color" in ended.err
