import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import geomvision as gv
from geomvision import weights
from geomvision.weights import Card, WeightsError

CARD = Card(
    name="toy",
    task="stereo/toy",
    kind="disparity_px",
    network="torch.nn.Linear",
    arguments={"in_features": 2, "out_features": 3},
    parameters=0,
    input_rule="none",
    training_data="none",
    seed=0,
    steps=0,
    licence="Apache-2.0",
    commercial_use=True,
    sha256="",
)

#: Of nets that are not refiners of 600,000 at most.
PARAMETERS = {
    "flow/pwc_small": 1_000_000,
    "flow/raft_s": 1_000_000,
    "stereo/fast_stereo": 2_000_000,
    "depth/mono_small": 2_500_000,
}
PARAMETERS["stereo/refined"] = PARAMETERS["stereo/fast_stereo"]  # one net


@pytest.fixture
def stored(tmp_path):
    net = nn.Linear(2, 3)
    path = tmp_path / "toy.safetensors"
    card = weights.save(path, net, CARD)
    return net, path, card


def test_what_is_saved_is_loaded(stored):
    net, path, card = stored
    state, read = weights.load(path)
    assert read == card
    assert card.parameters == 9
    assert len(card.sha256) == 64
    assert all(torch.equal(state[name], tensor) for name, tensor in net.state_dict().items())
    assert sorted(p.name for p in path.parent.iterdir()) == ["toy.json", "toy.safetensors"]


def test_compact_weights_are_a_quarter_as_large_and_round_by_half_a_step(tmp_path):
    net = nn.Conv2d(64, 64, 3)
    net.register_buffer("count", torch.tensor(70_000))
    with torch.no_grad():
        net.weight[5] *= 1000  # each output channel has steps of its own
        net.weight[7] = 0
    path = tmp_path / "compact.safetensors"
    written = weights.save(path, net, CARD, compact=True)
    assert path.stat().st_size < 0.27 * 4 * sum(p.numel() for p in net.parameters())
    state, card = weights.load(path)
    assert card == written
    assert set(state) == set(net.state_dict())
    taken = nn.Conv2d(64, 64, 3)
    taken.register_buffer("count", torch.tensor(0))
    weights.put_into(taken, state, card)
    assert taken.weight.dtype == torch.float32
    assert int(taken.count) == 70_000
    half_a_step = net.weight.abs().amax(dim=(1, 2, 3), keepdim=True) / 254
    assert ((taken.weight - net.weight).abs() <= 1.001 * half_a_step).all()
    torch.testing.assert_close(taken.bias, net.bias, rtol=1e-3, atol=1e-6)
    again = weights.save(tmp_path / "again.safetensors", taken, CARD, compact=True)
    assert again.sha256 == card.sha256  # what was rounded once stays


def test_weights_of_4_bits_take_an_eighth_and_stay_when_rounded_again(tmp_path):
    net = nn.Sequential(nn.Conv2d(64, 64, 3), nn.Linear(8, 3))  # three channels share no bytes
    with torch.no_grad():
        net[0].weight[5] *= 1000
        net[0].weight[7] = 0
    path = tmp_path / "halved.safetensors"
    weights.save(path, net, CARD, compact=True, bits=4)
    assert path.stat().st_size < 0.15 * 4 * sum(p.numel() for p in net.parameters())
    state, card = weights.load(path)
    taken = nn.Sequential(nn.Conv2d(64, 64, 3), nn.Linear(8, 3))
    weights.put_into(taken, state, card)
    largest = net[0].weight.abs().amax(dim=(1, 2, 3), keepdim=True)
    error = (taken[0].weight - net[0].weight).square().mean(dim=(1, 2, 3))
    plain = (
        ((net[0].weight / largest.clamp(min=1e-9) * 7).round() / 7 * largest - net[0].weight).square().mean((1, 2, 3))
    )
    assert (error <= plain * 1.001).all()
    assert (error.sqrt() <= largest.flatten() / 14).all()
    assert ((taken[1].weight - net[1].weight).abs() <= net[1].weight.abs().amax(dim=1, keepdim=True) / 253).all()
    again = weights.save(tmp_path / "again.safetensors", taken, CARD, compact=True, bits=4)
    other = nn.Sequential(nn.Conv2d(64, 64, 3), nn.Linear(8, 3))
    weights.put_into(other, *weights.load(tmp_path / "again.safetensors"))
    torch.testing.assert_close(other[0].weight, taken[0].weight, rtol=1e-6, atol=0)
    assert again.parameters == card.parameters


def test_of_4_bits_are_those_weights_alone_that_are_named(tmp_path):
    net = nn.Sequential(nn.Conv2d(64, 64, 3), nn.Conv2d(64, 64, 3))
    path = tmp_path / "mixed.safetensors"
    weights.save(path, net, CARD, compact=True, bits=4, only=("1.",))
    assert path.stat().st_size < 0.21 * 4 * sum(p.numel() for p in net.parameters())
    state, _ = weights.load(path)
    errors = [(state[f"{k}.weight"] - net[k].weight).abs().max() / net[k].weight.abs().max() for k in (0, 1)]
    assert errors[0] < 1 / 250
    assert 1 / 30 < errors[1] < 1 / 2
    other = nn.Sequential(nn.Conv2d(64, 64, 3), nn.Conv2d(64, 64, 3))
    weights.put_into(other, *weights.load(path))
    again = weights.save(tmp_path / "again.safetensors", other, CARD, compact=True, bits=4, only=("1.",))
    assert again.parameters == weights.Card.read(path.with_suffix(".json")).parameters
    second = weights.load(tmp_path / "again.safetensors")[0]
    torch.testing.assert_close(second["1.weight"], state["1.weight"], rtol=1e-6, atol=0)


def test_one_flipped_bit_is_refused(stored):
    _, path, _ = stored
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"sha256.*its card says.*damaged or exchanged"):
        weights.load(path)


def test_a_file_cut_short_is_refused(stored):
    _, path, _ = stored
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(WeightsError, match="damaged or exchanged"):
        weights.load(path)


def test_weights_of_another_net_are_refused(stored):
    _, path, _ = stored
    with pytest.raises(WeightsError, match=r"'toy' are for torch\.nn\.Linear, not Sequential"):
        weights.put_into(nn.Sequential(nn.Linear(2, 3)), *weights.load(path))
    with pytest.raises(WeightsError, match="size mismatch"):
        weights.put_into(nn.Linear(2, 4), *weights.load(path))


def test_what_cannot_be_written_is_named_and_leaves_nothing(stored, tmp_path, monkeypatch):
    net, _, card = stored

    def full(path, content):
        with path.open("wb") as file:
            file.write(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match=r"a\.safetensors cannot be written: No space left on device"):
        weights.save(tmp_path / "new" / "a.safetensors", net, card)
    assert list((tmp_path / "new").iterdir()) == []


def test_what_is_not_there_is_said(stored, tmp_path):
    _, path, _ = stored
    with pytest.raises(WeightsError, match=r"no weights 'nothing': it is no file, and the package ships"):
        weights.find("nothing")
    card = path.with_suffix(".json")
    content = json.loads(card.read_text())
    card.write_text(json.dumps({**content, "colour": "red"}))
    with pytest.raises(WeightsError, match="should not have colour"):
        weights.load(path)
    del content["licence"]
    card.write_text(json.dumps(content))
    with pytest.raises(WeightsError, match="lacks or should not have licence"):
        weights.load(path)
    card.write_text("{")
    with pytest.raises(WeightsError, match="is no JSON"):
        weights.load(path)
    card.unlink()
    with pytest.raises(WeightsError, match="weights need their card beside them"):
        weights.load(path)
    with pytest.raises(WeightsError, match=r"must end in \.safetensors"):
        weights.save(tmp_path / "a.pt", nn.Linear(1, 1), CARD)


class Harm:
    """What unpickles into a call."""

    def __reduce__(self):
        return (print, ("harm",))


def test_torch_files_give_tensors_and_nothing_else(tmp_path, capsys):
    path = tmp_path / "net.pt"
    torch.save(nn.Linear(2, 3).state_dict(), path)
    assert weights.load_torch(path)["weight"].shape == (3, 2)
    with pytest.raises(WeightsError, match="read by load_torch"):
        weights.load(path)
    torch.save({"weight": Harm()}, path)
    with pytest.raises(Exception, match=r"(?i)weights.only"):
        weights.load_torch(path)
    assert capsys.readouterr().out == ""


def test_without_safetensors_it_says_how_to_get_it(stored, monkeypatch):
    _, path, _ = stored
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'geomvision\[learned\]'"):
        weights.load(path)


@pytest.mark.parametrize("name", weights.names())
def test_shipped_weights_are_small_free_and_described(name):
    path = weights.find(name)
    _, card = weights.load(name)
    assert path.stat().st_size <= 3_000_000
    assert card.name == name
    assert card.licence == "Apache-2.0"
    assert card.commercial_use
    assert card.parameters <= PARAMETERS.get(card.task, 600_000)
    assert card.scores
    for field in dataclasses.fields(Card):
        assert getattr(card, field.name) not in ("", {}, None)


def test_nets_of_all_tasks_ship_and_take_6_mb_at_most():
    names = {"refined_sgm", "fast_stereo", "refined", "mc_cnn", "pwc_small", "raft_s", "mono_small"}
    assert names <= set(weights.names())
    assert sum(weights.find(name).stat().st_size for name in weights.names()) <= 6_000_000


@pytest.mark.parametrize(
    ("method", "given"),
    [
        (gv.flow.PWCSmall, "fast_stereo"),
        (gv.flow.RAFTS, "pwc_small"),
        (gv.stereo.MCCNNSGM, "refined"),
        (gv.stereo.RefinedSGM, "fast_stereo"),
        (gv.stereo.FastStereo, "mc_cnn"),
        (gv.stereo.Refined, "pwc_small"),
    ],
)
def test_weights_of_another_net_are_refused_by_every_kind_of_method(method, given):
    pair = np.random.default_rng(0).integers(0, 256, (2, 32, 40), np.uint8)
    searched = {"max_disparity": 8} if method.task == "stereo" else {}
    with pytest.raises(weights.WeightsError, match=f"weights '{given}' are for geomvision.nets"):
        method(weights=given, **searched)(*pair)
