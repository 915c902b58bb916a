"""The benches compare like with like: every peer of ours in torch computes what its row says; verdicts are right."""

import sys
from pathlib import Path

import pytest

BENCHES = Path(__file__).resolve().parents[1] / "benches"


@pytest.fixture(autouse=True)
def benches(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHES))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(BENCHES)):
            del sys.modules[name]


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def features(torch, *shape):
    return torch.randn(2, *shape, generator=torch.Generator().manual_seed(1)).double().unbind(0)


def test_local_correlation_of_both_peers_is_the_mean_product_of_two_pixels(torch):
    import torch_peers

    left, right = features(torch, 1, 3, 5, 6)
    for peer in (torch_peers.shift_loop, torch_peers.banded_bmm):
        out = peer(left, right, 2)
        assert out.shape == (1, 25, 5, 6)
        for j, i, y, x in ((0, 0, 3, 4), (2, 2, 0, 0), (4, 1, 1, 5), (1, 4, 2, 2)):
            expected = float((left[0, :, y, x] * right[0, :, y + j - 2, x + i - 2]).mean())
            assert float(out[0, j * 5 + i, y, x]) == pytest.approx(expected)
        assert float(out[0, 0, 0, 0]) == 0.0  # beyond the border


def test_raft_lookup_at_whole_pixels_reads_the_volume(torch):
    import torch_peers

    first, second = features(torch, 1, 4, 8, 8)
    pyramid = torch_peers.all_pairs(first, second, 2)
    places = torch.full((1, 2, 8, 8), 4.0).double()
    found = torch_peers.lookup(pyramid, places, 1)
    assert found.shape == (1, 18, 8, 8)
    dot = float((first[0, :, 2, 3] * second[0, :, 4, 5]).sum() / 2)  # x + 1, y + 0
    assert float(found[0, 2 * 3 + 1, 2, 3]) == pytest.approx(dot)
    mean = second[0, :, 4:6, 4:6].mean((1, 2))  # level 1 at (2, 2)
    assert float(found[0, 9 + 4, 2, 3]) == pytest.approx(float((first[0, :, 2, 3] * mean).sum() / 2))


def test_raft_stereo_lookup_at_whole_pixels_reads_the_row(torch):
    import torch_peers

    first, second = features(torch, 1, 4, 3, 8)
    found = torch_peers.lookup_1d(torch_peers.all_pairs_1d(first, second, 1), torch.full((1, 3, 8), 4.0).double(), 1)
    assert found.shape == (1, 3, 3, 8)
    assert float(found[0, 2, 1, 6]) == pytest.approx(float((first[0, :, 1, 6] * second[0, :, 1, 5]).sum() / 2))


def test_group_wise_volume_is_the_mean_product_of_each_group(torch):
    import torch_peers

    left, right = features(torch, 1, 6, 2, 5)
    volume = torch_peers.group_wise(left, right, 3, 2)
    expected = float((left[0, 3:, 1, 4] * right[0, 3:, 1, 2]).mean())
    assert float(volume[0, 1, 2, 1, 4]) == pytest.approx(expected)
    assert float(volume[0, 0, 2, 0, 1]) == 0.0


def test_upsampled_soft_argmin_of_a_sharp_minimum_is_where_it_is(torch):
    import torch_peers

    costs = torch.full((1, 4, 2, 2), 1e3).double()
    costs[:, 2] = 0
    found = torch_peers.upsampled_soft_argmin(costs, (16, 8, 8))
    assert found.shape == (1, 8, 8)
    assert float(found.mean()) == pytest.approx(9.5)  # candidate 2 covers 8 … 11


def test_every_demand_on_accuracy_is_a_known_duel_and_names_are_unique():
    import kernels
    import quality

    rows = kernels.all_rows()
    assert {row.quality for row in rows if row.quality} == set(quality.DUELS)
    names = [row.name for row in rows]
    cases = [(contest.row, contest.case) for row in rows for contest in row.cases]
    assert len(set(names)) == len(names)
    assert len(set(cases)) == len(cases)


def test_a_row_is_judged_by_the_median_over_its_cases():
    from contest import Contest, Row, Work
    from verdicts import judge, status

    def case(name, ours, peer):
        sides = {"geomvision": {"median_ms": ours}, "peer": {"median_ms": peer}}
        runs = {str(n): {"sides": sides, "best_peer": "peer", "ratio": peer / ours} for n in (1, 4)}
        return {"case": name, "runs": runs}

    contests = tuple(Contest(row="r", case=n, prepare=dict, work=Work(flops=2e9)) for n in "abc")
    row = Row(name="r", peer="peer", bar=3.0, bar_avx2=2.0, near_limit=1.5, cases=contests)
    result = {"missing": None, "cases": {"a": case("a", 2.0, 20.0), "b": case("b", 2.0, 5.0), "c": case("c", 2.0, 4.0)}}
    rates = dict.fromkeys(("lanes8_gops", "hamming_gpairs", "fma_gflops", "dram_copy_gbs"), 1000.0)
    limits = {"threads": 4, "instruction_sets": {"baseline": {"1": rates, "4": rates}}}
    wheel, avx2 = ({"opencv": {"baseline": text}} for text in ("SSE SSE2 SSE3", "SSE4_2 AVX2"))
    result["demands"] = judge(row, result, wheel, limits, 4)
    found = {demand["demand"]: (demand["value"], demand["pass"]) for demand in result["demands"]}
    assert found == {"ratio, 4 threads": (2.5, False), "time / limit": (pytest.approx(1.0), True)}
    assert status(result) == "fall short"
    assert judge(row, result, avx2, limits, 4)[0]["pass"]


def test_the_name_of_a_processor_becomes_a_file_name():
    from surroundings import slug

    machine = {"cpu": "Intel(R) Xeon(R) CPU @ 2.20GHz", "cores": 8}
    assert slug(machine) == "intel-xeon-8-cores"


def test_peak_memory_does_not_count_what_a_call_returns():
    import contest
    import numpy as np

    maps = {"px": np.zeros((3, 4), np.float32), "more": (np.zeros(5), [np.zeros(2, np.uint8), None])}
    assert contest.result_bytes(maps) == 48 + 40 + 2


@pytest.mark.parametrize("row", ["local_correlation", "raft_lookup", "warp", "splat"])
def test_rows_on_a_gpu_compare_equal_derivatives(row, torch, monkeypatch):
    import gpu_rows

    monkeypatch.setattr(gpu_rows, "DEVICE", "cpu")
    sizes = {"local_correlation": (6, 9), "raft_lookup": (16, 24), "warp": (7, 9, 3), "splat": (7, 9, 3)}
    ours, peer = getattr(gpu_rows, row)(*sizes[row]).prepare().values()
    for mine, theirs in zip(ours(), peer(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=2e-4, atol=2e-4)


def test_the_peer_of_block_matching_on_a_gpu_finds_a_shift(torch):
    import gpu_rows

    left = torch.randint(0, 256, (24, 60), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    right = torch.roll(left, -5, 1)
    found = gpu_rows.torch_block_matching(left, right, 12, 5)[0, 0]
    assert (found[4:-4, 16:-8] == 5).all()


def test_a_row_on_a_gpu_becomes_a_line_of_its_table(torch, monkeypatch):
    import gpu
    import gpu_rows

    milliseconds = {"ours": 2.0, "peer": 9.0}
    monkeypatch.setattr(gpu, "device_ms", lambda call: milliseconds[call()])
    monkeypatch.setattr(gpu, "peak_mb", lambda call: 10 * milliseconds[call()])
    rates = {"copy_gbs": 1000.0, "fp32_gflops": 1000.0}
    calls = {gpu_rows.OURS: lambda: "ours", "torch": lambda: "peer"}
    row = gpu_rows.Row(name="warp", case="small", bar=5.0, prepare=lambda: dict(calls), kernels=(), bytes=1e6)
    outcome = gpu.compete(row, rates, 5)
    assert (outcome.ratio, outcome.share_of_limit, outcome.verdict) == (4.5, 0.0005, "**falls short**")
    del calls["torch"]
    published = gpu_rows.Row(
        name="SGM", case="D", bar=1.0, prepare=lambda: dict(calls), kernels=(), published={"it": 3.0}
    )
    lines = gpu.table(
        "GPU", rates, [outcome, gpu.compete(published, rates, 5)], {"splat": "_cuda.splat_sum"}
    ).splitlines()
    assert "| warp | small | torch | 2 | 9 | 4.5 | 5 | **falls short** | 0.00 | 20.0 / 90.0 |" in lines
    assert "| SGM | D | it | 2 | 3 | 1.5 | 1 | pass | 0.00 | 20.0 / – |" in lines
    assert any(line.startswith("| splat | missing: _cuda.splat_sum") for line in lines)


def test_peers_of_points_find_what_ours_find(monkeypatch):
    pytest.importorskip("cv2")
    import geometry_rows
    import numpy as np
    from contest import OURS

    noisy = geometry_rows.matches
    rough = "corrected matches, F of pixels"
    tolerances = {"corrected matches": 1e-3, rough: 1e-3, "undistorted points": 1e-5}  # OpenCV stops after five steps
    for row in geometry_rows.rows(count=400, few=300, size=(37, 29)):
        exact = row.name.startswith("triangulation")  # of noise, linear methods make different points
        monkeypatch.setattr(geometry_rows, "matches", lambda n, noise=0.0 if exact else 0.5: noisy(n, noise))
        calls = dict(row.cases[0].prepare(2))
        ours, theirs = calls.pop(OURS)(), geometry_rows.AS_OURS[row.name](calls.pop(row.peer)())
        assert not calls
        found = ours[0] if exact else ours
        np.testing.assert_allclose(found, theirs, rtol=1e-6, atol=tolerances.get(row.name, 1e-9), err_msg=row.name)


def test_the_sides_of_the_raft_bench_are_one_net(torch):
    import raft

    small = raft.contest((128, 136), 2)
    assert list(small.prepare(1)) == [raft.OURS, raft.PEER, raft.MIXED]
    assert raft.difference(small) < 1e-3
    pair = raft.images(60, 100)
    assert pair.shape == (2, 1, 3, 104, 64)
    torch.testing.assert_close(pair[0, 0, :, 10, 10], pair[1, 0, :, 11, 13])  # moved by (3, 1)


def test_pairs_of_half_the_size_have_half_the_disparity_and_fewer_is_of_the_strongest():
    import numpy as np
    import refined

    from geomvision.results import Disparity
    from geomvision.samples import StereoSample

    wide = np.random.default_rng(0).integers(0, 256, (31, 80, 3), np.uint8)
    truth = Disparity(px=np.full((31, 61), 8.0))
    sample = StereoSample(name="x", left=wide[:, :61], right=wide[:, 8:69], disparity=truth, max_disparity=17)
    half = refined.halved(sample)
    assert half.left.shape == half.right.shape == (15, 30, 3)
    np.testing.assert_array_equal(half.left[:, 4:], half.right[:, :-4])
    np.testing.assert_array_equal(half.disparity.px, np.full((15, 30), 4.0))
    assert half.max_disparity == 9
    one = {"alone": 30.0, "WLS of OpenCV": 25.0, "WLS, λ 100": 20.0, "refined": 15.0}
    cells = {scene: {name: {"totbad-2.0 all": value} for name, value in one.items()} for scene in "ab"}
    assert refined.strongest(cells) == "WLS, λ 100"
    shown = refined.row("both", list(cells.values()), ("alone", "WLS, λ 100", "refined"))
    assert shown == "| both | 30.00 | 20.00 | 15.00 | 25 | – | – | – | – |"


def test_what_learned_stereo_must_reach_is_a_share_of_the_best_peer():
    import learned_stereo

    def scene(**percent):
        scores = {label: {"eth3d": {"totbad-1.0 all": value}} for label, value in percent.items()}
        names = {"sgm_filled": learned_stereo.FILLED}
        return [{"label": names.get(label, label), "scores": each} for label, each in scores.items()]

    both = {
        "one": scene(fast_stereo=2.0, sgm=6.0, opencv_wls=8.0, mccnn_sgm=9.0, sgm_filled=3.0),
        "two": scene(fast_stereo=4.0, sgm=6.0, opencv_wls=4.0, mccnn_sgm=9.0, sgm_filled=5.0),
    }
    record = {"scenes": both, "groups": dict.fromkeys(both, "ETH3D"), "AUSE": {}}
    record["AUSE"] = {name: {"fast_stereo": 0.1, "sgm": 0.25} for name in both}
    found = {each["demand"]: each for each in learned_stereo.accuracy(record, "fast_stereo")}
    usual, filled = (found[f"ETH3D, totbad-1.0, all pixels: share of the {told}"]
                     for told in ("best peer", "best peer, SGM also filled"))  # fmt: skip
    assert (usual["value"], usual["pass"]) == (3 / 6, True)
    assert (filled["value"], filled["pass"]) == (3 / 4, False)
    assert found["AUSE, errors over 1 px: share of SGM's"]["value"] == pytest.approx(0.4)
    assert not found["KITTI 2012, more than 3 px, noc: share of the best peer"]["pass"]  # nothing known is no pass


def test_the_table_of_real_scenes_has_every_method_that_needs_nothing_besides():
    import scenes

    import geomvision as gv

    pair = gv.datasets.Synthetic(seed=1, height=20, width=30, max_disparity=8)[0]
    stereo = {method.name(): method for method in scenes.methods_for("stereo", [], pair)}
    assert {"sgm", "opencv_wls", "block_matching"} <= set(stereo)
    assert not {"tiled", "refined", "dispnet", "raft_stereo"} & set(stereo)  # another method's answer, or your weights
    assert stereo["sgm"].options()["max_disparity"] == 16
    assert {"tvl1", "lucas_kanade"} <= {m.name() for m in scenes.methods_for("flow", [], pair)}


def test_a_table_tells_what_share_of_the_processor_others_had(monkeypatch):
    import scenes

    monkeypatch.setattr(scenes, "processor_ticks", lambda: (400, 150))
    assert scenes.stolen_since((100, 50)).startswith("While this ran, 25 % of the processor time")
    monkeypatch.undo()
    assert scenes.stolen_since(scenes.processor_ticks()).startswith("While this ran, ")


def test_the_leaderboards_bench_runs(capsys):
    import board

    board.measure(methods=2, scenes=7)
    text = capsys.readouterr().out
    assert text.startswith("14 units")
    assert "rendered as a page" in text


def test_flags_are_printed_of_whatever_scenes_ran(capsys):
    two_view_flags = pytest.importorskip("two_view_flags", reason="needs OpenCV")
    missed = (("plane", 0, 1.0, 0.0), frozenset({"uncertain"}), 0.1, 1.0, float("nan"))
    seen = (("plane", 1, 1.0, 0.0), frozenset({"plane"}), 0.1, 1.0, float("nan"))
    two_view_flags.printed([missed, seen])
    said = capsys.readouterr().out
    assert said.splitlines() == ["plane: plane 1/2 = 50.0 % (1.3 … 98.7); instead {'uncertain': 1}"]
    flagged = (("general", 0, 1.0, 0.0), frozenset({"uncertain"}), 0.1, 1.0, float("nan"))
    two_view_flags.printed([flagged])
    assert capsys.readouterr().out.startswith("false alarms over 1 scenes with depth and motion: 1/1 = 100.0 %")
