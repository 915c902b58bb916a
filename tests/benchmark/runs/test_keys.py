"""Keys follow content: what changes a result changes them, and nothing else does."""

import dataclasses
import hashlib

import numpy as np
import pytest

import geomvision as gv
from geomvision import weights
from geomvision.benchmark.runs import keys
from geomvision.cameras import Camera, StereoRig
from geomvision.results import Disparity
from geomvision.samples import StereoSample

IMAGE = np.arange(12, dtype=np.uint8).reshape(3, 4)
RIG = StereoRig.rectified(Camera(width=4, height=3, fx=5.0, fy=5.0, cx=1.5, cy=1.0), 0.1)
SAMPLE = StereoSample(name="a", left=IMAGE, right=IMAGE + 1, rig=RIG, disparity=Disparity(px=np.ones((3, 4))))


def test_a_digest_is_of_every_bit_of_a_sample():
    first = keys.sample_digest(SAMPLE)
    assert len(first) == 32
    copied = dataclasses.replace(SAMPLE, left=np.asfortranarray(IMAGE), right=np.ascontiguousarray(IMAGE + 1))
    assert keys.sample_digest(copied) == first
    changed = [
        {"left": IMAGE.astype(np.uint16)},
        {"left": IMAGE.reshape(4, 3)},
        {"right": IMAGE},
        {"rig": None},
        {"rig": StereoRig.rectified(RIG.left, 0.2)},
        {"disparity": Disparity(px=np.full((3, 4), np.nextafter(np.float32(1), np.float32(2))))},
        {"occluded": np.zeros((3, 4), bool)},
        {"max_disparity": 3},
        {"masks": {"glass": np.zeros((3, 4), bool)}},
        {"name": "b"},
    ]
    digests = {keys.sample_digest(dataclasses.replace(SAMPLE, **each)) for each in changed}
    assert len(digests | {first}) == len(changed) + 1
    with pytest.raises(TypeError, match="holds a set"):
        keys.sample_digest({1})


def test_weights_are_named_by_their_content_also_of_methods_that_are_asked(tmp_path):
    card = weights.Card.read(weights.find("refined_sgm").with_suffix(".json"))
    content = hashlib.sha256(weights.find("refined_sgm").read_bytes()).hexdigest()
    name, count = keys.weights_of(gv.stereo.METHODS["refined_sgm"]())
    assert (name, count) == (f"refined_sgm.safetensors sha256:{content[:12]}", card.parameters)
    asked = gv.depth.METHODS["from_stereo"](stereo="refined_sgm")
    assert keys.weights_of(asked) == (name, count)
    several = keys.weights_of(gv.flow.METHODS["refined"]())[0]
    assert [word.partition(" ")[0] for word in several.split(", ")] == [
        "pwc_small.safetensors",
        "refined_flow.safetensors",
    ]
    assert keys.weights_of(gv.stereo.METHODS["sgm"]()) == (None, None)
    assert keys.weights_of(gv.stereo.METHODS["sgm"](cost="mc_cnn"))[0].startswith("mc_cnn.safetensors sha256:")
    path = tmp_path / "own.pt"
    path.write_bytes(b"some")
    first = keys.weights_of(gv.flow.METHODS["raft"](weights=str(path)))
    path.write_bytes(b"other")
    second = keys.weights_of(gv.flow.METHODS["raft"](weights=str(path)))
    assert first != second
    assert (first[0][:14], first[1]) == ("own.pt sha256:", None)


def test_files_that_options_name_are_known_by_their_content(tmp_path, monkeypatch):
    """A net in an ONNX file, learned costs, and what MiDaS small finds where nobody named it."""
    path = tmp_path / "net.onnx"
    path.write_bytes(b"some")
    first = keys.weights_of(gv.stereo.METHODS["onnx"](path=str(path)))[0]
    path.write_bytes(b"other")
    assert first != keys.weights_of(gv.stereo.METHODS["onnx"](path=str(path)))[0]
    based = gv.stereo.METHODS["tiled"](base="onnx", base_options=f"path={path}")
    assert keys.weights_of(based) == keys.weights_of(gv.stereo.METHODS["onnx"](path=str(path)))
    assert keys.weights_of(gv.stereo.METHODS["sgm"](cost=str(path)))[0].startswith("net.onnx sha256:")
    hub = tmp_path / "hub"
    monkeypatch.setattr("geomvision.depth.midas_small._hub_folder", lambda: hub)
    assert keys.weights_of(gv.depth.METHODS["midas_small"]()) == (None, None)
    (hub / "checkpoints").mkdir(parents=True)
    (hub / "checkpoints" / "midas_v21_small_256.pt").write_bytes(b"weights")
    (hub / "isl-org_MiDaS_master" / "__pycache__").mkdir(parents=True)
    code = hub / "isl-org_MiDaS_master" / "hubconf.py"
    names = []
    for text in ("1", "2", "2"):
        code.write_text(text)
        names.append(keys.weights_of(gv.depth.METHODS["midas_small"]())[0])
        (code.parent / "__pycache__" / "hubconf.pyc").write_text("compiled")  # as running it leaves it
    assert names[0] != names[1] == names[2]


def test_two_files_of_one_name_are_both_told(tmp_path):
    for name, content in (("a", b"1"), ("b", b"2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "net.pt").write_bytes(content)
    options = (f"weights={tmp_path / name / 'net.pt'}" for name in "ab")
    pair = gv.scene_flow.METHODS["from_stereo_and_flow"](
        stereo="raft_stereo", stereo_options=next(options), flow="raft", flow_options=next(options)
    )
    assert keys.weights_of(pair)[0].count("net.pt sha256:") == 2


def test_the_code_is_all_that_results_depend_on(monkeypatch, tmp_path):
    for name in ("stereo/sgm.py", "benchmark/fitting.py", "benchmark/records.py", "cli/app.py", "__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1")
    monkeypatch.setattr(keys, "PACKAGE", tmp_path)

    def version():
        keys.code_version.cache_clear()
        return keys.code_version()

    first = version()
    assert first.startswith(f"{gv.__version__}+")
    for name, matters in (
        ("cli/app.py", False),
        ("benchmark/records.py", False),
        ("benchmark/fitting.py", True),
        ("stereo/sgm.py", True),
    ):
        (tmp_path / name).write_text("2")
        assert (version() != first) == matters, name
        first = version()
    monkeypatch.setattr(keys, "installed", lambda package: "0")
    assert version() != first
    keys.code_version.cache_clear()


def test_a_method_of_another_package_is_known_by_its_file(killer):
    assert keys.code_beside(gv.stereo.METHODS["sgm"]) == ""
    assert len(keys.code_beside(gv.stereo.METHODS["killer"])) == 12


def test_digests_of_what_share_their_beginning_are_those_of_each():
    shared = [["a", 1], "“è”", '""]', {"b": 2, "a": None}]
    last = ["0a1b", 'with " and \\', ""]
    assert keys.digests_of(shared, last) == tuple(keys.digest_of([*shared, each]) for each in last)
    assert keys.digests_of([], ["x"]) == (keys.digest_of(["x"]),)
