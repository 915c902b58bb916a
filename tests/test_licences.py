"""Weights that may not be used commercially are refused where use is commercial; what has no weights runs."""

import json
import os
import shutil

import numpy as np
import pytest

import geomvision as gv
from geomvision import weights as files
from geomvision.licences import VARIABLE, Licence, commercial_only, licence_of
from geomvision.method import BackendError
from geomvision.samples import StereoSample


@pytest.fixture
def restricted(tmp_path):
    """A copy of shipped weights whose card forbids commercial use."""
    for suffix in (".safetensors", ".json"):
        shutil.copy(files.SHIPPED / f"mc_cnn{suffix}", tmp_path / f"restricted{suffix}")
    card = tmp_path / "restricted.json"
    changed = json.loads(card.read_text()) | {"licence": "CC-BY-NC-4.0", "commercial_use": False}
    card.write_text(json.dumps(changed))
    return str(card.with_suffix(".safetensors"))


def test_a_licence_is_that_of_the_card(restricted, tmp_path):
    assert licence_of(restricted) == Licence(weights=restricted, spdx="CC-BY-NC-4.0", commercial_use=False)
    assert licence_of("mc_cnn") == Licence(weights="mc_cnn", spdx="Apache-2.0", commercial_use=True)
    public = tmp_path / "public.pt"
    public.touch()
    assert licence_of(public) == Licence(weights=str(public)) == Licence(weights=str(public), spdx="")
    assert gv.stereo.MCCNNSGM(weights=restricted).licences() == (licence_of(restricted),)
    assert gv.stereo.SGM().licences() == ()


def test_every_method_with_shipped_weights_may_be_used_commercially():
    for task in ("stereo", "flow", "depth"):
        for name, method in getattr(gv, task).METHODS.items():
            if getattr(method(), "weights", "") in files.names():
                assert [licence.refusal() for licence in method().licences()] == [None], name


def test_what_forbids_commercial_use_is_refused_only_there(restricted, tmp_path):
    method = gv.stereo.MCCNNSGM(weights=restricted)
    shutil.copy(restricted, tmp_path / "public.pt")
    unknown = method.with_options(weights=str(tmp_path / "public.pt"))
    for each in (method, unknown):
        assert each.chosen_backend()
    with commercial_only():
        with pytest.raises(BackendError, match=r"restricted.safetensors' under CC-BY-NC-4.0: no commercial use"):
            method.chosen_backend()
        with pytest.raises(BackendError, match=r"public.pt' of unknown licence: no commercial use until it is known"):
            unknown.chosen_backend()
        assert gv.stereo.SGM().chosen_backend()
    assert method.chosen_backend()


def test_a_method_that_is_run_by_another_answers_for_itself(restricted):
    image = np.zeros((16, 16), np.uint8)
    tiled = gv.stereo.Tiled(base="mccnn_sgm", base_options=f"weights={restricted}", max_disparity=8)
    with commercial_only(), pytest.raises(BackendError, match=r"CC-BY-NC-4\.0"):
        tiled(image, image)


@pytest.mark.parametrize(("value", "barred"), [("1", True), ("yes", True), ("0", False), ("", False), (None, False)])
def test_the_environment_says_so_too(monkeypatch, restricted, value, barred):
    monkeypatch.delenv(VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(VARIABLE, value)
    method = gv.stereo.MCCNNSGM(weights=restricted)
    if barred:
        with pytest.raises(BackendError):
            method.chosen_backend()
    else:
        method.chosen_backend()
    with commercial_only(wanted=False):
        assert os.environ.get(VARIABLE) == value
    with commercial_only(), pytest.raises(BackendError):
        method.chosen_backend()
    assert os.environ.get(VARIABLE) == value


def test_a_comparison_says_why_a_method_is_left_out(restricted):
    image = np.zeros((24, 32), np.uint8)
    sample = StereoSample(name="flat", left=image, right=image)
    methods = [gv.stereo.SGM(max_disparity=8), gv.stereo.MCCNNSGM(weights=restricted)]
    report = gv.compare(methods, sample, repeats=1, progress=False, force=True, commercial=True)
    errors = {row.method.name(): row.error for row in report.rows}
    assert errors["sgm"] is None
    assert "CC-BY-NC-4.0: no commercial use" in errors["mccnn_sgm"]
    assert VARIABLE not in os.environ
