"""Every reader on data sets whose files were broken at random: what comes is an error that names the file, or a sample.

A second or so here; GEOMVISION_FUZZ_SECONDS=600 in the environment goes on for so many seconds, spread over all cases,
with GEOMVISION_FUZZ_SEED another than 0.
"""

import dataclasses
import os
import random
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from geomvision.cameras import CameraModel, check_pose
from geomvision.datasets._base import DatasetError
from geomvision.images import as_image
from geomvision.results.maps import _Map
from geomvision.samples import Clip, PointPairs, PoseSample, StereoSample

SECONDS = float(os.environ.get("GEOMVISION_FUZZ_SECONDS", "0"))
SEED = int(os.environ.get("GEOMVISION_FUZZ_SEED", "0"))
#: Rounds of each case where no seconds are given.
ROUNDS = 24
#: Kinds whose every part is needed, so that a shortened one must not pass for whole.
WHOLE = {
    ".png",
    ".ppm",
    ".pfm",
    ".flo",
    ".npy",
    ".npz",
    ".dpt",
    ".cam",
    ".h5",
    ".flo5",
    ".dsp5",
    ".mat",
    ".pkl",
    ".JPG",
}
BAD_NAMES = ("../../outside.png", "..\\..\\outside.png", "/etc/passwd", "C:\\outside.png", "a/../../b.png", "\x01")


def truncated(file: Path, dice: random.Random) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: dice.randrange(len(data))])


def flipped(file: Path, dice: random.Random) -> None:
    data = bytearray(file.read_bytes())
    for _ in range(dice.choice((1, 1, 2, 8))):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    file.write_bytes(data)


def head_flipped(file: Path, dice: random.Random) -> None:
    data = bytearray(file.read_bytes())
    for _ in range(dice.choice((1, 2, 4))):
        data[dice.randrange(min(64, len(data)))] = dice.randrange(256)
    file.write_bytes(data)


def missing(file: Path, dice: random.Random) -> None:
    file.unlink()


def folder_instead(file: Path, dice: random.Random) -> None:
    file.unlink()
    file.mkdir()


def another(file: Path, dice: random.Random) -> None:
    """The content of another file of the data set, of the same kind or not; or of none at all."""
    root = next(parent for parent in file.parents if (parent / ".root").exists())
    files = sorted(each for each in root.rglob("*") if each.is_file() and each != file)
    chosen = dice.choice(files)
    file.write_bytes(dice.choice((chosen.read_bytes(), b"", os.fsencode(chosen.name) * 9, b"\0" * 999)))


def other_size(file: Path, dice: random.Random) -> None:
    """The same kind with another number of rows and columns, where it is an image, an array or raw numbers."""
    import cv2

    if file.suffix == ".npy":
        np.save(file, np.ones((dice.randrange(1, 9), dice.randrange(1, 9)), np.float32))
        return
    image = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    if image is None:
        file.write_bytes(file.read_bytes() * 2)
        return
    height, width = dice.randrange(1, 9), dice.randrange(1, 9)
    grown = np.resize(image, (height, width, *image.shape[2:]))
    ending = file.suffix if file.suffix in (".png", ".ppm", ".jpg", ".webp") else ".jpg"
    file.write_bytes(cv2.imencode(ending, grown)[1].tobytes())


def odd_words(file: Path, dice: random.Random) -> None:
    """One word of a text is a name that leads out of the folder, or no number."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        return flipped(file, dice)
    words = [(k, word) for k, line in enumerate(lines) for word in line.replace(",", " ").replace('"', " ").split()]
    if words:
        k, word = dice.choice(words)
        odd = dice.choice((*BAD_NAMES, "nan", "inf", "-1", "1e400", "0", "99999999999", "", "x"))
        lines[k] = lines[k].replace(word, odd, 1)
    file.write_text("\n".join(lines))
    return None


DAMAGES = (
    truncated,
    truncated,
    flipped,
    flipped,
    head_flipped,
    missing,
    folder_instead,
    another,
    other_size,
    odd_words,
)


def maps_of(sample):
    """All that a sample holds, and its pair and its clip."""
    for field in dataclasses.fields(sample):
        value = getattr(sample, field.name)
        yield field.name, value
        if isinstance(value, (StereoSample, Clip, PointPairs)):
            yield from maps_of(value)


def assert_views_are_right(sample) -> None:
    """Each of two views has a camera, and depth, of its own size."""
    for image, camera, depth in (
        (sample.image0, sample.camera0, sample.depth0),
        (sample.image1, sample.camera1, sample.depth1),
    ):
        as_image(image)
        assert (camera.height, camera.width) == image.shape[:2]
        assert depth is None or depth.size == image.shape[:2]
    if sample.T_1_0 is not None:
        check_pose(sample.T_1_0)


def assert_right(sample) -> None:
    """Images are images, maps and cameras have their size, poses are rigid."""
    parts = list(maps_of(sample))
    images = [v for k, v in parts if k in ("image", "left", "right", "frame0", "frame1", "left0", "right0", "left1")]
    size = images[0].shape[:2]
    for image in images:
        as_image(image)
        assert image.shape[:2] == size
    for name, value in parts:
        if isinstance(value, _Map):
            assert value.size == size, name
        elif name in ("occluded",) and value is not None:
            assert value.shape == size, name
        elif name == "masks":
            assert all(mask.shape == size and mask.dtype == bool for mask in value.values())
        elif isinstance(value, CameraModel) and name == "camera":
            assert (value.height, value.width) == size
        elif name == "T_world_cam" and value is not None:
            for T in value:
                check_pose(T)
        elif name == "pairs" and value is not None:
            assert (np.concatenate([value.first, value.second]) < size[::-1]).all()


def fingerprint(sample) -> list[bytes]:
    arrays = [getattr(v, v._values) if isinstance(v, _Map) else v for _, v in maps_of(sample)]
    return [np.asarray(each).tobytes() for each in arrays if isinstance(each, np.ndarray)]


def read_all(written):
    """Fingerprints by name, or the error."""
    try:
        data = written.open()
        found = {}
        for name in data.names:
            sample = data[name]
            (assert_views_are_right if isinstance(sample, PoseSample) else assert_right)(sample)
            found[name] = fingerprint(sample)
    except ValueError as error:
        return error
    return found


def one_round(written, place: Path, dice: random.Random, reference) -> str:
    """Break one file, read everything, and put the file back."""
    file = dice.choice(sorted(each for each in place.rglob("*") if each.is_file() and each.name != ".root"))
    damage, before = dice.choice(DAMAGES), file.read_bytes()
    damage(file, dice)
    found, told = read_all(written), f"{damage.__name__} of {file.relative_to(place)}"
    kept = file.is_file() and file.read_bytes() == before
    if file.is_dir():
        file.rmdir()
    file.write_bytes(before)
    if isinstance(found, Exception):
        assert str(place) in str(found), f"{told}: {found!r} names no file"
        return "refused"
    if damage is truncated and not kept and file.suffix in WHOLE:
        assert all(found[name] == reference[name] for name in found), f"{told}: passed for whole"
    return "read"


@pytest.mark.timeout(0 if SECONDS else 300)
def test_damage_is_told_or_does_no_harm(case, tmp_path):
    (tmp_path / ".root").touch()
    written = case.write(tmp_path)
    reference = read_all(written)
    assert isinstance(reference, dict), reference
    dice, outcomes = random.Random(f"{case.name} {SEED}"), []
    until = time.process_time() + SECONDS / len(sys.modules["dataset_layouts"].CASES)
    while len(outcomes) < ROUNDS or time.process_time() < until:
        outcomes.append(one_round(written, tmp_path, dice, reference))
    if SECONDS:
        sys.stderr.write(f"{case.name}: {len(outcomes)} rounds, {outcomes.count('refused')} refused\n")
    assert "refused" in outcomes


def test_names_that_lead_out_of_the_folder_are_refused(tmp_path):
    import geomvision as gv
    from geomvision.io._files import below

    for name in BAD_NAMES:
        with pytest.raises(gv.io.FormatError, match=r"list.txt: names the file .*; expected the name of a file below"):
            below(tmp_path, name, tmp_path / "list.txt")
    (tmp_path / "rgb.txt").write_text("1.5 ../outside.png\n")
    camera = gv.cameras.Camera(width=4, height=3, fx=9, fy=9, cx=1, cy=1)
    with pytest.raises(gv.io.FormatError, match=r"rgb.txt: names the file '../outside.png'"):
        gv.datasets.TUMRGBD(tmp_path, camera=camera)
    assert issubclass(DatasetError, ValueError)
