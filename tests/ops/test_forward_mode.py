"""Derivatives that `torch.func` asks for: in forward mode torch takes them for 0 where an operator knows none."""

import pytest

from geomvision import ops

torch = pytest.importorskip("torch")
#: Torch's own, where forward mode is used for the first time.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")


def random(*shape: int, low: float = -1.0, high: float = 1.0, seed: int = 0):
    generator = torch.Generator().manual_seed(seed + sum(shape))
    found = torch.rand(*shape, dtype=torch.float64, generator=generator) * (high - low) + low
    return found.requires_grad_()


LEFT, RIGHT = random(1, 4, 3, 5), random(1, 4, 3, 5, seed=1)
CASES = {
    "warp": (lambda i, f: ops.warp(i, f, outside="zero"), LEFT, random(1, 2, 3, 5, low=-0.7, high=1.3)),
    "bicubic": (lambda i, f: ops.warp(i, f, mode="bicubic", outside="border"), LEFT, random(1, 2, 2, 3)),
    "splat": (ops.splat, LEFT, random(1, 2, 3, 5)),
    "soft_argmin": (lambda c: ops.soft_argmin(c, first=-2.0), LEFT),
    "upsampled_soft_argmin": (lambda c: ops.upsampled_soft_argmin(c, scale=2), random(1, 3, 2, 3)),
    "difference_volume": (lambda a, b: ops.difference_volume(a, b, max_disparity=7), LEFT, RIGHT),
    "concatenated_volume": (lambda a, b: ops.concatenated_volume(a, b, max_disparity=2), LEFT, RIGHT),
    "group_wise_volume": (lambda a, b: ops.group_wise_volume(a, b, max_disparity=2, groups=2), LEFT, RIGHT),
    "local_correlation": (lambda a, b: ops.local_correlation(a, b, radius=2, dilation=2), LEFT, RIGHT),
    "all_pairs_correlation": (ops.all_pairs_correlation, LEFT, RIGHT),
    "correlation_lookup": (
        lambda a, b, c: ops.correlation_lookup(a, b, c, radius=1, levels=2),
        LEFT,
        RIGHT,
        random(1, 2, 3, 5, low=0.0, high=4.0),
    ),
    "correlation_lookup_1d": (
        lambda a, b, x: ops.correlation_lookup_1d(a, b, x, radius=1, levels=2),
        LEFT,
        RIGHT,
        random(1, 3, 5, low=0.0, high=4.0),
    ),
    "CorrelationLookup1D": (
        lambda a, b, x: ops.CorrelationLookup1D(a, b, radius=1, levels=2)(x),
        LEFT,
        RIGHT,
        random(1, 3, 5, low=0.0, high=4.0, seed=1),
    ),
    "absolute_differences": (
        lambda a, b: torch.nan_to_num(ops.absolute_differences(a, b, max_disparity=2), posinf=0.0),
        random(3, 5),
        random(3, 5, seed=1),
    ),
    "convex_upsample": (lambda c, w: ops.convex_upsample(c, w, factor=2), random(1, 2, 3, 2), random(1, 36, 3, 2)),
    "convolution": (ops.convolution, LEFT, random(3, 4, 3, 3), random(3), random(1, 3, 3, 5)),
}


@pytest.mark.parametrize("name", list(CASES))
def test_forward_mode_is_the_slope(name: str):
    function, *leaves = CASES[name]
    assert torch.autograd.gradcheck(function, leaves, atol=1e-5, check_forward_ad=True, check_backward_ad=False)


def test_warping_by_one_pixel_moves_the_tangent_by_one_pixel():
    image, tangent = torch.rand(1, 1, 2, 4), torch.tensor([[1.0, 2, 3, 4], [5, 6, 7, 8]])[None, None]
    step = torch.zeros(1, 2, 2, 4)
    step[:, 0] = 1.0
    _, moved = torch.func.jvp(lambda i: ops.warp(i, step, outside="zero"), (image,), (tangent,))
    assert moved[0, 0].tolist() == [[2, 3, 4, 0], [6, 7, 8, 0]]


def test_jacobians_of_both_modes_agree():
    costs = torch.arange(6.0).view(1, 3, 1, 2)
    backward = torch.autograd.functional.jacobian(ops.soft_argmin, costs)
    torch.testing.assert_close(torch.func.jacfwd(ops.soft_argmin)(costs), backward)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(costs, torch.ones_like(costs))
        tangent = torch.autograd.forward_ad.unpack_dual(ops.soft_argmin(dual)).tangent
    torch.testing.assert_close(tangent, torch.zeros(1, 1, 2), atol=1e-6, rtol=0)  # a shift of all costs changes nothing


@pytest.mark.parametrize("op", [lambda v: ops.winner_takes_all(v).disparity, ops.median])
def test_an_op_without_a_derivative_says_so_in_forward_mode_too(op):
    volume = torch.rand(3, 4, 5)
    for asked in (lambda: torch.func.jvp(op, (volume,), (volume,)), lambda: torch.func.jacrev(op)(volume)):
        with pytest.raises(RuntimeError, match="has no derivative: detach what you give it"):
            asked()


@pytest.mark.parametrize("name", list(CASES))
def test_gradients_of_functions_are_those_of_tensors(name: str):
    """`torch.func.grad` follows no operator made in Python, and said so in words of its own."""
    function, *leaves = CASES[name]
    expected = torch.autograd.grad(function(*leaves).square().sum(), leaves)
    apart = [leaf.detach() for leaf in leaves]

    def total(*values):
        return function(*values).square().sum()

    of_all = tuple(range(len(apart)))
    torch.testing.assert_close(torch.func.grad(total, of_all)(*apart), expected)
    each = torch.func.vmap(torch.func.grad(total, of_all))(*(torch.stack([value, value]) for value in apart))
    torch.testing.assert_close([pair[1] for pair in each], list(expected))


@pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")
def test_a_prepared_lookup_is_mapped_over_columns():
    features = LEFT.detach()
    lookup = ops.CorrelationLookup1D(features, features, radius=1, levels=2)
    columns = torch.arange(30.0, dtype=torch.float64).view(2, 1, 3, 5) % 7
    torch.testing.assert_close(torch.func.vmap(lookup)(columns), torch.stack([lookup(each) for each in columns]))


def test_slopes_of_mapped_ops():
    costs = torch.arange(6.0).view(1, 1, 3, 1, 2)
    mapped = torch.func.vmap(ops.soft_argmin)
    _, along = torch.func.jvp(mapped, (costs,), (torch.ones_like(costs),))
    torch.testing.assert_close(along, torch.zeros(1, 1, 1, 2), atol=1e-6, rtol=0)
    slope = torch.func.grad(lambda c: mapped(c).sum())(costs)
    torch.testing.assert_close(slope[0], torch.func.grad(lambda c: ops.soft_argmin(c).sum())(costs[0]))
