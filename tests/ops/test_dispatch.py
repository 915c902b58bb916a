"""How ops reach kernels: the gate, the kinds of arrays, and what runs where the C++ core is missing."""

import subprocess
import sys

import numpy as np
import pytest

from geomvision import ops, packages
from geomvision.ops import _dispatch

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("make", [lambda a: a[::-1, ::2], lambda a: a.T, lambda a: a.astype(">f4"), np.asfortranarray])
def test_the_gate_hands_over_contiguous_arrays_in_native_byte_order(make):
    given = make(np.arange(24, dtype=np.float32).reshape(4, 6))
    ready = _dispatch.kernel_ready(given)
    assert ready.flags.c_contiguous
    assert ready.dtype == np.float32
    np.testing.assert_array_equal(ready, given)


@pytest.mark.parametrize(
    ("given", "expected"), [(np.float16, np.float32), (np.longdouble, np.float64), (np.uint8, np.uint8)]
)
def test_the_gate_knows_the_dtypes_of_kernels(given, expected):
    assert _dispatch.kernel_ready(np.zeros(3, given)).dtype == expected


def test_a_tensor_is_told_from_an_array_without_importing_torch():
    class Derived(torch.Tensor):
        pass

    assert _dispatch.is_tensor(torch.zeros(1))
    assert _dispatch.is_tensor(torch.zeros(1).as_subclass(Derived))
    assert not _dispatch.is_tensor(np.zeros(1))
    code = "import sys, numpy as np; from geomvision import ops; ops.soft_argmin(np.zeros((1, 2, 3, 4), np.float32))"
    subprocess.run([sys.executable, "-c", f"{code}; assert 'torch' not in sys.modules"], check=True)


def test_without_the_core_the_twin_answers(monkeypatch):
    costs = np.random.default_rng(0).normal(size=(1, 5, 4, 6)).astype(np.float32)
    expected = ops.soft_argmin(costs)
    monkeypatch.setattr(packages, "has_core", lambda: False)
    monkeypatch.setitem(sys.modules, "geomvision._core", None)
    np.testing.assert_allclose(ops.soft_argmin(costs), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(ops.soft_argmin(torch.from_numpy(costs)).numpy(), expected, rtol=1e-5, atol=1e-5)


def test_negative_and_conjugate_views_of_tensors_are_resolved():
    costs = torch.randn(1, 3, 2, 2, dtype=torch.complex64).conj().imag  # its negative bit is set
    assert costs.is_neg()
    torch.testing.assert_close(ops.soft_argmin(costs), ops.soft_argmin(costs.clone()))


def test_tensors_use_as_many_threads_as_torch(monkeypatch):
    from geomvision import _core

    asked = []
    kernel = _core.soft_argmin
    monkeypatch.setattr(_core, "soft_argmin", lambda *a: (asked.append(a[-1]), kernel(*a))[1])
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        ops.soft_argmin(torch.zeros(1, 2, 3, 4))
        ops.soft_argmin(torch.zeros(1, 2, 3, 4), num_threads=2)
    finally:
        torch.set_num_threads(before)
    assert asked == [3, 2]


def test_an_op_does_not_load_the_compiler_of_torch_which_takes_two_seconds_and_half_a_gigabyte():
    code = (
        "import sys, torch\n"
        "from geomvision import ops\n"
        "costs = torch.randn(1, 3, 2, 2, requires_grad=True)\n"
        "found = ops.soft_argmin(costs)\n"
        "found.sum().backward()\n"
        "assert 'torch._dynamo' not in sys.modules\n"
        "seen = []\n"
        "def backend(graph, inputs):\n"
        "    seen.extend(str(node.target) for node in graph.graph.nodes if 'geomvision' in str(node.target))\n"
        "    return graph.forward\n"
        "compiled = torch.compile(ops.soft_argmin, backend=backend, fullgraph=True)\n"
        "torch.testing.assert_close(compiled(costs), found)\n"
        "torch.testing.assert_close(ops.soft_argmin(costs), found)\n"
        "print(seen)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['geomvision.soft_argmin.default']"


def test_a_function_that_breaks_into_graphs_calls_ops_between_them():
    class Stops(torch.nn.Module):
        def forward(self, costs):
            torch._dynamo.graph_break()
            return [ops.soft_argmin(costs), torch._dynamo.graph_break()][0] + 1

    costs, stops = torch.randn(1, 3, 2, 2), Stops()
    torch.testing.assert_close(torch.compile(stops, backend="eager")(costs), ops.soft_argmin(costs) + 1)


def test_the_first_use_of_an_op_may_be_inside_a_compiled_function():
    code = (
        "import torch\n"
        "from geomvision import ops\n"
        "compiled = torch.compile(lambda c: ops.soft_argmin(c), backend='aot_eager', fullgraph=True)\n"
        "print(compiled(torch.zeros(1, 3, 1, 1)).item())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1.0"


@pytest.mark.parametrize("there", [0, 1])
def test_tensors_on_two_devices_are_refused_where_shapes_alone_are_computed_too(there):
    pair = [torch.zeros(3, 4), torch.zeros(3, 4)]
    pair[there] = pair[there].to("meta")
    with pytest.raises(ValueError, match="absolute_differences: tensors are on cpu and meta; they must be on one"):
        ops.absolute_differences(*pair, max_disparity=2)
    assert ops.absolute_differences(*(each.to("meta") for each in pair), max_disparity=2).shape == (3, 4, 2)
