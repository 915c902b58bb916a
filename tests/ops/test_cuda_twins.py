"""The CUDA twins behind the ops: on the CPU where there is no GPU, with the same calls and the same answers."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from geomvision import ops

torch = pytest.importorskip("torch")
operators = pytest.importorskip("geomvision.ops._torch._operator")

spec = importlib.util.spec_from_file_location("op_calls", Path(__file__).with_name("test_calls.py"))
calls = importlib.util.module_from_spec(spec)
sys.modules["op_calls"] = calls
spec.loader.exec_module(calls)


def values_and_derivatives(name, device="cpu"):
    arguments, options = calls.tensors_of(name), calls.CALLS[name][1]
    leaves = {k: v.to(device).requires_grad_(v.is_floating_point()) for k, v in arguments.items()}
    found = calls.arrays_of(getattr(ops, name)(**leaves, **options))
    wanted = [leaf for leaf in leaves.values() if leaf.requires_grad]
    made = [f for f in found if isinstance(f, torch.Tensor) and f.requires_grad]
    if not made or not wanted:
        return found
    try:
        return found + list(torch.autograd.grad([f.nan_to_num().sum() for f in made], wanted, allow_unused=True))
    except RuntimeError as error:
        assert "no derivative" in str(error)  # noqa: PT017
        return found


@pytest.mark.parametrize("name", sorted(calls.CALLS))
def test_ops_give_the_same_with_the_twins(name, cuda_on_host):
    wanted = values_and_derivatives(name)
    with cuda_on_host():
        found = values_and_derivatives(name)
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5, equal_nan=True)


@pytest.mark.cuda
@pytest.mark.parametrize("name", sorted(calls.CALLS))
def test_ops_give_the_same_on_a_gpu(name):
    if not torch.cuda.is_available():
        pytest.skip("no GPU that torch can use")
    found = values_and_derivatives(name, "cuda")
    assert all(f.is_cuda for f in found if f is not None)
    torch.testing.assert_close(
        found, values_and_derivatives(name), rtol=1e-4, atol=1e-4, equal_nan=True, check_device=False
    )


def test_every_twin_belongs_to_an_operator(cuda_on_host):
    with cuda_on_host() as module:
        twins = {name for name in vars(module) if not name.startswith("_")}
    twins -= {"version", "device_count", "peak_bytes", "DeviceArray"}
    twins -= {
        f"{method}{how}"
        for method in ("sgm", "block_matching", "lucas_kanade", "track_points")
        for how in ("", "_arrays")
    }
    twins -= {"triangulate", "triangulate_arrays", "triangulate_views", "correct_matches"}
    assert "warp_features" in twins
    assert twins <= set(operators.SHAPES)


def test_tensors_of_two_devices_are_refused_by_name():
    with pytest.raises(ValueError, match=r"geomvision.warp_features: tensors are on cpu and meta; .* move them"):
        operators._device_of("warp_features", (torch.zeros(1), 3, torch.zeros(1, device="meta")))


def test_half_precisions_are_computed_in_single_and_given_back(cuda_on_host):
    image, displacement = torch.rand(1, 2, 5, 6), torch.rand(1, 2, 5, 6)
    wanted = ops.warp(image.half().float(), displacement.half().float(), outside="zero").half()
    with cuda_on_host():
        found = ops.warp(image.half(), displacement.half(), outside="zero")
    assert found.dtype == torch.float16
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-3)


def test_a_twin_takes_views_without_changing_them(cuda_on_host):
    image = torch.rand(1, 6, 5, 2).permute(0, 3, 2, 1)
    before = image.clone()
    displacement = torch.rand(1, 2, 5, 6).flip(3)
    with cuda_on_host():
        found = ops.warp(image, displacement, outside="border")
    torch.testing.assert_close(found, ops.warp(image.contiguous(), displacement.contiguous(), outside="border"))
    assert torch.equal(image, before)
