"""Nets in files of other programs: what they say of themselves, that they agree, and what is refused."""

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import geomvision as gv
from geomvision.exported import KEY, FileCard
from geomvision.images import ImageError
from geomvision.licences import commercial_only
from geomvision.method import BackendError
from geomvision.weights import WeightsError

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

from geomvision.export import FORMS, ExportError, export, opened, unexportable  # noqa: E402
from geomvision.export._exporting import difference  # noqa: E402

SIZE = (64, 96)
#: A method, its options, and the kind of its result.
NETS = {
    "stereo/dispnet": ({}, "disparity_px"),
    "flow/flownet_s": ({}, "flow_px"),
    "depth/eigen": ({"side_px": 96}, "metric"),
}


def rendered(task, height=SIZE[0], width=SIZE[1]):
    return gv.datasets.Synthetic(seed=5, task=task, height=height, width=width, count=1)[0]


def numbers(result):
    return next(getattr(result, name) for name in ("px", "m", "values") if hasattr(result, name))


@pytest.fixture(scope="module")
def written(small, tmp_path_factory):
    """The ONNX file of each of `NETS`, for one size, with what was measured."""
    folder = tmp_path_factory.mktemp("files")
    return {
        name: export(small(name, **options), folder / f"{name.replace('/', '_')}.onnx", size=SIZE)
        for name, (options, _) in NETS.items()
    }


@pytest.mark.parametrize("name", NETS)
def test_an_onnx_file_is_the_method(small, written, name):
    options, kind = NETS[name]
    task, done = name.split("/")[0], written[name]
    assert done.card.kind == kind
    assert set(done.differences) == {SIZE}
    assert done.largest < 1e-4
    assert done.size_bytes == done.path.stat().st_size
    sample = rendered(task)  # not the scene that the export looked at
    expected, got = small(name, **options).on(sample), getattr(gv, task).ONNX(path=str(done.path)).on(sample)
    assert type(got) is type(expected)
    np.testing.assert_allclose(numbers(got), numbers(expected), rtol=1e-4, atol=1e-4)
    assert got.run.method == f"{task}/onnx"


@pytest.mark.parametrize("name", NETS)
def test_an_onnx_file_has_standard_operators_alone(written, name):
    model = onnx.load(written[name].path)
    assert {node.domain for node in model.graph.node} == {""}
    assert not model.functions
    onnx.checker.check_model(model)


def test_the_card_says_what_the_method_was(small, written):
    method, done = small("stereo/dispnet"), written["stereo/dispnet"]
    (text,) = [entry.value for entry in onnx.load(done.path).metadata_props if entry.key == KEY]
    card = FileCard.parse(text, done.path)
    assert card.text() == done.card.text() == text
    assert (card.task, card.method, card.version) == ("stereo", "stereo/dispnet", gv.__version__)
    assert (card.inputs, card.size, card.multiple) == (["left", "right"], [64, 128], 64)
    assert card.options == method.options()
    assert card.weights_sha256 == hashlib.sha256(Path(method.weights).read_bytes()).hexdigest()
    assert (card.licence, card.commercial_use) == ("CC-BY-NC-4.0", False)


def test_the_licence_goes_with_the_file(written):
    sample = rendered("flow")
    with commercial_only(), pytest.raises(BackendError, match=r"CC-BY-NC-4\.0: no commercial use"):
        gv.flow.ONNX(path=str(written["flow/flownet_s"].path)).on(sample)


@pytest.mark.parametrize("form", ["torch-export", "torchscript"])
def test_other_forms_agree_and_carry_the_card(small, tmp_path, form):
    method = small("flow/flownet_s")
    done = export(method, tmp_path / f"net{FORMS[form]}", to=form, size=SIZE)
    assert done.largest < 1e-4
    card, runner = opened(done.path)
    assert card.text() == done.card.text()
    assert difference(method, card, runner, SIZE) == done.largest


def test_volumes_and_ranges_that_begin_below_zero(small, tmp_path):
    """Convolutions of volumes have no bias here, of which onnxscript makes one of a shape that no runtime takes."""
    method = small("stereo/psmnet", max_disparity=12, min_disparity=-4)
    done = export(method, tmp_path / "net.onnx", size=(32, 64))
    assert done.largest < 1e-3
    sample = rendered("stereo", 32, 64)
    got = gv.stereo.ONNX(path=str(done.path)).on(sample)
    np.testing.assert_allclose(got.px, method.on(sample).px, atol=1e-3)


@pytest.mark.parametrize("name", ["stereo/gwcnet", "stereo/refined"])
def test_sides_that_are_tensors_while_torchscript_is_traced(small, tmp_path, name):
    options = {"max_disparity": 16}
    method = gv.stereo.Refined(base="sgm", **options) if name == "stereo/refined" else small(name, **options)
    assert export(method, tmp_path / "net.pt", size=(64, 96)).largest < 1e-2


def test_open_sizes_are_compared_at_two(tmp_path):
    method = gv.depth.MonoSmall(side_px=0)
    done = export(method, tmp_path / "net.pt2", size=SIZE, dynamic=True)
    assert (len(done.differences), done.card.size) == (2, None)
    assert done.largest < 1e-4
    assert difference(method, *opened(done.path), (70, 133)) < 1e-4


def test_a_recurrent_net_keeps_its_own_way_of_correlation(small, tmp_path):
    """The file makes the volume; the net of the method goes on looking up without one."""
    from geomvision import weights
    from geomvision.learned import loaded

    method = small("flow/raft_s", iterations=2)
    done = export(method, tmp_path / "net.onnx", size=(128, 128))
    assert done.largest < 1e-3
    assert loaded(method.net, *weights.version(method.weights)).correlation == "lookup"


def test_an_onnx_file_of_any_size(small, tmp_path):
    method = small("stereo/dispnet")
    done = export(method, tmp_path / "net.onnx", size=SIZE, dynamic=True)
    assert len(done.differences) == 2
    assert done.largest < 1e-3
    sample = rendered("stereo", 70, 150)
    np.testing.assert_allclose(gv.stereo.ONNX(path=str(done.path)).on(sample).px, method.on(sample).px, atol=1e-3)


def test_a_file_brings_the_inverse_of_depth_to_the_size_of_the_image(small, tmp_path):
    """As monodepth2 itself does: the answer at 64 x 96 pixels becomes that of a larger image."""
    method = small("depth/monodepth2")
    done = export(method, tmp_path / "net.pt2", size=(64, 96))
    assert done.card.inverse_resized
    assert difference(method, *opened(done.path), (150, 200)) < 1e-4


def test_a_net_that_refines_runs_after_its_matcher(tmp_path):
    method = gv.stereo.RefinedSGM(max_disparity=16, precision="float32")
    path = tmp_path / "net.onnx"
    done = export(method, path, size=(32, 64))
    assert done.card.matcher["method"] == "sgm"
    sample = rendered("stereo", 32, 64)
    expected, got = method.on(sample), gv.stereo.ONNX(path=str(path)).on(sample)
    np.testing.assert_allclose(got.px, expected.px, atol=1e-3)
    np.testing.assert_allclose(got.confidence, expected.confidence, atol=1e-4)
    with pytest.raises(ImageError, match=r"32 x 65 pixels; the file takes images of 32 x 64 pixels"):
        gv.stereo.ONNX(path=str(path)).on(rendered("stereo", 32, 65))


def test_a_file_that_differs_does_not_stay(small, tmp_path):
    path = tmp_path / "net.pt"
    path.write_text("what was there")
    with pytest.raises(ExportError, match=r"would differ from flow/flownet_s by .* 0 is allowed: not written"):
        export(small("flow/flownet_s"), path, size=(64, 64), tolerance=0.0)
    assert path.read_text() == "what was there"
    assert [each.name for each in tmp_path.iterdir()] == ["net.pt"]


def test_a_file_that_was_tampered_with_is_found(small, written):
    done = written["flow/flownet_s"]
    card, runner = opened(done.path)
    method = small("flow/flownet_s")
    assert difference(method, card, runner, SIZE) < 1e-4
    assert difference(method, card, lambda arrays: 2 * runner(arrays), SIZE) > 1
    assert difference(method, dataclasses.replace(card, scale=1.5), runner, SIZE) > 1
    assert difference(method, card, lambda arrays: np.full_like(runner(arrays), np.nan), SIZE) == np.inf


def changed(path, target, change):
    """A copy of an ONNX file whose card is another."""
    model = onnx.load(path)
    for entry in model.metadata_props:
        entry.value = change(entry.value) if entry.key == KEY else entry.value
    onnx.save(model, target)
    return str(target)


def test_files_that_are_none_of_ours_are_refused(written, tmp_path):
    good, sample = written["flow/flownet_s"].path, rendered("flow")
    with pytest.raises(WeightsError, match=r"is for flow \(flow/flownet_s\), not stereo: flow/onnx runs it"):
        gv.stereo.ONNX(path=str(good)).on(rendered("stereo"))
    bare = onnx.load(good)
    del bare.metadata_props[:]
    onnx.save(bare, tmp_path / "bare.onnx")
    with pytest.raises(WeightsError, match=r"bare.onnx says nothing of its net"):
        gv.flow.ONNX(path=str(tmp_path / "bare.onnx")).on(sample)
    for change in (lambda text: text[:-9], lambda text: "{}", lambda text: text.replace('"border"', '"glue"')):
        path = changed(good, tmp_path / "odd.onnx", change)
        with pytest.raises(WeightsError, match=r"odd.onnx: what it says of its net is damaged"):
            gv.flow.ONNX(path=path).on(sample)
        Path(path).unlink()
    swapped = changed(good, tmp_path / "swapped.onnx", lambda text: json.dumps(json.loads(text) | {"inputs": ["a"]}))
    with pytest.raises(WeightsError, match=r"takes frame0, frame1; it should take a as its card says"):
        gv.flow.ONNX(path=swapped).on(sample)
    torn = tmp_path / "torn.onnx"
    torn.write_bytes(good.read_bytes()[:5000])
    with pytest.raises(WeightsError, match=r"onnxruntime gives no net of .*torn.onnx"):
        gv.flow.ONNX(path=str(torn)).on(sample)


@pytest.mark.parametrize("task", ["stereo", "flow", "depth"])
def test_without_a_file_nothing_runs(task):
    for path, told in (("", "it was given no file"), ("nowhere.onnx", "there is no file 'nowhere.onnx'")):
        with pytest.raises(BackendError, match=rf"{told}; give path= an \.onnx file"):
            getattr(gv, task).ONNX(path=path).chosen_backend()


def test_without_onnxruntime_the_way_to_get_it_is_told(monkeypatch):
    from geomvision import method

    monkeypatch.setattr(method, "importable", lambda module: module != "onnxruntime")
    with pytest.raises(BackendError, match=r"needs onnxruntime: pip install 'geomvision\[onnx\]'"):
        gv.flow.ONNX(path="any.onnx").chosen_backend()


def test_sizes_that_a_file_does_not_allow_are_refused(written):
    flow = gv.flow.ONNX(path=str(written["flow/flownet_s"].path))
    assert flow.on(rendered("flow", 40, 50)).px.shape == (40, 50, 2)  # its border is repeated
    with pytest.raises(ImageError, match=r"65 x 96 pixels; the file takes images up to 64 x 96 pixels"):
        flow.on(rendered("flow", 65, 96))


def test_what_cannot_be_exported_says_why(small, tmp_path):
    path = tmp_path / "net.onnx"
    cases = [
        (gv.stereo.SGM(), {}, r"stereo/sgm is not one net of ours on images alone"),
        (gv.stereo.MCCNNSGM(), {}, r"stereo/mccnn_sgm is not one net"),
        (gv.depth.MonoCompletion(), {}, r"depth/mono_completion is not one net"),
        (gv.flow.RAFT(tolerance=0.5), {}, r"raft ends early with tolerance=0.5"),
        (small("depth/monodepth", mirrored=True), {}, r"looks twice with mirrored=True"),
        (gv.stereo.FastStereo(), {"dynamic": True}, r"give a size, not dynamic"),
        (small("flow/flownet_s"), {"size": (8, 64)}, r"size is 8 x 64"),
        (small("flow/flownet_s"), {"tolerance": -1}, r"tolerance is -1"),
        (small("flow/flownet_s"), {"to": "caffe"}, r"there is no form 'caffe'; forms are onnx"),
        (small("flow/flownet_s"), {"to": "torchscript"}, r"must end in \.pt"),
    ]
    for method, options, told in cases:
        with pytest.raises(ExportError, match=told):
            export(method, path, **options)
    with pytest.raises(ExportError, match=r"traced for TorchScript at one size"):
        export(small("flow/flownet_s"), tmp_path / "net.pt", dynamic=True)
    with pytest.raises(BackendError, match=r"has no weights 'raft'"):
        export(gv.flow.RAFT(), path)
    assert list(tmp_path.iterdir()) == []


def test_a_net_of_one_size_is_stretched_to_it(written):
    path = str(written["depth/eigen"].path)
    sample = rendered("depth", 30, 200)
    assert numbers(gv.depth.ONNX(path=path)(sample.image)).shape == (30, 200)
    assert unexportable(gv.depth.MonoSmall()) is None
