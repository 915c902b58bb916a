"""``geomvision pose``: two rendered views with a known pose, as files, and what a beginner gives by mistake."""

import json

import numpy as np
import pytest

from geomvision import io
from geomvision.cameras import StereoRig, inverse, undistort_maps
from geomvision.datasets import Synthetic
from geomvision.ops import warp


@pytest.fixture(scope="module")
def views(tmp_path_factory):
    """first.png, second.png, camera.json and the true pose."""
    path = tmp_path_factory.mktemp("views")
    first, second = Synthetic(seed=1, layout="tabletop", height=240, width=320).clip(0, frames=2)
    for name, view in (("first", first), ("second", second)):
        io.write_image(path / f"{name}.png", view.image)
    io.write_camera(path / "camera.json", first.camera)
    poses = first.clip.T_world_cam
    return path, inverse(poses[1]) @ poses[0], first.camera


def angle_deg(a, b):
    return np.degrees(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1)))


def test_the_pose_is_said_and_written(geomvision, views, out):
    path, T, _ = views
    flags = ("--camera", path / "camera.json", "--out", out / "pose.json", "--picture", out / "matches.png")
    ended = geomvision("pose", path / "first.png", path / "second.png", *flags)
    assert ended.code == 0, ended.err
    told = json.loads((out / "pose.json").read_text())
    found = np.array(told["T_1_0"])
    assert angle_deg(found[:3, 3], T[:3, 3]) < 2
    assert np.degrees(np.linalg.norm(found[:3, :3] - T[:3, :3])) < 1
    assert told["degeneracies"] == []
    assert f"{told['inliers']} of {told['matches']} agree" in ended.out
    x, _, z = -T[:3, :3].T @ T[:3, 3]
    assert ("right" if x > 0 else "left") in ended.out
    assert ("ahead" if z > 0 else "back") in ended.out
    assert io.read_image(out / "matches.png").shape == (240, 640, 3)


def test_a_guessed_field_of_view_is_said_to_be_one(geomvision, views):
    path, _, camera = views
    fov = np.degrees(2 * np.arctan(160 / camera.fx))
    ended = geomvision("pose", path / "first.png", path / "second.png", "--fov", f"{fov:.1f}")
    assert ended.code == 0, ended.err
    assert "the focal length is a guess" in ended.out


def test_a_camera_that_only_turned_has_no_direction(geomvision, views, out, tmp_path):
    path, _, camera = views
    image = io.read_image(path / "first.png")
    c, s = np.cos(0.12), np.sin(0.12)
    maps = undistort_maps(camera, camera, np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]))
    turned = warp(image, (maps - camera.pixel_grid()).astype(np.float32), outside="zero", dtype=np.uint8)
    io.write_image(tmp_path / "turned.png", turned)
    ended = geomvision("pose", path / "first.png", tmp_path / "turned.png", "--camera", path / "camera.json")
    assert ended.code == 0, ended.err
    assert "moved:   not at all" in ended.out
    assert "pure_rotation: a rotation explains the matches" in ended.out


def test_real_photographs(geomvision, real_data, out):
    folder = real_data / "twoview" / "temple_12_13"
    meta = json.loads((folder / "meta.json").read_text())
    image = next(folder.glob("image0.*"))
    K, (height, width) = np.array(meta["K0"]).reshape(3, 3), io.read_image(image).shape[:2]
    numbers = {"fx": K[0, 0], "fy": K[1, 1], "cx": K[0, 2], "cy": K[1, 2]}
    (out / "camera.json").write_text(json.dumps({"model": "Camera", "width": width, "height": height, **numbers}))
    flags = ("--camera", out / "camera.json", "--out", out / "pose.json")
    ended = geomvision("pose", image, next(folder.glob("image1.*")), *flags)
    assert ended.code == 0, ended.err
    T = np.array(json.loads((out / "pose.json").read_text())["T_1_0"])
    true = np.array(meta["T_0to1"]).reshape(4, 4)
    assert angle_deg(T[:3, 3], true[:3, 3]) < 3
    assert np.degrees(np.linalg.norm(T[:3, :3] - true[:3, :3])) < 2


def test_a_rig_has_a_camera_for_each(geomvision, views, out):
    path, T, camera = views
    other = camera.crop(24, 12, 280, 220)
    io.write_image(out / "second.png", io.read_image(path / "second.png")[12:232, 24:304].copy())
    io.write_rig(out / "rig.json", StereoRig(left=camera, right=other, T_right_left=T))
    flags = ("--camera", out / "rig.json", "--out", out / "pose.json")
    ended = geomvision("pose", path / "first.png", out / "second.png", *flags)
    assert ended.code == 0, ended.err
    assert "the rig's left one took the first photograph" in ended.out
    found = np.array(json.loads((out / "pose.json").read_text())["T_1_0"])
    assert angle_deg(found[:3, 3], T[:3, 3]) < 3
    assert np.degrees(np.linalg.norm(found[:3, :3] - T[:3, :3])) < 1
    whole = geomvision("pose", path / "first.png", path / "second.png", *flags)
    assert whole.code == 2
    assert "is for images of 280x220 pixels, but the second image is 320x240" in whole.err


PAIR = ("first.png", "second.png")
WRONG = {
    "no camera": (PAIR, (), "say which camera: --camera FILE"),
    "camera and guess": (PAIR, ("--camera", "camera.json", "--fov", "60"), "say which camera"),
    "three cameras": (PAIR, ("--camera", "camera.json") * 3, "--camera was given 3 times"),
    "radians": (PAIR, ("--fov", "0.9"), "--fov is 0.9; it must be degrees"),
    "one image twice": (("first.png", "first.png"), ("--fov", "60"), "are the same image, pixel for pixel"),
    "missing": (("first.png", "absent.png"), ("--fov", "60"), "absent.png: does not exist"),
    "a folder": (("first.png", "."), ("--fov", "60"), ".: is a folder"),
    "another size": (("first.png", "small.png"), ("--camera", "camera.json"), "for images of 320x240 pixels, but"),
    "no camera file": (PAIR, ("--camera", "first.png"), "first.png: is no UTF-8 text; expected a camera: JSON"),
    "nothing to match": (("first.png", "blank.png"), ("--fov", "60"), "do both photographs show the same thing"),
    "another scene": (("first.png", "noise.png"), ("--fov", "60"), "match"),
    "another ending": (PAIR, ("--fov", "60", "--out", "pose.txt"), "it must be a file that ends with .json"),
    "no folder": (PAIR, ("--fov", "60", "--picture", "deep/a.png"), "in a folder that exists"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_mistakes_are_told_in_one_line(geomvision, views, case, monkeypatch):
    folder, _, _ = views
    monkeypatch.chdir(folder)
    random = np.random.default_rng(0)
    io.write_image(folder / "small.png", random.integers(0, 255, (120, 160), dtype=np.uint8))
    io.write_image(folder / "blank.png", np.full((240, 320), 9, np.uint8))
    io.write_image(folder / "noise.png", np.kron(random.integers(0, 255, (30, 40)), np.ones((8, 8))).astype(np.uint8))
    before = sorted(folder.iterdir())
    images, flags, message = WRONG[case]
    ended = geomvision("pose", *images, *flags)
    assert ended.code == 2
    assert message in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert sorted(folder.iterdir()) == before
