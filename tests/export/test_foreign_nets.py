"""ONNX files that other programs wrote, with a card beside them: nets of few operators, whose answers are known."""

import json

import numpy as np
import pytest

import geomvision as gv
from geomvision.benchmark.runs.keys import weights_of
from geomvision.foreign_nets import ENTRIES
from geomvision.images import ImageError
from geomvision.licences import commercial_only
from geomvision.method import BackendError
from geomvision.weights import WeightsError

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx import TensorProto, helper  # noqa: E402


def net(path, inputs, operator="Sub", sides=("h", "w"), outputs=1, kind=TensorProto.FLOAT):
    """A file whose net takes images (1, 3, h, w) and gives what an operator makes of their first channels."""
    given = [helper.make_tensor_value_info(name, kind, [1, 3, *sides]) for name in inputs]
    parts = [helper.make_node("Slice", [name, "from", "to", "axis"], [f"{name}_red"]) for name in inputs]
    bounds = [
        helper.make_tensor(name, TensorProto.INT64, [1], [value])
        for name, value in (("from", 0), ("to", 1), ("axis", 1))
    ]
    nodes = [helper.make_node(operator, [f"{name}_red" for name in inputs], [f"out{n}"]) for n in range(outputs)]
    told = [helper.make_tensor_value_info(f"out{n}", kind, None) for n in range(outputs)]
    graph = helper.make_graph([*parts, *nodes], "net", given, told, bounds)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path


def card(path, **entries):
    path.with_suffix(".json").write_text(json.dumps(entries))


@pytest.fixture
def pair():
    random = np.random.default_rng(2)
    return tuple(random.integers(0, 256, (20, 30, 3), dtype=np.uint8) for _ in range(2))


def test_range_scale_and_sign_are_those_of_the_card(tmp_path, pair):
    path = net(tmp_path / "theirs.onnx", ("a", "b"))
    card(path, task="stereo", mean=[127.5, 0, 0], deviation=[51.0, 1, 1], scale=-10)
    left, right = pair
    disparity = gv.stereo.ONNX(path=str(path))(left, right)
    expected = -10 * (left[..., 0].astype(float) - right[..., 0]) / 51
    np.testing.assert_allclose(disparity.px, expected, atol=1e-4)
    card(path, task="stereo", inputs=["b", "a"], lowest=0)  # the second input is the left image here
    swapped = gv.stereo.ONNX(path=str(path))(left, right)
    np.testing.assert_array_equal(swapped.px, np.maximum(right[..., 0].astype(float) - left[..., 0], 0))


def test_sizes_are_brought_to_what_the_net_takes(tmp_path, pair):
    path = net(tmp_path / "fixed.onnx", ("a", "b"), sides=(32, 32))
    card(path, task="stereo")
    left, right = pair
    expected = left[..., 0].astype(np.float32) - right[..., 0]
    method = gv.stereo.ONNX(path=str(path))
    np.testing.assert_array_equal(method(left, right).px, expected)
    assert method.card().size == [32, 32]
    large = np.zeros((40, 30, 3), np.uint8)
    with pytest.raises(ImageError, match="the file takes images up to 32 x 32 pixels"):
        method(large, large)
    card(path, task="stereo", fit="exact")
    with pytest.raises(ImageError, match="the file takes images of 32 x 32 pixels"):
        method(left, right)
    any_size = net(tmp_path / "any.onnx", ("a", "b"))
    card(any_size, task="stereo", multiple=16)
    np.testing.assert_array_equal(gv.stereo.ONNX(path=str(any_size))(left, right).px, expected)
    assert gv.stereo.ONNX(path=str(any_size)).card().taken(20, 30) == (32, 32)


def test_flow_and_depth(tmp_path, pair):
    path = net(tmp_path / "flow.onnx", ("a", "b"), operator="Concat")
    model = onnx.load(path)
    model.graph.node[-1].attribute.append(helper.make_attribute("axis", 1))
    onnx.save(model, path)
    card(path, task="flow", scale=0.5)
    flow = gv.flow.ONNX(path=str(path))(*pair)
    np.testing.assert_array_equal(flow.px, np.stack([pair[0][..., 0], pair[1][..., 0]], axis=2) * np.float32(0.5))
    path = net(tmp_path / "depth.onnx", ("image",), operator="Identity", outputs=2)
    card(path, task="depth", kind="disparity_affine", output="out1")
    relative = gv.depth.ONNX(path=str(path))(pair[0])
    assert (type(relative).__name__, relative.kind) == ("RelativeDepth", "disparity_affine")
    np.testing.assert_array_equal(relative.values, pair[0][..., 0])


def test_a_net_of_unknown_licence_is_not_for_commerce_unless_its_card_says_so(tmp_path, pair):
    path = net(tmp_path / "theirs.onnx", ("a", "b"))
    card(path, task="stereo")
    with commercial_only(), pytest.raises(BackendError, match=r"theirs\.onnx"):
        gv.stereo.ONNX(path=str(path))(*pair)
    card(path, task="stereo", licence="MIT", commercial_use=True)
    with commercial_only():
        gv.stereo.ONNX(path=str(path))(*pair)


def test_units_of_a_run_are_others_when_the_file_or_its_card_is(tmp_path):
    path = net(tmp_path / "theirs.onnx", ("a", "b"))
    method = gv.stereo.ONNX(path=str(path))
    names = [weights_of(method)[0]]
    card(path, task="stereo")
    names.append(weights_of(method)[0])
    card(path, task="stereo", scale=-1)
    names.append(weights_of(method)[0])
    net(path, ("a", "b"), operator="Add")
    names.append(weights_of(method)[0])
    assert len(set(names)) == 4
    assert all("theirs.onnx sha256:" in name for name in names)


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ({}, r"theirs.json must be a JSON object whose task is one of stereo, flow, depth"),
        ({"task": "depth"}, r"theirs.onnx is for depth|kind is None; it must be one of metric"),
        ({"task": "stereo", "sign": -1}, r"there is no entry 'sign'; there are " + ", ".join(ENTRIES)),
        ({"task": "stereo", "scale": "2"}, r"scale is '2'; it must be a number"),
        ({"task": "stereo", "scale": True}, r"scale is True; it must be a number"),
        ({"task": "stereo", "mean": 0}, r"mean is 0; it must be a list of numbers"),
        ({"task": "stereo", "mean": [1, 2]}, r"mean has 2 numbers; it must have 1 or 3"),
        ({"task": "stereo", "deviation": [0]}, r"deviation has a zero"),
        ({"task": "stereo", "multiple": 0.5}, r"multiple is 0.5; it must be whole, at least 1"),
        ({"task": "stereo", "levels": "0…1"}, r"levels is '0…1'; it must be one of 0…255, any"),
        ({"task": "stereo", "fit": "glue"}, r"fit is 'glue'; it must be one of border"),
        ({"task": "stereo", "inputs": ["left", "right"]}, r"inputs are left, right; they must be those of the file"),
        ({"task": "stereo", "channels": ["depth"]}, r"channels are depth; they must have disparity"),
        ({"task": "stereo", "licence": 3}, r"licence is 3; it must be a text"),
        ({"task": "stereo", "commercial_use": "yes"}, r"commercial_use is 'yes'; it must be true or false"),
        ({"task": "stereo", "inputs": []}, r"inputs is \[\]; it must be a list of names"),
        ({"task": "stereo", "output": "second"}, r"has the outputs out0; its card says 'second'"),
        ({"task": "stereo", "channels": ["disparity", "confidence"]}, r"gives maps of shape \(1, 20, 30\)"),
    ],
)
def test_what_a_card_says_wrongly_is_told(tmp_path, pair, entries, told):
    path = net(tmp_path / "theirs.onnx", ("a", "b"))
    card(path, **entries)
    with pytest.raises(WeightsError, match=told):
        gv.stereo.ONNX(path=str(path))(*pair)


def test_files_that_do_not_fit_any_card_are_told(tmp_path, pair):
    path = net(tmp_path / "theirs.onnx", ("a", "b"))
    with pytest.raises(WeightsError, match=r"says nothing of its net .*: export it .* write what it takes and gives"):
        gv.stereo.ONNX(path=str(path))(*pair)
    path.with_suffix(".json").write_text("{")
    with pytest.raises(WeightsError, match=r"theirs.json is no JSON"):
        gv.stereo.ONNX(path=str(path))(*pair)
    two = net(tmp_path / "two.onnx", ("a", "b"), outputs=2)
    card(two, task="stereo")
    with pytest.raises(WeightsError, match=r"has the outputs out0, out1; its card does not say which is meant"):
        gv.stereo.ONNX(path=str(two))(*pair)
    double = net(tmp_path / "double.onnx", ("a", "b"), kind=TensorProto.DOUBLE)
    card(double, task="stereo")
    with pytest.raises(WeightsError, match=r"takes a \(tensor\(double\)\), b .*; it must take float32 alone"):
        gv.stereo.ONNX(path=str(double))(*pair)
