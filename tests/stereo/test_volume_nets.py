"""PSMNet, GwcNet and AnyNet in use: any size, ranges, threads, stages, confidence, public checkpoints."""

import sys
from pathlib import Path

import numpy as np
import pytest

import geomvision as gv
from geomvision.method import BackendError
from geomvision.weights import WeightsError

torch = pytest.importorskip("torch")

sys.path.append(str(Path(__file__).parents[1] / "nets"))
import published_volume_nets as tables  # noqa: E402

from geomvision import weights  # noqa: E402
from geomvision.nets import anynet, gwcnet, psmnet, public_anynet, public_psmnet  # noqa: E402

NARROW = {"width": 2, "blocks": [1, 1, 1, 1]}
#: Nets that are saved here with a card, and their arguments.
CARDS = {
    "psmnet": (psmnet.PSMNet, NARROW),
    "gwcnet": (gwcnet.GwcNet, {"joined": 2, "groups": 4, **NARROW}),
    "anynet": (anynet.AnyNet, {"deep": 1, "channels": [3, 3, 3], "spread": 2}),
}
#: Whole nets, and the functions that know the names of their authors.
PUBLIC = {
    "psmnet": (psmnet.PSMNet, {}, public_psmnet.psmnet),
    "gwcnet": (gwcnet.GwcNet, {"joined": 0}, public_psmnet.gwcnet),
    "anynet": (anynet.AnyNet, {}, public_anynet.anynet),
}
every_net = pytest.mark.parametrize("name", CARDS)


def random(net, arguments):
    torch.manual_seed(0)
    made = net(**arguments).eval()
    for head in getattr(made, "heads", ()):
        head.leave.weight.data /= 10  # so that softmax is not all of one voxel
    return made


@pytest.fixture(scope="module")
def methods(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    empty = dict.fromkeys(("name", "network", "input_rule", "training_data", "licence", "sha256"), "")
    counts = {"parameters": 0, "seed": 0, "steps": 0, "commercial_use": True}
    found = {}
    for name, (net, arguments) in CARDS.items():
        card = weights.Card(**empty, **counts, task=f"stereo/{name}", kind="disparity_px", arguments=arguments)
        weights.save(folder / f"{name}.safetensors", random(net, arguments), card)
        path = str(folder / f"{name}.safetensors")
        found[name] = gv.stereo.METHODS[name](weights=path, max_disparity=24)
    return found


def views(height, width, dtype=np.uint8):
    pair = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    return tuple(view.astype(dtype) * dtype(257 if dtype == np.uint16 else 1) for view in pair)


@every_net
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (50, 1), (17, 33)])
def test_any_size_has_a_disparity_everywhere(methods, name, size):
    found = methods[name](*views(*size))
    assert found.px.shape == size
    assert (found.px >= 0).all()
    if name != "anynet":
        assert found.px.max() <= 31  # 24 disparities become 32
        assert found.confidence.shape == size
        assert ((found.confidence > 0) & (found.confidence <= 1)).all()


@every_net
def test_the_range_may_be_any(methods, name):
    """The first disparity only moves the right view; more disparities than columns are not compared."""
    method, (left, right) = methods[name], views(16, 48)
    found = method.with_options(min_disparity=-5, max_disparity=27)(left, right).px + 5
    moved = np.concatenate([right[:, 5:], right[:, -1:].repeat(5, axis=1)], axis=1)
    expected = method.with_options(max_disparity=32)(left, moved).px
    np.testing.assert_allclose(np.maximum(found, 0), expected, atol=1e-5)
    wide = [method.with_options(max_disparity=n)(left, right).px for n in (48, 5000)]
    np.testing.assert_array_equal(*wide)


@every_net
def test_threads_dtypes_and_grey_change_nothing(methods, name):
    method, pair = methods[name], views(240, 280)
    expected, found = (method.with_options(num_threads=threads)(*pair) for threads in (1, 2))
    assert np.ptp(expected.px) > 0
    np.testing.assert_array_equal(found.px, expected.px)
    if name != "anynet":
        np.testing.assert_array_equal(found.confidence, expected.confidence)
    small = views(20, 36)
    np.testing.assert_allclose(method(*views(20, 36, np.uint16)).px, method(*small).px, atol=1e-3)
    grey = [view[..., 0] for view in small]
    np.testing.assert_array_equal(method(*grey).px, method(*(np.dstack([view] * 3) for view in grey)).px)


@pytest.mark.parametrize(("name", "count"), [("psmnet", 3), ("gwcnet", 4), ("anynet", 4)])
def test_the_stages_lead_to_the_result(methods, name, count):
    pair = views(40, 56)
    trace = methods[name].trace(*pair)
    assert [stage.name for stage in trace] == ["left", *(f"estimate {k + 1}" for k in range(count)), "disparity"]
    assert all(stage.doc for stage in trace)
    found = methods[name](*pair)
    np.testing.assert_array_equal(trace.result.px, found.px)
    np.testing.assert_array_equal(trace["disparity"].array, found.px)
    if name == "anynet":
        assert [trace[f"estimate {k}"].array.shape for k in (1, 2, 3, 4)] == [(3, 4), (6, 8), (12, 16), (12, 16)]
    else:
        np.testing.assert_array_equal(trace.result.confidence, found.confidence)


def test_anynet_may_end_after_any_stage(methods):
    """Estimates before do not depend on where it ends, and the first is the result's, sixteen times enlarged."""
    pair = views(48, 64)
    whole = methods["anynet"].trace(*pair)
    for stages in (1, 2, 3):
        trace = methods["anynet"].with_options(stages=stages).trace(*pair)
        assert len(trace) == stages + 2
        for k in range(1, stages + 1):
            np.testing.assert_array_equal(trace[f"estimate {k}"].array, whole[f"estimate {k}"].array)
    first = methods["anynet"].with_options(stages=1).trace(*pair)
    coarse = 16 * torch.from_numpy(first["estimate 1"].array)[None, None]
    full = torch.nn.functional.interpolate(coarse, size=(48, 64), mode="bilinear", align_corners=False)
    np.testing.assert_allclose(first.result.px, full[0, 0], atol=1e-4)


@every_net
@pytest.mark.filterwarnings("ignore:You are using")
def test_a_public_checkpoint_is_used_by_its_method(name, tmp_path):
    """Random weights under their authors' names; the disparity is the net's."""
    kind, arguments, forms = PUBLIC[name]
    net = random(kind, arguments)
    layout = next(form.layout for form in forms({}) if form.arguments == arguments)
    state = {f"module.{layout(ours)[0]}": tensor for ours, tensor in net.state_dict().items()}
    torch.save({"epoch": 1, "state_dict": state}, tmp_path / "a.tar")
    pair = views(20, 28)
    method = gv.stereo.METHODS[name](weights=str(tmp_path / "a.tar"), max_disparity=16)
    with torch.inference_mode():
        given = [torch.from_numpy(np.moveaxis(np.float32(view), 2, 0)[None].copy()) for view in pair]
        expected = net(*given, 16).disparity[0, 0]
    np.testing.assert_allclose(method(*pair).px, expected.clamp(min=0), atol=1e-4)
    torch.save({"state_dict": {**state, "module.more": torch.zeros(1)}}, tmp_path / "b.tar")
    with pytest.raises(WeightsError, match=r"b\.tar: no checkpoint of .*: it lacks nothing, and has more"):
        method.with_options(weights=str(tmp_path / "b.tar"))(*pair)


@pytest.mark.parametrize("corners", [True, False])
def test_psmnet_raises_maps_as_torch_did_or_does(corners, tmp_path):
    """The authors' checkpoint of 2021 learnt without corners that fall together (issue 224)."""
    net = random(*PUBLIC["psmnet"][:2])
    layout = PUBLIC["psmnet"][2]({})[0].layout
    state = {layout(ours)[0]: tensor for ours, tensor in net.state_dict().items()}
    torch.save({"state_dict": state}, tmp_path / "a.tar")
    pair = views(260, 264)
    given = [torch.from_numpy(np.moveaxis(np.float32(view), 2, 0)[None].copy()) for view in pair]
    with torch.inference_mode():
        expected = tables.psmnet_of(state, *given, 16, corners)[0]
    method = gv.stereo.PSMNet(weights=str(tmp_path / "a.tar"), max_disparity=16)
    found = method.with_options(corners=corners)(*pair)
    np.testing.assert_allclose(found.px, expected[0].clamp(min=0), atol=2e-3)
    assert method.corners
    assert np.abs(method.with_options(corners=not corners)(*pair).px - found.px).max() > 0.05


@every_net
def test_without_weights_a_method_says_where_they_come_from(name):
    origin = {"psmnet": "JiaRenChang/PSMNet", "gwcnet": "xy-guo/GwcNet", "anynet": "mileyan/AnyNet"}[name]
    with pytest.raises(BackendError, match=rf"has no weights '{name}': neither shipped .*{origin}"):
        gv.stereo.METHODS[name]()(*views(4, 5))
