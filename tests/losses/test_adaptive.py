import math

import numpy as np
import pytest
import torch
from scipy import integrate, special

from geomvision.losses.adaptive import AdaptiveRobust, general_robust, log_partition

ERRORS = torch.linspace(-6, 6, 13, dtype=torch.float64)


def rho(x, alpha, c):
    """Barron's equation 13 with the limits that the paper names."""
    square = (x / c) ** 2
    named = {
        2.0: lambda: square / 2,
        0.0: lambda: math.log(square / 2 + 1),
        -math.inf: lambda: 1 - math.exp(-square / 2),
        math.inf: lambda: math.exp(square / 2) - 1,
    }
    if alpha in named:
        return named[alpha]()
    away = abs(alpha - 2)
    return away / alpha * ((square / away + 1) ** (alpha / 2) - 1)


@pytest.mark.parametrize("alpha", [2.0, 1.9, 1.0, 0.3, 0.0, -0.5, -2.0, -30.0, -math.inf, 3.5, math.inf])
def test_it_is_its_equation(alpha):
    expected = [rho(x, alpha, 2.5) for x in ERRORS.tolist()]
    np.testing.assert_allclose(general_robust(ERRORS, alpha, 2.5).numpy(), expected, rtol=1e-9, atol=1e-12)
    if math.isfinite(alpha):
        shape = torch.tensor(alpha, dtype=torch.float64)
        np.testing.assert_allclose(general_robust(ERRORS, shape, 2.5).numpy(), expected, rtol=2e-5, atol=1e-12)


def test_known_losses_are_its_members():
    x = ERRORS
    np.testing.assert_allclose(general_robust(x, 1.0), (x * x + 1).sqrt() - 1, atol=1e-12)
    np.testing.assert_allclose(general_robust(x, -2.0), 2 * x * x / (x * x + 4), atol=1e-12)
    near = general_robust(x, 1e-9)
    np.testing.assert_allclose(near, general_robust(x, 0.0), rtol=1e-7, atol=1e-9)
    assert (general_robust(x, 1.0) <= general_robust(x, 1.5)).all()  # the smaller, the less large errors count


@pytest.mark.parametrize("alpha", [0.0, 0.001, 0.25, 1.0, 1.7, 1.99, 2.0])
def test_the_partition_function_is_its_integral(alpha):
    closed = {0.0: math.pi * math.sqrt(2), 1.0: 2 * math.e * special.k1(1), 2.0: math.sqrt(2 * math.pi)}
    expected = closed.get(alpha)
    if expected is None:
        ends = ((0, 0.1), (0.1, 1), (1, 4), (4, 46))
        density = lambda u: math.exp(-rho(math.sinh(u), alpha, 1.0)) * math.cosh(u)  # noqa: E731
        expected = 2 * sum(integrate.quad(density, *each, epsabs=1e-13, epsrel=1e-12, limit=200)[0] for each in ends)
    shape = torch.tensor(alpha, dtype=torch.float64)
    assert log_partition(shape).item() == pytest.approx(math.log(expected), abs=1e-9)


def test_slopes(random):
    x, shape, scale = random((2, 3), -4, 4), random((1, 3), 0.1, 1.9), random((1, 3), 0.5, 2)
    inputs = [v.requires_grad_() for v in (x, shape, scale)]
    assert torch.autograd.gradcheck(general_robust, inputs)
    assert torch.autograd.gradcheck(log_partition, (inputs[1],))
    loss = AdaptiveRobust(3).double()
    assert torch.autograd.gradcheck(
        lambda e, a, c: torch.func.functional_call(loss, {"latent_shape": a, "latent_scale": c}, (e,)),
        (x, *(p.detach().clone().requires_grad_() for p in loss.parameters())),
    )
    for alpha in (0.0, 1e-6, 2.0):
        edge = torch.tensor(alpha, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.grad(general_robust(x.detach(), edge).sum(), edge)[0].isfinite()


def test_it_learns_the_distribution_that_errors_were_drawn_from():
    """The negative log-likelihood is least at the law of the errors: normal, and Cauchy's with scale √2 c."""
    rng = np.random.default_rng(2)
    errors = torch.from_numpy(np.stack([rng.normal(0, 3, 1500), 0.5 * math.sqrt(2) * rng.standard_cauchy(1500)], 1))
    loss = AdaptiveRobust(2).double()
    assert loss.shape.tolist() == pytest.approx([1, 1])
    assert loss.scale.tolist() == pytest.approx([1, 1])
    optimizer = torch.optim.LBFGS(loss.parameters(), max_iter=25, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        value = loss(errors).mean()
        value.backward()
        return value

    optimizer.step(closure)
    normal, cauchy = loss.shape.tolist()
    assert normal > 1.8
    assert cauchy < 0.15
    assert loss.scale.tolist() == pytest.approx([3, 0.5], rel=0.12)


def test_the_module_gives_minus_the_log_of_a_density():
    loss = AdaptiveRobust(shape=0.7, scale=2.0).double()
    u = np.linspace(0, 40, 4001)
    density = torch.exp(-loss(torch.from_numpy(np.sinh(u))[:, None])[:, 0]).detach().numpy()
    assert 2 * np.trapezoid(density * np.cosh(u), u) == pytest.approx(1, abs=1e-4)


def test_wrong_arguments_are_told():
    loss = AdaptiveRobust(3)
    for call, message in (
        (lambda: general_robust(ERRORS, math.nan), "shape is NaN"),
        (lambda: general_robust(ERRORS, torch.tensor([math.inf])), "shape holds NaN or infinite"),
        (lambda: general_robust(ERRORS, 1.0, 0.0), "scale is 0.0; it must be above 0"),
        (lambda: log_partition(torch.tensor([2.1])), "must be between 0 and 2"),
        (lambda: AdaptiveRobust(0), "channels is 0"),
        (lambda: AdaptiveRobust(shape=2.0), "shape is 2.0; it must be between 0.001 and 1.999"),
        (lambda: AdaptiveRobust(scale=-1.0), "they must be 0 < least < scale"),
        (lambda: loss(torch.zeros(2, 2)), r"error has shape \(2, 2\); it must be \(B, 3, …\)"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(TypeError, match=r"error is torch\.int64"):
        general_robust(torch.zeros(2, dtype=torch.int64), 1.0)


@pytest.mark.parametrize("shape", [1.5, 2.0, -math.inf, torch.tensor(0.7), torch.linspace(0, 1, 4)], ids=str)
@pytest.mark.parametrize("scale", [0.3, torch.full((4,), 0.5)], ids=str)
def test_it_is_one_graph_where_torch_compiles_it(shape, scale):
    """Tensors' values are not asked for there."""
    torch.compiler.reset()
    error = torch.linspace(-3, 3, 24).reshape(2, 3, 4)
    compiled = torch.compile(general_robust, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(error, shape, scale), general_robust(error, shape, scale))


def test_numbers_may_change_and_the_module_is_one_graph_too():
    torch.compiler.reset()
    error, learnt = torch.linspace(-3, 3, 24).reshape(2, 3, 4), AdaptiveRobust(3)
    compiled = torch.compile(general_robust, backend="aot_eager", fullgraph=True)
    for shape in (0.5, 1.0, 1.5, 2.0):
        torch.testing.assert_close(compiled(error, shape, 1.0), general_robust(error, shape, 1.0))
    torch.testing.assert_close(torch.compile(learnt, backend="aot_eager", fullgraph=True)(error), learnt(error))


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, torch.tensor([1.0, 0.0, 1.0, 1.0])], ids=str)
def test_a_scale_that_is_none_is_told(scale):
    with pytest.raises(ValueError, match=r"scale is .*; it must be above 0"):
        general_robust(torch.ones(2, 3, 4), 1.0, scale)
