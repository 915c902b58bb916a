"""Checkpoints of FlowNet, PWC-Net and SPyNet: every tensor arrives where its net uses it, and no other is taken."""

import argparse
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

sys.path.append(str(Path(__file__).parent))
import public_flow_nets as tables  # noqa: E402

from geomvision.nets import public_flownet, public_modules, public_pwc_net, public_spynet  # noqa: E402
from geomvision.nets.flownet import FlowNetC, FlowNetS  # noqa: E402
from geomvision.nets.public import COUNTER, from_public  # noqa: E402
from geomvision.nets.pwc_net import MIXED, PWCNet  # noqa: E402
from geomvision.nets.spynet import SPyNet  # noqa: E402
from geomvision.weights import WeightsError  # noqa: E402

PLAIN = {"upsample": False, "bias": False, "predicting": False}
#: Net, the function that knows its forms, the table of a checkpoint, and a small net of the same variant.
FORMS = {
    "flownets of FlowNetPytorch": (FlowNetS, public_flownet.flownet, tables.flownet_s(**PLAIN), {"biases": ()}),
    "flownetc of FlowNetPytorch": (FlowNetC, public_flownet.flownet, tables.flownet_c(**PLAIN), {"biases": ()}),
    "flownets of flownet2-pytorch": (FlowNetS, public_flownet.flownet, tables.flownet_s(upsample=False), {}),
    "flownetc of flownet2-pytorch": (FlowNetC, public_flownet.flownet, tables.flownet_c(upsample=True), {}),
    "PWC-Net": (PWCNet, public_pwc_net.pwc_net, tables.pwc_net(), {}),
    "PWC-Net of the paper": (PWCNet, public_pwc_net.pwc_net, tables.pwc_net(2), {"repeated": 2, "before": MIXED}),
    "pytorch-pwc": (PWCNet, public_pwc_net.pwc_net, tables.pwc_net_numbered(), {}),
    "pytorch-pwc, renamed": (PWCNet, public_pwc_net.pwc_net, tables.pwc_net_numbered("net"), {}),
    "pytorch-spynet": (SPyNet, public_spynet.spynet, tables.spynet(), {}),
    "pytorch-spynet, renamed": (SPyNet, public_spynet.spynet, tables.spynet("netBasic"), {}),
    "mmagic": (SPyNet, public_spynet.spynet, tables.spynet("basic_module", "{}.conv"), {"coarsest": 0}),
    "BasicSR": (SPyNet, public_spynet.spynet, tables.spynet("basic_module"), {"coarsest": 0}),
}
NARROW = {
    FlowNetS: {"width": 2},
    FlowNetC: {"width": 2},
    PWCNet: {"pyramid": (2, 3, 4, 5, 6, 7), "dense": (2,) * 5, "around": (2,) * 6},
    SPyNet: {"widths": (2, 3, 4, 5)},
}
#: Of parameters, as published: FlowNetS 38.7, FlowNetC 39.2, PWC-Net 8.75, SPyNet 1.44 million. PWC-Net's authors later
#: added a third convolution to each level of the pyramid. flownet2-pytorch gives the number for FlowNetC.
COUNTS = {
    "flownets of FlowNetPytorch": 38_675_536,
    "flownetc of FlowNetPytorch": 39_174_320,
    "flownets of flownet2-pytorch": 38_676_506,
    "flownetc of flownet2-pytorch": 39_175_298,
    "PWC-Net": 9_374_274,
    "PWC-Net of the paper": 8_749_214,
    "pytorch-spynet": 6 * 240_050,
}


@pytest.mark.parametrize("name", FORMS)
def test_every_tensor_arrives_where_its_net_uses_it(name):
    """Tensors hold numbers of their own; layers of a small net of the same variant run in the order of the table."""
    net, forms, table, arguments = FORMS[name]
    state = tables.checkpoint(table)
    made = from_public(net, forms(state), state)
    assert sum(parameter.numel() for parameter in made.parameters()) == COUNTS.get(name, made_of(state))
    small = net(**NARROW[net], **arguments).eval()
    assert [n for n, _ in small.named_parameters()] == [n for n, _ in made.named_parameters()]
    used = []
    for where, module in small.named_modules():
        if hasattr(module, "weight"):
            module.register_forward_hook(lambda *_, where=where: used.append(where))
    with torch.inference_mode():
        small(*torch.zeros(2, 1, 3, 64, 1024 if net is SPyNet else 64))  # wide: SPyNet has all its levels
    once, arrived = list(dict.fromkeys(used)), made.state_dict()
    assert len(once) == len(table)
    for where, (theirs, _, bias) in zip(once, table, strict=True):
        assert torch.equal(arrived[where + ".weight"], state[theirs + ".weight"])
        assert (where + ".bias" in arrived) == bias
        assert not bias or torch.equal(arrived[where + ".bias"], state[theirs + ".bias"])


def made_of(state):
    return sum(tensor.numel() for tensor in state.values())


@pytest.mark.parametrize("name", ["flownetc of flownet2-pytorch", "PWC-Net", "pytorch-spynet", "mmagic"])
def test_one_tensor_more_or_less_is_refused(name):
    net, forms, table, _ = FORMS[name]
    state = tables.checkpoint(table)
    some = next(iter(state))
    for wrong in ({**state, "more": torch.zeros(1)}, {n: t for n, t in state.items() if n != some}):
        with pytest.raises(KeyError, match=r"it lacks .*, and has "):
            from_public(net, forms(wrong), wrong)


def test_what_a_checkpoint_holds_beside_is_read_or_told():
    spynet, state = FORMS["mmagic"][1], tables.checkpoint(FORMS["mmagic"][2])
    right = {"mean": torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)}
    assert from_public(SPyNet, spynet(state), {"params": {**state, **right}}).coarsest == 0
    with pytest.raises(ValueError, match=r"the checkpoint's std is \[1\.0, 1\.0, 1\.0\]; it must be"):
        from_public(SPyNet, spynet(state), {**state, "std": torch.ones(1, 3, 1, 1)})
    state = tables.checkpoint(tables.pwc_net())
    unused = {"deconv2.weight": torch.zeros(2, 2, 4, 4), "deconv2.bias": torch.zeros(2)}
    assert from_public(PWCNet, public_pwc_net.pwc_net(state), {**state, **unused})


@pytest.mark.parametrize(
    ("beside", "options", "mean", "scale"),
    [
        ({}, PLAIN, "chairs", 20),
        ({"arch": "flownets", "div_flow": 10.0}, {"upsample": False}, "chairs", 10),
        ({"arch": "FlowNet2S", "epoch": 0}, {"upsample": False}, "pair", 20),
        ({"epoch": 0}, {"upsample": True, "predicting": False}, "pair", 20),
    ],
)
def test_a_flownet_says_what_it_takes_off_images_and_how_large_a_flow_of_one_is(beside, options, mean, scale):
    saved = {**beside, "state_dict": tables.checkpoint(tables.flownet_s(**options))}
    net = from_public(FlowNetS, public_flownet.flownet(saved), saved)
    assert (net.mean, net.scale) == (mean, scale)


def test_what_torch_does_not_read_is_left_out_and_what_is_plain_stays(tmp_path):
    """A training loop's arguments and NumPy's numbers beside; the scale of flow is still the one that was saved."""
    state = tables.checkpoint(tables.flownet_s(**PLAIN))
    beside = {"arch": "flownets", "div_flow": 10.0, "best_EPE": np.float64(1.9), "args": argparse.Namespace(lr=1.0)}
    torch.save({**beside, "state_dict": state}, tmp_path / "a.tar")
    read = public_modules.read(tmp_path / "a.tar")
    assert {name: read[name] for name in ("arch", "div_flow")} == {"arch": "flownets", "div_flow": 10.0}
    assert from_public(FlowNetS, public_flownet.flownet(read), read).scale == 10
    with pytest.raises(WeightsError, match=r"none\.tar"):
        public_modules.read(tmp_path / "none.tar")


def test_batch_normalised_flownets_come_with_or_without_the_counters_of_newer_versions():
    table = tables.flownet_s(**PLAIN, batch_norm=True)
    state = {**tables.checkpoint(table), **tables.batch_norms(table)}
    counters = {n.replace("running_var", COUNTER): torch.tensor(5) for n in state if n.endswith("running_var")}
    for saved in (state, {**state, **counters}):
        net = from_public(FlowNetS, public_flownet.flownet(saved), saved)
        for ours, theirs in (("down.0", "conv1"), ("same.3", "conv6_1")):
            for part in ("weight", "bias", "running_mean", "running_var"):
                found = net.get_submodule(f"{ours}.norm").state_dict()[part]
                assert torch.equal(found, state[f"{theirs}.1.{part}"])
        assert net.down[0].convolution.bias is None
