import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from geomvision.catalogue import Catalogue


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalogue[object]:
    package = tmp_path / "shelf"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "_helper.py").write_text("class Helper: ...\n")
    (package / "broken.py").write_text("raise RuntimeError('listing imports nothing')\n")
    (package / "big_fish2.py").write_text("from ._helper import Helper\nclass BigFISH2: ...\nclass Other: ...\n")
    (package / "empty.py").write_text("from ._helper import Helper as Empty\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield Catalogue("shelf", package)
    for name in [name for name in sys.modules if name.partition(".")[0] == "shelf"]:
        del sys.modules[name]


def test_names_are_files_and_classes_are_named_after_them(catalogue: Catalogue[object]):
    assert list(catalogue) == ["big_fish2", "broken", "empty"]
    assert len(catalogue) == 3
    assert "_helper" not in catalogue
    assert catalogue["big_fish2"].__name__ == "BigFISH2"
    assert catalogue.by_class_name("BigFISH2") is catalogue["big_fish2"]
    assert repr(catalogue) == "Catalogue('shelf': big_fish2, broken, empty)"


def test_what_is_not_there_is_named_with_what_is(catalogue: Catalogue[object]):
    with pytest.raises(KeyError, match="no 'kind'; there are big_fish2, broken, empty"):
        catalogue["kind"]
    with pytest.raises(AttributeError, match="no 'BigFish2'"):
        catalogue.by_class_name("BigFish2")
    with pytest.raises(TypeError, match="no class named after its file"):
        catalogue["empty"]


@pytest.mark.parametrize(
    ("room", "file", "name"),
    [("pose", "essential", "Essential"), ("stereo", "sgm", "SGM"), ("metrics", "map_free", "MapFree")],
)
def test_errors_name_classes_and_import_none(room, file, name):
    code = (
        "import sys, geomvision as gv\n"
        f"for wanted in ({file!r}, 'Nothing'):\n"
        f"    try: getattr(gv.{room}, wanted)\n"
        "    except AttributeError as error: print(error)\n"
        f"print('geomvision.{room}.{file}' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    one, all_of_them, imported = done.stdout.splitlines()
    assert f"is the name of the class {name}, as in geomvision.{room}.{name}" in one
    assert f" {name}" in all_of_them
    assert f" {file}" not in all_of_them
    assert imported == "False"


def test_entry_points_add_data_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A package of somebody else's: its data set is listed without being imported, and found by both names."""
    (tmp_path / "their_sets.py").write_text(
        "from geomvision.datasets._base import Dataset\n"
        "from geomvision.samples import StereoSample\n"
        "class TheirSet(Dataset[StereoSample]):\n"
        "    def __init__(self, path): self.path = path\n"
        "    names = ['one']\n"
        "    def read(self, name): return StereoSample(name=name, left=None, right=None)\n"
        "value = 3\n"
    )
    info = tmp_path / "their_sets-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-sets\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[geomvision.datasets]\ntheir_set = their_sets:TheirSet\nkitti = their_sets:TheirSet\nodd = their_sets:value\n"
    )
    code = (
        "import sys, geomvision as gv\n"
        "from geomvision.datasets import DATASETS\n"
        "print('their_set' in DATASETS, 'their_set' in list(DATASETS), len(DATASETS) == len(list(DATASETS)))\n"
        "print('their_sets' in sys.modules, DATASETS.class_name('their_set'))\n"
        "print(gv.datasets.TheirSet('x')[0].name, DATASETS['their_set'].__module__)\n"
        "print(DATASETS['kitti'].__module__, 'their_set' in dir(gv.datasets))\n"
        "try: DATASETS['odd']\n"
        "except TypeError as error: print(error)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "True True True",
        "False TheirSet",
        "one their_sets",
        "geomvision.datasets.kitti True",
        "entry point odd gives 3, which is no class",
    ]
