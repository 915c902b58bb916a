"""Flow nets in use: public checkpoints, any size, threads, stages, clips."""

import sys
from pathlib import Path

import numpy as np
import pytest

import geomvision as gv
from geomvision.method import BackendError
from geomvision.weights import WeightsError

torch = pytest.importorskip("torch")

sys.path.append(str(Path(__file__).parent))
import public_layouts  # noqa: E402

from geomvision import weights  # noqa: E402
from geomvision.flow._recurrent import carried  # noqa: E402
from geomvision.learned import loaded  # noqa: E402
from geomvision.nets.flownet import FlowNetC, FlowNetS  # noqa: E402
from geomvision.nets.pwc_net import PWCNet  # noqa: E402
from geomvision.nets.pwc_small import PWCSmall  # noqa: E402
from geomvision.nets.spynet import SPyNet  # noqa: E402

#: Names of the layouts that each method takes.
LAYOUTS = {"raft": ["raft"], "raft_s": ["raft_small"]}
#: The fewest options, for speed.
QUICK = {"raft": {"iterations": 2}, "raft_s": {"iterations": 2}}
#: Nets whose weights are saved here with a card, and their arguments.
CARDS = {
    "pwc_small": (PWCSmall, {}),
    "flownet_s": (FlowNetS, {"width": 4, "mean": "pair"}),
    "flownet_c": (FlowNetC, {"width": 4, "batch_norm": True}),
    "pwc_net": (PWCNet, {"pyramid": [4] * 6, "dense": [4] * 5, "around": [4] * 6}),
    "spynet": (SPyNet, {"widths": [4] * 4}),
}


def written(path, name, prefix="module."):
    """A checkpoint of the method `name` at random."""
    state = public_layouts.checkpoint(getattr(public_layouts, LAYOUTS[name][0])(), prefix)
    torch.save(state, path)
    return str(path)


@pytest.fixture(scope="module")
def methods(tmp_path_factory):
    """Every learned flow method with random weights."""
    folder = tmp_path_factory.mktemp("weights")
    found = {
        name: gv.flow.METHODS[name](weights=written(folder / f"{name}.pth", name), **QUICK.get(name, {}))
        for name in LAYOUTS
    }
    torch.manual_seed(0)
    empty = dict.fromkeys(("name", "network", "input_rule", "training_data", "licence", "sha256"), "")
    counts = {"parameters": 0, "seed": 0, "steps": 0, "commercial_use": True}
    for name, (net, arguments) in CARDS.items():
        card = weights.Card(**empty, **counts, task=f"flow/{name}", kind="flow_px", arguments=arguments)
        weights.save(folder / f"{name}.safetensors", net(**arguments), card)
        found[name] = gv.flow.METHODS[name](weights=str(folder / f"{name}.safetensors"))
    return found


#: Those whose images are padded; all.
PADDED = [*LAYOUTS, "pwc_small"]
NAMES = [*LAYOUTS, *CARDS]


def frames(height=40, width=56, seed=0, dtype=np.uint8):
    rng = np.random.default_rng(seed)
    pair = rng.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    return tuple((frame * (257 if dtype == np.uint16 else 1)).astype(dtype) for frame in pair)


@pytest.mark.parametrize(("name", "layout"), [(name, layout) for name, all_ in LAYOUTS.items() for layout in all_])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_public_checkpoints_fill_every_tensor(name, layout, prefix, tmp_path):
    """Each of their tensors arrives once: the sums of all agree, and any one that lacks or is too many is refused."""
    method = gv.flow.METHODS[name]
    shapes = getattr(public_layouts, layout)()
    state = public_layouts.checkpoint(shapes, prefix)
    path = tmp_path / "a.pth"
    torch.save(state, path)
    net = loaded(method.net, *weights.version(path))
    theirs = sorted(float(state[prefix + n].double().sum()) for n, (_, same) in shapes.items() if same is None)
    ours = sorted(float(tensor.double().sum()) for tensor in net.state_dict().values())
    np.testing.assert_allclose(ours, theirs)
    some = next(iter(state))
    for wrong in ({**state, "more": torch.zeros(1)}, {n: t for n, t in state.items() if n != some}):
        torch.save(wrong, tmp_path / "b.pth")
        with pytest.raises(WeightsError, match=r"it lacks .*, and has "):
            loaded(method.net, *weights.version(tmp_path / "b.pth"))
    torch.save({**state, some: torch.zeros(3, 1)}, tmp_path / "c.pth")
    with pytest.raises(WeightsError, match="size mismatch"):
        loaded(method.net, *weights.version(tmp_path / "c.pth"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (1, 50), (7, 3), (33, 2), (63, 65), (65, 71)])
def test_any_size_has_a_flow_of_finite_pixels(methods, name, size):
    flow = methods[name](*frames(*size))
    assert flow.px.shape == (*size, 2)
    assert np.isfinite(flow.px).all()


@pytest.mark.parametrize("name", PADDED)
def test_a_size_that_does_not_fit_is_the_one_that_does_with_its_border_repeated(methods, name):
    pair = frames(61, 90)
    around = ((1, 2), (3, 3), (0, 0))
    padded = [np.pad(frame, around, mode="edge") for frame in pair]
    np.testing.assert_array_equal(methods[name](*pair).px, methods[name](*padded).px[1:62, 3:93])


@pytest.mark.parametrize("name", NAMES)
def test_threads_dtypes_and_grey_change_nothing(methods, name):
    method, pair = methods[name], frames(280, 300)
    expected = method.with_options(num_threads=1)(*pair).px
    assert np.ptp(expected) > 0
    for threads in (2, 3):
        np.testing.assert_array_equal(method.with_options(num_threads=threads)(*pair).px, expected)
    small = frames(40, 56)
    wide = [np.float32(frame) * 257 for frame in small]
    np.testing.assert_allclose(method(*wide).px, method(*(w.astype(np.uint16) for w in wide)).px, atol=2e-2, rtol=1e-2)
    grey = [frame[..., 0] for frame in small]
    np.testing.assert_array_equal(method(*grey).px, method(*(np.dstack([frame] * 3) for frame in grey)).px)


@pytest.mark.parametrize("name", NAMES)
def test_the_stages_lead_to_the_result(methods, name):
    pair = frames()
    trace = methods[name].trace(*pair)
    assert len(trace) >= 4
    assert all(stage.doc for stage in trace)
    np.testing.assert_array_equal(trace.result.px, methods[name](*pair).px)
    np.testing.assert_array_equal(trace["flow"].array, trace.result.px)


def test_a_clip_begins_each_pair_where_the_last_ended(methods):
    clip = [*frames(64, 64), *frames(64, 64, seed=1)]
    flows = list(methods["raft_s"].along(clip))
    assert len(flows) == 3
    np.testing.assert_array_equal(flows[0].px, methods["raft_s"](*clip[:2]).px)
    assert not np.array_equal(flows[1].px, methods["raft_s"](*clip[1:3]).px)
    assert flows[1].run.method == "flow/raft_s"


def test_a_flow_is_carried_where_it_leads():
    flow = torch.zeros(1, 2, 6, 8)
    flow[0, 0, :, :4] = 2
    found = carried(flow)[0]
    expected = np.zeros((6, 8))
    expected[:, :4] = 2  # columns 0 and 1 are left empty: the nearest that landed is in column 2
    expected[:, 4:6] = 1  # two land here: one that moves and one that does not
    np.testing.assert_allclose(found[0], expected)
    np.testing.assert_allclose(found[1], 0)
    assert (carried(torch.full((1, 2, 3, 3), 50.0)) == 0).all()


def test_weights_of_another_kind_are_refused(tmp_path):
    torch.save({"a": torch.zeros(1)}, tmp_path / "a.pt")
    frame = frames()[0]
    with pytest.raises(WeightsError, match=r"no checkpoint of RAFT: it lacks .* and has a"):
        gv.flow.RAFT(weights=str(tmp_path / "a.pt"))(frame, frame)
    with pytest.raises(WeightsError, match=r"a\.pt is no \.safetensors file; PWCSmall has no public checkpoints"):
        gv.flow.PWCSmall(weights=str(tmp_path / "a.pt"))(frame, frame)
    for content in ([1], {1: 2}):
        torch.save(content, tmp_path / "a.pt")
        with pytest.raises(WeightsError, match=r"tensors by name"):
            gv.flow.SPyNet(weights=str(tmp_path / "a.pt"))(frame, frame)
    (tmp_path / "a.pt").write_text("no checkpoint")
    with pytest.raises(WeightsError, match=r"a\.pt is no file of tensors that torch reads"):
        gv.flow.FlowNetS(weights=str(tmp_path / "a.pt"))(frame, frame)


@pytest.mark.parametrize("name", NAMES)
def test_without_weights_a_method_says_where_they_come_from(name):
    frame = frames()[0]
    origins = {"flownet_s": "FlowNetPytorch", "flownet_c": "FlowNet2-C", "pwc_net": "NVlabs", "spynet": "mmagic"}
    with pytest.raises(BackendError, match=rf"has no weights '.*': neither shipped .*{origins.get(name, '')}"):
        gv.flow.METHODS[name](weights="none")(frame, frame)


def test_a_public_checkpoint_is_used_by_its_method(tmp_path):
    """Random weights of another's layout; the flow is the net's at the stretched size, brought back."""
    torch.manual_seed(0)
    net = SPyNet(coarsest=0)
    names = {f"levels.{k}.{n}": f"basic_module.{k}.basic_module.{n}.conv" for k in range(6) for n in range(5)}
    state = {
        n.replace(ours, theirs): t for n, t in net.state_dict().items() for ours, theirs in names.items() if ours in n
    }
    torch.save(state, tmp_path / "spynet.pth")
    pair = frames(40, 56)
    found = gv.flow.SPyNet(weights=str(tmp_path / "spynet.pth"))(*pair).px
    with torch.inference_mode():
        given = [torch.from_numpy(np.moveaxis(np.float32(frame), 2, 0)[None]) for frame in pair]
        expected = net.eval()(*given).flow[0].permute(1, 2, 0)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_raft_s_that_ships_finds_a_shift_and_what_stands_still():
    """A textured frame of its own size and another: moved by whole pixels, which are known, and not at all."""
    rng = np.random.default_rng(3)
    coarse = rng.uniform(0, 255, (12, 17, 3)).astype(np.float32)
    whole = np.asarray(
        torch.nn.functional.interpolate(
            torch.from_numpy(coarse).permute(2, 0, 1)[None], scale_factor=12, mode="bicubic"
        )[0]
        .permute(1, 2, 0)
        .clamp(0, 255)
    ).astype(np.uint8)
    frame0, frame1 = whole[8:136, 12:188], whole[4:132, 6:182]
    method = gv.flow.RAFTS()
    moved = np.linalg.norm(method(frame0, frame1).px - (6.0, 4.0), axis=2)
    still = np.linalg.norm(method(frame0, frame0).px, axis=2)
    assert np.median(moved) < 1.0
    assert np.median(still) < 0.5
