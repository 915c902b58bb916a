import dataclasses
import json
from dataclasses import dataclass

import numpy as np
import pytest

from geomvision.method import BackendError, OptionError, backend, option
from geomvision.registry import Registry
from geomvision.results import Disparity
from geomvision.stereo._base import StereoMethod


@dataclass(frozen=True, kw_only=True)
class Constant(StereoMethod):
    """The same disparity everywhere."""

    px: float = option(3.0, "the disparity", unit="px", minimum=0.0, maximum=8.0)
    window: int = option(5, "a window nobody uses", unit="px", minimum=1, odd=True)
    mode: str = option("plain", "a choice", choices=("plain", "fancy"))

    @backend("absent", requires="geomvision_no_such_module", extra="dreams")
    def _absent(self, left, right):
        raise AssertionError("never runs")

    @backend("reference")
    def _reference(self, left, right):
        return Disparity(px=np.full(left.shape[:2], self.px, np.float32))


def images(height=4, width=6):
    image = np.arange(height * width, dtype=np.uint8).reshape(height, width)
    return image, image.copy()


def test_a_call_returns_the_result_and_how_it_was_made():
    result = Constant(px=2)(*images())
    assert result.px.shape == (4, 6)
    assert (result.px == 2).all()
    assert result.run.backend == "reference"
    assert result.run.method == f"stereo/{Constant.name()}"
    assert result.run.options == {"px": 2.0, "window": 5, "mode": "plain"}
    assert result.run.seconds > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"px": 9.0}, "px is 9.0; allowed is between 0.0 and 8.0 px"),
        ({"px": float("nan")}, "px is nan"),
        ({"px": "3"}, r"px is '3' \(str\); it must be float"),
        ({"window": 4}, "window is 4; allowed is odd and at least 1 px"),
        ({"window": 5.0}, r"window is 5.0 \(float\); it must be int"),
        ({"window": True}, r"window is True \(bool\); it must be int"),
        ({"mode": "wild"}, "mode is 'wild'; allowed is one of 'plain', 'fancy'"),
        ({"backend": "gpu"}, "backend is 'gpu'; allowed are 'auto', 'absent', 'reference'$"),
        ({"num_threads": -1}, "num_threads is -1"),
    ],
)
def test_a_wrong_value_says_what_was_given_and_what_is_allowed(options, message):
    with pytest.raises(OptionError, match=message):
        Constant(**options)


def test_a_typo_is_a_type_error():
    with pytest.raises(TypeError):
        Constant(pxx=3)
    with pytest.raises(TypeError, match="has no option pxx; it has"):
        Constant.from_options({"pxx": 3})


def test_numpy_scalars_are_options_too():
    assert type(Constant(px=np.float32(2.5), window=np.int64(3)).window) is int


def test_a_method_is_frozen_and_survives_json():
    method = Constant(px=1.5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        method.px = 2
    assert Constant.from_options(json.loads(json.dumps(method.options()))) == method


def test_the_key_depends_on_what_decides_the_result_only():
    assert Constant().key() == Constant(backend="reference", num_threads=3).key()
    assert Constant().key() != Constant(px=1.0).key()


def test_backends_are_ordered_and_the_missing_one_is_explained():
    assert [b.name for b in Constant.backends()] == ["absent", "reference"]
    assert Constant.available_backends() == ["reference"]
    with pytest.raises(BackendError, match=r"pip install 'geomvision\[dreams\]'"):
        Constant(backend="absent")(*images())


def test_label_names_what_differs_from_the_defaults():
    assert Constant(px=2.0, num_threads=2).label() == f"{Constant.name()}(px=2.0)"


def test_a_cell_of_a_notebook_can_add_a_method(tmp_path):
    registry = Registry("stereo", tmp_path)
    assert list(registry) == []

    @registry.add
    @dataclass(frozen=True, kw_only=True)
    class Mine(Constant):
        """Mine."""

    assert list(registry) == ["mine"]
    assert registry["mine"] is Mine
    assert registry.by_class_name("Mine") is Mine
    with pytest.raises(ValueError, match="already a stereo method 'mine'"):
        registry.add(Mine)
    with pytest.raises(KeyError, match="has no 'yours'; there are mine"):
        registry["yours"]
    with pytest.raises(TypeError, match="no flow method"):
        Registry("flow", tmp_path).add(Constant)


def test_entry_points_add_methods(tmp_path, monkeypatch):
    (tmp_path / "plugin_matcher.py").write_text(
        "from dataclasses import dataclass\n"
        "from geomvision.stereo._base import StereoMethod\n"
        "@dataclass(frozen=True, kw_only=True)\n"
        "class Plugin(StereoMethod):\n"
        "    'From elsewhere.'\n"
    )
    info = tmp_path / "plugin_matcher-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin-matcher\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[geomvision.methods]\nstereo.plugin = plugin_matcher:Plugin\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    empty = tmp_path / "empty"
    empty.mkdir()
    registry = Registry("stereo", empty)
    assert list(registry) == ["plugin"]
    assert registry["plugin"].__name__ == "Plugin"
    assert list(Registry("flow", empty)) == []
