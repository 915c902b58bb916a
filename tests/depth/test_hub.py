"""Depth by transformers' nets, a few channels wide, in folders as their package writes them; nothing is fetched."""

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import geomvision as gv
from geomvision import method
from geomvision.images import ImageError
from geomvision.licences import commercial_only
from geomvision.method import BackendError
from geomvision.weights import WeightsError

torch = pytest.importorskip("torch")

sys.path.append(str(Path(__file__).parent))
import tiny_hub  # noqa: E402
from tiny_hub import by_transformers, image  # noqa: E402

#: Kind of each folder, and the method with the options that it takes.
NETS = {
    "dpt": ("disparity_affine", gv.depth.DPT(predicts="disparity_affine")),
    "relative": ("disparity_affine", gv.depth.DepthAnything()),
    "metric": ("metric", gv.depth.DepthAnything()),
    "zoedepth": ("metric", gv.depth.ZoeDepth()),
    "depth_pro": ("metric", gv.depth.DepthPro()),
}
SMALL = "depth-anything/Depth-Anything-V2-Small-hf"


@pytest.fixture(scope="module")
def nets(tmp_path_factory):
    pytest.importorskip("transformers")
    root = tmp_path_factory.mktemp("nets")
    tiny_hub.dpt(root / "dpt")
    tiny_hub.depth_anything(root / "relative")
    tiny_hub.depth_anything(root / "metric", "metric")
    tiny_hub.zoedepth(root / "zoedepth")
    tiny_hub.depth_pro(root / "depth_pro")
    return root


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def connect(*arguments):
        raise AssertionError(f"the network was asked: {arguments[1:]}")

    monkeypatch.setattr(socket.socket, "connect", connect)


def made(nets, name, **options):
    return NETS[name][1].with_options(weights=str(nets / name), **options)


def values(depth):
    return depth.m if isinstance(depth, gv.Depth) else depth.values


@pytest.mark.parametrize("name", NETS)
def test_a_result_is_what_transformers_says(nets, name):
    picture = image()
    expected = by_transformers(nets / name, picture)
    assert expected.std() > 1e-3 * np.abs(expected).mean()
    depth = made(nets, name)(picture)
    np.testing.assert_allclose(values(depth), expected, rtol=1e-5)
    kind = NETS[name][0]
    assert made(nets, name).kind == kind
    assert isinstance(depth, gv.Depth) if kind == "metric" else depth.kind == kind
    assert depth.run.method == f"depth/{made(nets, name).name()}"
    trace = made(nets, name).trace(picture)
    assert [stage.name for stage in trace] == ["image", "estimate", "depth"]
    assert trace["depth"].unit == ("m" if kind == "metric" else "")
    np.testing.assert_array_equal(values(trace.result), values(depth))


@pytest.mark.parametrize("name", NETS)
def test_any_size_and_dtype_is_taken(nets, name):
    adapter = made(nets, name)
    for size in ((1, 1), (3, 200), (200, 3)):
        depth = adapter(image(*size))
        assert depth.size == size
        assert depth.valid.all()
    picture = image(9, 7)
    np.testing.assert_array_equal(values(adapter(picture.astype(np.uint16) * 257)), values(adapter(picture)))
    grey = picture[..., 0].astype(np.float64)
    stretched = np.rint((grey - grey.min()) * (255 / np.ptp(grey))).astype(np.uint8)
    np.testing.assert_array_equal(values(adapter(grey)), values(adapter(np.dstack([stretched] * 3))))


def test_an_adapter_is_asked_by_others_and_its_licence_counts(nets):
    averaged = gv.depth.Averaged.of(made(nets, "relative"))
    assert averaged(image()).kind == "disparity_affine"
    with commercial_only(), pytest.raises(BackendError, match="of unknown licence"):
        averaged(image())


def test_zeros_that_the_processor_adds_are_cut_off(tmp_path):
    pytest.importorskip("transformers")
    folder = tiny_hub.depth_anything(tmp_path / "net", do_resize=False, do_pad=True, size_divisor=14)
    from transformers import DepthAnythingForDepthEstimation

    picture = image(20, 30)
    padded = np.zeros((3, 28, 42), np.float32)
    padded[:, 4:24, 6:36] = np.moveaxis((picture / 255 - 0.5) / 0.5, 2, 0)
    with torch.no_grad():
        said = DepthAnythingForDepthEstimation.from_pretrained(folder)(torch.from_numpy(padded)[None])
    expected = said.predicted_depth[0, 4:24, 6:36].numpy()
    np.testing.assert_allclose(gv.depth.DepthAnything(weights=str(folder))(picture).values, expected, rtol=1e-5)


def test_depth_pro_takes_the_focal_length_of_the_camera_or_tells_its_own(nets, tmp_path):
    adapter, picture = made(nets, "depth_pro"), image()
    depth = adapter(picture)
    assert depth.focal_px == pytest.approx(0.5 * 60 / np.tan(np.deg2rad(30)), rel=0.05)
    camera = gv.Camera(width=60, height=40, fx=3 * depth.focal_px, fy=9.0, cx=30, cy=20)
    nearer = adapter(picture, camera)
    np.testing.assert_allclose(nearer.m, 3 * depth.m, rtol=1e-5)
    assert nearer.focal_px == camera.fx
    with pytest.raises(ImageError, match="the image is 59x40 but the camera is 60x40"):
        adapter(picture[:, 1:], camera)
    with pytest.raises(TypeError, match=r"it must be a geomvision\.Camera"):
        adapter(picture, 500.0)
    blind = gv.depth.DepthPro(weights=str(tiny_hub.depth_pro(tmp_path / "blind", fov=False)))
    assert blind(picture, camera).focal_px == camera.fx
    with pytest.raises(WeightsError, match="estimates no focal length: give the camera"):
        blind(picture)


def test_a_dpt_whose_kind_nobody_told_is_refused(nets):
    adapter = gv.depth.DPT(weights=str(nets / "dpt"))
    with pytest.raises(BackendError, match=r"cannot tell .* inverse depth or metres; give known_as= .* or predicts="):
        adapter(image())
    depth = adapter.with_options(known_as="facebook/dpt-dinov2-small-nyu")(image())
    assert isinstance(depth, gv.Depth)
    assert adapter.with_options(predicts="depth_affine")(image()).kind == "depth_affine"


def test_parameters_that_no_net_uses_may_lack_and_no_others(nets, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "net"
    shutil.copytree(nets / "relative", folder)
    state = load_file(folder / "model.safetensors")
    used = {name: each for name, each in state.items() if "layers.0.residual_layer1" not in name}
    assert len(used) < len(state)
    save_file(used, folder / "model.safetensors", metadata={"format": "pt"})
    adapter = gv.depth.DepthAnything(weights=str(folder))
    np.testing.assert_array_equal(adapter(image()).values, made(nets, "relative")(image()).values)
    del used["head.conv1.weight"]
    save_file(used, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(WeightsError, match=r"lacks parameters of DepthAnything\w+, .*: head.conv1.weight"):
        adapter(image())
    (folder / "model.safetensors").write_bytes(b"cut")
    with pytest.raises(WeightsError, match="transformers gives no DepthAnythingForDepthEstimation from"):
        adapter(image())


def test_a_folder_of_something_else_is_told(nets, tmp_path):
    def told(adapter, match, error=WeightsError):
        with pytest.raises(error, match=match):
            adapter(image())

    told(gv.depth.DepthAnything(weights=str(nets / "zoedepth")), "holds 'zoedepth' .* must be 'depth_anything'")
    told(gv.depth.ZoeDepth(weights=str(tmp_path / "absent")), "finds no folder .*absent'; give weights=", BackendError)
    told(gv.depth.ZoeDepth(weights=str(tmp_path)), r"config\.json is missing: a folder of weights has it")
    for content, match in (("{", "is no JSON"), ("[]", "holds a list; it must be a JSON object")):
        (tmp_path / "config.json").write_text(content)
        told(gv.depth.ZoeDepth(weights=str(tmp_path)), match)
    shutil.copytree(nets / "dpt", tmp_path / "net")
    (tmp_path / "net" / "preprocessor_config.json").unlink()
    adapter = gv.depth.DPT(weights=str(tmp_path / "net"), predicts="metric")
    told(adapter, r"preprocessor_config\.json is missing")
    config = json.loads((tmp_path / "net" / "config.json").read_text())
    (tmp_path / "net" / "config.json").write_text(json.dumps(config | {"architectures": ["DPTForSegmentation"]}))
    told(adapter, "holds 'DPTForSegmentation' .* must be 'DPTForDepthEstimation'")


@pytest.fixture
def cache(nets, tmp_path, monkeypatch):
    """The cache of the Hub, empty; its call puts a published checkpoint there, of the relative net."""
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    calls = []

    def put(name=SMALL):
        folder = tmp_path / "hub" / f"models--{name.replace('/', '--')}"
        shutil.copytree(nets / "relative", folder / "snapshots" / "abc")
        (folder / "refs").mkdir()
        (folder / "refs" / "main").write_text("abc")
        return folder / "snapshots" / "abc"

    def snapshot(name, *, allow_patterns, dry_run=False):
        calls.append((name, allow_patterns, dry_run))
        if name == "who/knows":
            raise OSError("Repository Not Found")
        file = "pytorch_model.bin" if name.startswith("pickled/") else "model.safetensors"
        sizes = {"config.json": 2_000, file: 99_000_000}
        if name.startswith("no/") or (file not in allow_patterns and file == "pytorch_model.bin"):
            del sizes[file]
        files = [SimpleNamespace(filename=n, file_size=s, will_download=True) for n, s in sizes.items()]
        return files if dry_run else str(put(name))

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    return SimpleNamespace(put=put, calls=calls)


def test_a_published_checkpoint_is_found_in_the_cache(nets, cache):
    adapter = gv.depth.DepthAnything()
    with pytest.raises(BackendError, match=rf"finds no '{SMALL}': .*; give weights= .*, or download=True"):
        adapter(image())
    assert adapter.kind == "disparity_affine"
    assert adapter.with_options(weights="depth-anything/Depth-Anything-V2-Metric-Indoor-Small-hf").kind == "metric"
    folder = cache.put()
    np.testing.assert_array_equal(adapter(image()).values, made(nets, "relative")(image()).values)
    with commercial_only():
        assert adapter.with_options(weights=str(folder))(image())  # its parts tell the name
    assert cache.calls == []


def test_nothing_is_fetched_unless_asked_and_its_size_is_told(nets, cache, capsys):
    adapter = gv.depth.DepthAnything(download=True)
    assert adapter(image()).kind == "disparity_affine"
    assert f"fetching {SMALL}: 99 MB" in capsys.readouterr().err
    files = ["config.json", "preprocessor_config.json", "*.safetensors", "*.safetensors.index.json"]
    assert cache.calls == [(SMALL, files, True), (SMALL, files, False)]
    adapter(image())
    assert len(cache.calls) == 2  # it is there
    assert adapter.with_options(weights="pickled/net")(image())
    assert [call[1] == [*files, "pytorch_model.bin"] for call in cache.calls[2:]] == [False, True, True]
    with pytest.raises(WeightsError, match=r"no no/weights: it has neither \.safetensors nor pytorch_model\.bin"):
        adapter.with_options(weights="no/weights")(image())
    with pytest.raises(WeightsError, match="huggingface_hub gives no who/knows: Repository Not Found"):
        adapter.with_options(weights="who/knows")(image())
    with pytest.raises(WeightsError, match="DepthAnything finds no 'who/knows'"):
        assert adapter.with_options(weights="who/knows", download=False).kind


def test_weights_declare_their_licence(nets):
    assert [licence.spdx for licence in gv.depth.DepthPro().licences()] == ["LicenseRef-Apple-AMLR"]
    unknown, known = made(nets, "relative"), made(nets, "relative", known_as=SMALL)
    barred = {
        gv.depth.DepthPro(download=True): "under LicenseRef-Apple-AMLR: no commercial use",
        gv.depth.DepthAnything(weights="depth-anything/Depth-Anything-V2-Large-hf"): r"under CC-BY-NC-4\.0",
        unknown: "relative' of unknown licence: no commercial use",
    }
    with commercial_only():
        for adapter, told in barred.items():
            with pytest.raises(BackendError, match=told):
                adapter(image())
        np.testing.assert_array_equal(known(image()).values, values(made(nets, "relative", known_as=SMALL)(image())))


def test_the_page_lists_every_published_checkpoint_and_no_unknown_licence_allows_anything():
    page = (Path(__file__).parents[2] / "docs" / "published_depth.md").read_text()
    rows = page.splitlines()
    for adapter in (gv.depth.DPT, gv.depth.DepthAnything, gv.depth.ZoeDepth, gv.depth.DepthPro, gv.depth.Marigold):
        assert adapter().weights in adapter.checkpoints
        for name, known in adapter.checkpoints.items():
            use = "yes" if known.commercial_use else "no"
            assert f"| `{adapter.name()}` | {name} | {known.kind} | {known.licence or 'unknown'} | {use} |" in rows
            assert known.licence or not known.commercial_use


@pytest.mark.parametrize("name", ["dpt", "depth_anything", "zoedepth", "depth_pro", "marigold"])
def test_a_package_that_is_missing_is_named(monkeypatch, name):
    package = "diffusers" if name == "marigold" else "transformers"
    monkeypatch.setattr(method, "importable", lambda module: module != package)
    with pytest.raises(BackendError, match=rf"{package} needs {package}: pip install 'geomvision\[hub\]'"):
        gv.depth.METHODS[name]()(image())


def test_making_an_adapter_imports_no_package():
    code = (
        "import sys, geomvision as gv\n"
        "made = [gv.depth.METHODS[n]() for n in ('dpt', 'zoedepth', 'depth_pro', 'marigold', 'midas_small')]\n"
        "heavy = ('torch', 'cv2', 'rich', 'transformers', 'diffusers', 'huggingface_hub')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
