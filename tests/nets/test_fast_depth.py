"""FastDepth: its size, and checkpoints of its authors, as tensors and as the whole modules that they saved."""

import argparse
import sys
import types
import warnings
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

sys.path.append(str(Path(__file__).parent))
import published_fast_depth as published  # noqa: E402

import geomvision as gv  # noqa: E402
from geomvision import weights  # noqa: E402
from geomvision.nets import public_fast_depth, public_modules  # noqa: E402
from geomvision.nets.fast_depth import FastDepth  # noqa: E402
from geomvision.nets.public import from_public  # noqa: E402

SMALL = {"encoder": published.PRUNED, "decoder": published.PRUNED_DECODER}


class Harm:
    """What unpickles into a call."""

    def __reduce__(self):
        return (print, ("harm",))


def image(height=64, width=96):
    return torch.randint(0, 256, (1, 3, height, width), generator=torch.Generator().manual_seed(5)).float()


def modules_of(state):
    """The net of a checkpoint as a module whose class nobody has who reads it."""
    module = types.ModuleType("models_of_others")
    module.Net = type("Net", (torch.nn.Module,), {"__module__": "models_of_others"})
    net = module.Net()
    for name, tensor in state.items():
        *path, last = name.split(".")
        part = net
        for step in path:
            if step not in part._modules:
                part.add_module(step, torch.nn.Sequential())
            part = part._modules[step]
        if "running" in last or "num" in last:
            part.register_buffer(last, tensor)
        else:
            part.register_parameter(last, torch.nn.Parameter(tensor))
    return module, net


def test_the_net_has_the_published_size():
    """3.93 million weights in the paper's table, which are those of the convolutions."""
    with torch.device("meta"):
        net = FastDepth()
    assert sum(p.numel() for p in net.parameters() if p.ndim == 4) == 3_933_088
    assert sum(p.numel() for p in net.parameters()) == 3_960_930
    shapes = published.layout()
    learnt = [torch.Size(shape).numel() for name, shape in shapes.items() if name.endswith(("weight", "bias"))]
    assert sum(learnt) == 3_960_930


@pytest.mark.parametrize("skips", [True, False])
def test_public_checkpoints_compute_what_their_repository_does(skips):
    state = published.at_random(published.layout(**SMALL, skips=skips))
    wrapped = {"epoch": 3, "state_dict": {"module." + name: tensor for name, tensor in state.items()}}
    net = from_public(FastDepth, public_fast_depth.fast_depth(wrapped), wrapped).eval()
    assert net.skips == skips
    with torch.inference_mode():
        found, expected = net(image()).last, published.Published(state, skips)(image())
    assert float(expected.std()) > 0.01
    np.testing.assert_allclose(found, public_fast_depth.SCALE * expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("zipped", [True, False])
def test_whole_modules_are_read_without_their_code(zipped, tmp_path, monkeypatch, capsys):
    state = published.at_random(published.layout(**SMALL))
    module, net = modules_of(state)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    beside = {"epoch": 3, "args": argparse.Namespace(lr=0.1), "harm": Harm(), "best": np.float64(0.6)}
    path = tmp_path / "mobilenet-nnconv5dw-skipadd-pruned.pth.tar"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sources that cannot be found
        torch.save({**beside, "model": net}, path, _use_new_zipfile_serialization=zipped)
    monkeypatch.delitem(sys.modules, module.__name__)
    with pytest.raises(weights.WeightsError, match="without running code"):
        weights.load_torch(path)
    read = public_fast_depth.read(path)
    assert list(read) == ["model"]
    assert read["model"].keys() == state.keys()
    assert all(torch.equal(read["model"][name], tensor) for name, tensor in state.items())
    assert capsys.readouterr().out == ""
    found = gv.depth.FastDepth(weights=str(path), side_px=0)(image()[0].permute(1, 2, 0).byte().numpy())
    with torch.inference_mode():
        expected = public_fast_depth.SCALE * published.Published(state)(image())[0, 0].numpy()
    assert found.kind == "depth_scale"  # no camera was given
    np.testing.assert_allclose(found.values, np.where(expected > 0, expected, np.nan), rtol=1e-3, atol=1e-4)


def test_what_is_no_checkpoint_is_refused(tmp_path):
    state = published.at_random(published.layout(**SMALL))
    for wrong in ({**state, "more": torch.zeros(1)}, {n: t for n, t in state.items() if n != "conv3.4.bias"}):
        with pytest.raises(KeyError, match=r"it lacks .*, and has "):
            from_public(FastDepth, public_fast_depth.fast_depth(wrong), wrong)
    path = tmp_path / "a.pt"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(weights.WeightsError, match="no file of modules or tensors"):
        public_modules.load_modules(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is out of date
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 3)), path)
    with pytest.raises(weights.WeightsError, match=r"holds TorchScript, which is code; .* net\.state_dict\(\)"):
        public_modules.load_modules(path)
    torch.save([Harm()], path)
    with pytest.raises(weights.WeightsError, match="holds no tensors by name, but something of type list"):
        public_fast_depth.read(path)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="31 x 64 pixels; sides must be multiples of 32"):
        FastDepth(width=0.1)(image(31, 64))
    with pytest.raises(ValueError, match="14 and 4 layers; they must be 14 and 5"):
        FastDepth(decoder=(512, 256, 128, 64))
    with pytest.raises(ValueError, match="which is added to it, 256; they must be equal"):
        FastDepth(decoder=(512, 255, 128, 64, 32))
