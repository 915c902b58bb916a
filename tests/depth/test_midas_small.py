"""MiDaS small by folders of code: small repositories with the authors' interface stand for theirs.

What they ask torch.hub for was written down from isl-org/MiDaS (`hubconf.py`, `midas/blocks.py`), how the image is
sized from its `midas/transforms.py`.
"""

import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import geomvision as gv
from geomvision.depth import midas_small
from geomvision.licences import commercial_only
from geomvision.method import BackendError
from geomvision.weights import WeightsError

torch = pytest.importorskip("torch")

sys.path.append(str(Path(__file__).parent))
from tiny_hub import image  # noqa: E402

MIDAS = """
dependencies = ["torch"]

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = torch.hub.load(
            "rwightman/gen-efficientnet-pytorch", "tf_efficientnet_lite3", pretrained=True, exportable=True
        )
        self.head = torch.nn.Conv2d(4, 1, 1)

    def forward(self, x):
        return torch.squeeze(self.head(torch.relu(self.encoder(x))), dim=1)


def MiDaS_small(pretrained=True, **kwargs):
    print("Loading weights: ", None)
    net = Net()
    if pretrained:
        net.load_state_dict(torch.hub.load_state_dict_from_url("https://github.com/isl-org/MiDaS/small.pt"))
    return net
"""
BACKBONE = """
dependencies = ["torch"]

import torch


def tf_efficientnet_lite3(pretrained=True, **kwargs):
    assert kwargs == {"exportable": True}
    if pretrained:
        torch.hub.load_state_dict_from_url("https://github.com/rwightman/tf_efficientnet_lite3.pth")
    return torch.nn.Conv2d(3, 4, 3, stride=2, padding=1)
"""


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """torch.hub's folder with both repositories and the checkpoint, and the net that these make."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    for name, code in (("isl-org_MiDaS_master", MIDAS), ("rwightman_gen-efficientnet-pytorch_master", BACKBONE)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "hubconf.py").write_text(code)
    torch.manual_seed(0)
    net = torch.nn.Module()
    net.encoder, net.head = torch.nn.Conv2d(3, 4, 3, stride=2, padding=1), torch.nn.Conv2d(4, 1, 1)
    (tmp_path / "checkpoints").mkdir()
    torch.save(net.state_dict(), tmp_path / "checkpoints" / "midas_v21_small_256.pt")
    midas_small._net.cache_clear()
    return tmp_path, net


def test_a_result_is_what_the_code_says_of_the_image_at_its_size(hub, capsys):
    _, net = hub
    picture = image(40, 60)
    seen = cv2.resize(picture / 255, (256, 160), interpolation=cv2.INTER_CUBIC)  # 170.7 rows, rounded to 32
    seen = (seen - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    with torch.no_grad():
        said = net.head(torch.relu(net.encoder(torch.from_numpy(seen).float().permute(2, 0, 1)[None])))
        expected = torch.nn.functional.interpolate(said, (40, 60), mode="bicubic", align_corners=False)[0, 0].numpy()
    load = torch.hub.load
    depth = gv.depth.MidasSmall()(picture)
    np.testing.assert_allclose(depth.values, expected, atol=1e-5)
    assert depth.kind == "disparity_affine"
    assert torch.hub.load is load
    assert capsys.readouterr().out == ""
    assert [stage.name for stage in gv.depth.MidasSmall().trace(picture)] == ["image", "estimate", "depth"]


def test_any_size_and_dtype_is_taken(hub):
    adapter = gv.depth.MidasSmall()
    for size in ((1, 1), (3, 200), (300, 2)):
        assert adapter(image(*size)).size == size
    picture = image(9, 7)
    np.testing.assert_allclose(adapter(picture.astype(np.uint16) * 257).values, adapter(picture).values, atol=1e-6)


@pytest.mark.parametrize(
    "said", [{}, {"XDG_CACHE_HOME": "/caches"}, {"TORCH_HOME": "~/torches", "XDG_CACHE_HOME": "/c"}]
)
def test_the_folder_of_torch_hub_is_known_without_torch(said, monkeypatch):
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    wanted = Path(torch.hub.get_dir())
    monkeypatch.delitem(sys.modules, "torch.hub")
    assert midas_small._hub_folder() == wanted


def test_what_is_not_here_is_named_and_nothing_is_fetched(hub, tmp_path):
    adapter = gv.depth.MidasSmall(repository=str(tmp_path / "absent"))
    with pytest.raises(BackendError, match=r"finds no repository and fetches nothing; give repository= folder of"):
        adapter(image())
    shutil.rmtree(tmp_path / "rwightman_gen-efficientnet-pytorch_master")
    shutil.rmtree(tmp_path / "checkpoints")
    with pytest.raises(BackendError, match=r"finds no weights, no backbone_repository and fetches nothing"):
        gv.depth.MidasSmall()(image())


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("rwightman/gen-efficientnet-pytorch", "facebookresearch/WSL-Images", "asks torch.hub for facebookresearch"),
        ("net = Net()", "net = Net(); torch.hub.download_url_to_file('https://a', 'b')", "would fetch https://a"),
        ("head = torch.nn.Conv2d(4, 1, 1)", "head = torch.nn.Conv2d(4, 2, 1)", "size mismatch for head.weight"),
    ],
)
def test_code_that_would_fetch_or_make_another_net_is_refused(hub, old, new, told):
    folder, _ = hub
    path = folder / "isl-org_MiDaS_master" / "hubconf.py"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(WeightsError, match=f"MiDaS gives no net from .*{told}"):
        gv.depth.MidasSmall()(image())


def test_what_the_code_needs_is_named(hub):
    folder, _ = hub
    path = folder / "isl-org_MiDaS_master" / "hubconf.py"
    path.write_text("print('Loading')\nimport timm_of_tomorrow\n" + path.read_text())
    with pytest.raises(ModuleNotFoundError, match="the code of MiDaS needs timm_of_tomorrow: pip install timm_of_tomo"):
        gv.depth.MidasSmall()(image())


def test_the_published_checkpoint_is_known_by_its_checksum(hub, monkeypatch):
    adapter = gv.depth.MidasSmall()
    (licence,) = adapter.licences()
    assert licence.spdx == ""
    with commercial_only(), pytest.raises(BackendError, match=r"midas_v21_small_256.pt' of unknown licence"):
        adapter(image())
    monkeypatch.setattr(midas_small, "_digest", lambda *_: midas_small.SHA256 + "…")
    with commercial_only():
        assert adapter.licences()[0].spdx == "MIT"
        assert adapter(image())
