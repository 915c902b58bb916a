"""What every op is held to, so that each test file states its own truth only."""

from __future__ import annotations

from contextlib import nullcontext, suppress

import pytest

CHECKS = ("test_schema", "test_faketensor", "test_autograd_registration", "test_aot_dispatch_dynamic")


@pytest.fixture(scope="session")
def places(request):
    """Where operators run: the CPU's kernels, their CUDA twins on the CPU where built, and a GPU where there is one."""
    torch = pytest.importorskip("torch")
    found = [(nullcontext, "cpu")]
    with suppress(pytest.skip.Exception):
        found.append((request.getfixturevalue("cuda_on_host"), "cpu"))
    return [*found, (nullcontext, "cuda")] if torch.cuda.is_available() else found


@pytest.fixture(scope="session")
def assert_operator(places):
    """Hold an operator to torch's own checks, and to its twin wherever it runs.

    assert_operator(torch.ops.geomvision.NAME, twin, *arguments, atol=…, rtol=…)
    """
    torch = pytest.importorskip("torch")

    def check(operator, twin, *arguments, rtol=1e-5, atol=1e-5):
        torch.library.opcheck(operator, arguments, test_utils=CHECKS)
        with torch.no_grad():
            wanted = twin(*arguments)
            for place, device in places:
                there = [a.to(device, copy=True) if isinstance(a, torch.Tensor) else a for a in arguments]
                with place():
                    found = operator(*there)
                torch.testing.assert_close(found, wanted, rtol=rtol, atol=atol, equal_nan=True, check_device=False)

    return check


@pytest.fixture(scope="session")
def assert_compiles():
    """Hold a function of tensors to `torch.compile` without graph breaks: equal results and equal derivatives."""
    torch = pytest.importorskip("torch")

    def check(function, *arguments, rtol=1e-5, atol=1e-5):
        compiled = torch.compile(function, backend="aot_eager", fullgraph=True)
        results = []
        for run in (function, compiled):
            leaves = [
                a.detach().clone().requires_grad_(a.requires_grad) if isinstance(a, torch.Tensor) else a
                for a in arguments
            ]
            result = run(*leaves)
            wanted = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor) and leaf.requires_grad]
            results.append((result, torch.autograd.grad(result.sum(), wanted) if wanted else ()))
        torch.testing.assert_close(results[1], results[0], rtol=rtol, atol=atol, equal_nan=True)

    return check
