"""Flow by other packages' nets. The packages are not here: small modules with their interface stand for them.

What these say and do was written down from torchvision 0.28 (`models/optical_flow/raft.py`) and ptlflow 0.4.2
(`__init__.py`, `models/base_model/base_model.py`).
"""

import enum
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

import geomvision as gv
from geomvision import method
from geomvision.flow import ptlflow as ptlflow_method
from geomvision.flow import torchvision_raft
from geomvision.images import ImageError
from geomvision.method import BackendError
from geomvision.weights import WeightsError

torch = pytest.importorskip("torch")

URL = "https://download.pytorch.org/models/raft_small_C_T_V2-01064c6d.pth"


def module(name, **contents):
    made = ModuleType(name)
    made.__spec__ = ModuleSpec(name, None)
    vars(made).update(contents)
    return made


class Sees(torch.nn.Module):
    """Flow that shows what the net saw: x from the red of image 0, y from the blue of image 1."""

    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.ones(1))
        self.train()

    def shown(self, image0, image1):
        assert not self.training
        return self.gain * torch.cat([image0[:, :1], image1[:, 2:]], dim=1)


class TorchvisionNet(Sees):
    def forward(self, image1, image2, num_flow_updates=12):
        height, width = image1.shape[-2:]
        if not (height % 8 == 0) and (width % 8 == 0):
            raise ValueError(f"input image H and W should be divisible by 8, insted got {height} (h) and {width} (w)")
        assert min(height, width) >= 128  # of the smallest level of its pyramid one pixel would be left
        return [self.shown(image1, image2) * (k + 1) / num_flow_updates for k in range(num_flow_updates)]


class Small(enum.Enum):
    C_T_V1 = URL.replace("V2", "V1")
    C_T_V2 = URL
    DEFAULT = C_T_V2


class Large(enum.Enum):
    C_T_SKHT_V2 = "https://download.pytorch.org/models/raft_large_C_T_SKHT_V2-ff5fadd5.pth"
    DEFAULT = C_T_SKHT_V2


@pytest.fixture
def torchvision(monkeypatch):
    asked = []

    def make(known):
        def raft(*, weights=None, progress=True):
            assert weights is None or weights in known
            asked.append((weights, progress))
            if weights is Small.C_T_V1:
                raise OSError("<urlopen error [Errno -2] Name or service not known>")
            return TorchvisionNet()

        return raft

    flows = module(
        "torchvision.models.optical_flow",
        raft_large=make(Large),
        raft_small=make(Small),
        Raft_Large_Weights=Large,
        Raft_Small_Weights=Small,
    )
    models = module("torchvision.models", optical_flow=flows)
    yield from injected(monkeypatch, torchvision_raft, module("torchvision", models=models), models, flows, asked=asked)


@pytest.fixture
def ptlflow(monkeypatch):
    class Model(Sees):
        output_stride = 8
        several = False

        def forward(self, inputs):
            images = inputs["images"]
            assert images.shape[:3] == (1, 2, 3)
            assert images.dtype == torch.float32
            rgb = torch.flip(images, [-3])
            flow = self.shown(rgb[:, 0], rgb[:, 1])[:, None]
            return {"flows": flow[..., :-1] if self.several else flow, "flow_small": flow[..., ::8, ::8]}

    class Odd(Model):
        several = True

    class Clip(Sees):
        """As videoflow_bof and _mof: the flow of the frame in the middle to the next; it tells what it saw."""

        saw: ClassVar = []

        def forward(self, inputs):
            images = torch.flip(inputs["images"], [-3])
            if images.shape[1] < 3:
                raise AssertionError("clip requires inputs of 3 frames.")
            self.saw.append([round(255 * float(image.mean())) for image in images[0]])
            middle = images.shape[1] // 2
            return {"flows": self.shown(images[:, middle], images[:, middle + 1])[:, None]}

    asked = []

    def model_of(model_name, ckpt_path=None, args=None):
        asked.append((model_name, ckpt_path))
        models = {"raft": Model, "odd": Odd, "clip": Clip}
        if model_name not in models:
            raise ValueError(f"Unknown model name: {model_name}. Choose from [{', '.join(models)}]")
        if ckpt_path not in ("things", "sintel"):
            raise ValueError(f"Invalid checkpoint name {ckpt_path}. Choose one from {{things,sintel}}")
        return models[model_name]()

    found = module("ptlflow", get_model=model_of)
    yield from injected(monkeypatch, ptlflow_method, found, asked=asked, saw=Clip.saw)


def injected(monkeypatch, adapter, *modules, **told):
    for each in modules:
        monkeypatch.setitem(sys.modules, each.__name__, each)
    for cache in (method.importable, adapter._net):
        cache.cache_clear()
    yield SimpleNamespace(**told)
    for cache in (method.importable, adapter._net):
        cache.cache_clear()


def frames(height=37, width=150):
    rng = np.random.default_rng(0)
    return tuple(rng.integers(0, 256, (2, height, width, 3), dtype=np.uint8))


def test_torchvision_is_given_images_of_minus_one_to_one_and_its_last_estimate_is_the_flow(torchvision):
    adapter = gv.flow.TorchvisionRAFT(model="raft_small", weights="C_T_V2", iterations=3)
    frame0, frame1 = frames()
    flow = adapter(frame0, frame1)
    expected = np.stack([frame0[..., 0], frame1[..., 2]], axis=-1) / 127.5 - 1
    np.testing.assert_allclose(flow.px, expected, atol=1e-5)
    assert torchvision.asked == [(Small.C_T_V2, False)]
    assert flow.run.method == "flow/torchvision_raft"
    trace = adapter.trace(frame0, frame1)
    assert [stage.name for stage in trace] == ["frame 0", "estimate 1", "estimate 2", "estimate 3", "flow"]
    np.testing.assert_allclose(trace["estimate 1"].array, expected / 3, atol=1e-5)
    assert torchvision.asked == [(Small.C_T_V2, False)]  # the net is kept


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (129, 131)])
def test_any_size_and_dtype_is_taken(torchvision, ptlflow, size):
    for adapter in (gv.flow.TorchvisionRAFT(weights="DEFAULT"), gv.flow.PTLFlow(weights="things")):
        flow = adapter(*frames(*size))
        assert flow.px.shape == (*size, 2)
        wide = adapter(*(frame.astype(np.uint16) * 257 for frame in frames(*size)))
        np.testing.assert_allclose(wide.px, flow.px, atol=1e-5)


def test_torchvision_weights_are_named_or_read_from_a_file(torchvision, tmp_path):
    net = TorchvisionNet()
    net.gain.data.fill_(2.0)
    torch.save(net.state_dict(), tmp_path / "raft.pth")
    frame0, frame1 = frames()
    flow = gv.flow.TorchvisionRAFT(weights=str(tmp_path / "raft.pth"))(frame0, frame1)
    np.testing.assert_allclose(flow.px[..., 0], 2 * (frame0[..., 0] / 127.5 - 1), atol=1e-5)
    torch.save({"other": torch.zeros(1)}, tmp_path / "other.pth")
    for weights, told in {
        str(tmp_path / "other.pth"): r"Missing key\(s\) in state_dict",
        "C_T_V3": "it is no file, and torchvision knows C_T_SKHT_V2, DEFAULT",
    }.items():
        with pytest.raises(WeightsError, match=f"torchvision gives no raft_large with weights .*{told}"):
            gv.flow.TorchvisionRAFT(weights=weights)(frame0, frame1)
    with pytest.raises(WeightsError, match="Name or service not known"):
        gv.flow.TorchvisionRAFT(model="raft_small", weights="C_T_V1")(frame0, frame1)


def test_ptlflow_is_given_blue_green_red_of_zero_to_one(ptlflow):
    frame0, frame1 = frames()
    flow = gv.flow.PTLFlow(model="raft", weights="sintel")(frame0, frame1)
    np.testing.assert_allclose(flow.px, np.stack([frame0[..., 0], frame1[..., 2]], axis=-1) / 255, atol=1e-6)
    assert ptlflow.asked == [("raft", "sintel")]
    with pytest.raises(
        WeightsError, match=r"no model 'wrong' with weights 'things': Unknown model name: wrong. Choose"
    ):
        gv.flow.PTLFlow(model="wrong", weights="things")(frame0, frame1)
    with pytest.raises(WeightsError, match="Invalid checkpoint name kitti"):
        gv.flow.PTLFlow(weights="kitti")(frame0, frame1)
    with pytest.raises(BackendError, match=r"flows of shape \(1, 1, 2, 128, 149\); it should be \(1, 1, 2, 128, 150\)"):
        gv.flow.PTLFlow(model="odd", weights="things")(frame0, frame1)


@pytest.mark.parametrize(
    ("count", "windows"),
    [
        (3, ["001", "012", "123", "234", "345"]),
        (5, ["001", "00123", "01234", "12345", "23455"]),
        (7, ["001", "00123", "0012345", "0123455", "23455"]),
    ],
)
def test_models_of_clips_of_ptlflow_see_as_many_frames_before_as_after(ptlflow, count, windows):
    """At both ends of the clip fewer, one of them twice; the flow is that of the middle one to the next."""
    clip = [np.full((40, 60, 3), 10 * k, np.uint8) for k in range(6)]
    method = gv.flow.PTLFlow(model="clip", weights="things", frames=count)
    flows = list(method.along(iter(clip)))
    assert ["".join(str(mean // 10) for mean in seen) for seen in ptlflow.saw] == windows
    for k, flow in enumerate(flows):
        np.testing.assert_allclose(flow.px, np.full((40, 60, 2), [10 * k / 255, 10 * (k + 1) / 255]), atol=1e-6)
    ptlflow.saw.clear()
    pair = method(*clip[:2])
    np.testing.assert_array_equal(pair.px, flows[0].px)
    trace = method.trace(*clip[1:3])
    assert ptlflow.saw == [[0, 0, 10], [10, 10, 20]]
    assert (trace["frame 0"].array == 10).all()
    assert list(method.along(clip[:1])) == list(method.along([])) == []
    with pytest.raises(ImageError, match="a frame and the next differ in size"):
        list(method.along([clip[0], clip[1][:30]]))


def test_a_model_of_clips_that_is_shown_a_pair_says_what_it_takes(ptlflow):
    method = gv.flow.PTLFlow(model="clip", weights="things")
    with pytest.raises(
        BackendError, match=r"clip does not take 2 frames \(clip requires inputs of 3 frames\.\); frames="
    ):
        method(*frames())


def test_nothing_is_fetched_that_nobody_named(torchvision, ptlflow):
    for adapter in (gv.flow.TorchvisionRAFT(), gv.flow.PTLFlow()):
        with pytest.raises(BackendError, match=r"has no weights: give weights= a name that \w+ knows and fetches once"):
            adapter(*frames())
    assert torchvision.asked == ptlflow.asked == []


@pytest.mark.parametrize(("name", "package"), [("torchvision_raft", "torchvision"), ("ptlflow", "ptlflow")])
def test_a_package_that_is_missing_is_named(monkeypatch, name, package):
    monkeypatch.setattr(method, "importable", lambda module: module != package)
    with pytest.raises(BackendError, match=rf"{package} needs {package}: pip install 'geomvision\[{package}\]'"):
        gv.flow.METHODS[name](weights="things")(*frames())
