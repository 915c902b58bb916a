"""Every op, called as strangers do: arrays of any layout, numbers of any type, NaN anywhere."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from geomvision import ops, packages

RNG = np.random.default_rng(0)


def real(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def grey(*shape):
    return RNG.integers(0, 256, shape, np.uint8)


FEATURES = real(1, 4, 5, 6), real(1, 4, 5, 6)
PAIR = real(5, 6), real(5, 6)
#: A good call of each op: arrays, and every option.
CALLS = {
    "absolute_differences": (PAIR, {"max_disparity": 4, "min_disparity": -1}),
    "all_pairs_correlation": (FEATURES, {}),
    "all_pairs_correlation_1d": (FEATURES, {}),
    "birchfield_tomasi": (PAIR, {"max_disparity": 4, "min_disparity": -1}),
    "box_aggregation": ((real(5, 6, 7),), {"window": 3, "mean": True}),
    "census": (PAIR, {"max_disparity": 4, "min_disparity": -1, "window": "5x5"}),
    "census_transform": (PAIR[:1], {"window": "9x7"}),
    "concatenated_volume": (FEATURES, {"max_disparity": 3}),
    "convex_upsample": ((real(1, 2, 5, 6), real(1, 36, 5, 6)), {"factor": 2, "dilation": 1, "outside": "border"}),
    "convolution": (
        (real(1, 4, 5, 6), real(3, 4, 3, 3), real(3), real(1, 3, 3, 3)),
        {"stride": 2, "dilation": 1, "relu": True, "precision": "float32"},
    ),
    "correlation_features": (FEATURES[:1], {"levels": 2}),
    "correlation_lookup": ((*FEATURES, real(1, 2, 5, 6)), {"radius": 1, "levels": 2}),
    "correlation_lookup_1d": ((*FEATURES, real(1, 5, 6)), {"radius": 1, "levels": 2}),
    "correlation_pyramid": ((real(1, 4, 5, 8, 8),), {"levels": 2}),
    "correlation_pyramid_1d": ((real(1, 4, 5, 8),), {"levels": 2}),
    "correlation_volume": (FEATURES, {"max_disparity": 3}),
    "cost_volume_2d": (PAIR, {"radius": 1, "cost": "absolute"}),
    "cross_aggregation": ((grey(5, 6, 7), ops.cross_arms(grey(5, 6))), {"first": "rows"}),
    "cross_arms": ((grey(5, 6),), {"arm": 3, "threshold": 20.0, "inner": 2, "outer_threshold": 6.0, "colour": False}),
    "difference_volume": (FEATURES, {"max_disparity": 3}),
    "fast_global_smoothing": (PAIR, {"lambda_": 10.0, "sigma": 5.0, "iterations": 2}),
    "fill_background": (PAIR[:1], {}),
    "nearest_known": (PAIR[:1], {}),
    "group_wise_volume": (FEATURES, {"max_disparity": 3, "groups": 2}),
    "guided_aggregation": ((real(5, 6, 3), PAIR[0]), {"radius": 1, "epsilon": 0.1}),
    "guided_filter": (PAIR, {"radius": 1, "epsilon": 0.1}),
    "left_right_check": (PAIR, {"tolerance": 1.0}),
    "local_correlation": (FEATURES, {"radius": 1, "stride": 1, "dilation": 1}),
    "median": (PAIR[:1], {"size": 3}),
    "ncc": (PAIR, {"max_disparity": 4, "min_disparity": -1, "window": 3}),
    "propagate_planes": (
        (*(np.abs(each) * 50 for each in PAIR), real(5, 6, 3), real(5, 6, 3)),
        {"max_disparity": 4, "min_disparity": 0, "iteration": 0, "window": 3, "step": 1, "gamma": 10.0, "alpha": 0.5}
        | {"tau_colour": 10.0, "tau_gradient": 2.0, "max_slope": 0.5, "seed": 0},
    ),
    "right_winners": ((real(5, 6, 7),), {"first": 0}),
    "sgm_paths": ((grey(5, 6, 7) // 4, grey(5, 6)), {"paths": 8, "p1": 10, "p2": 100}),
    "soft_argmin": (FEATURES[:1], {"first": 0.0}),
    "speckle": (PAIR[:1], {"size": 3, "range": 1.0}),
    "splat": ((PAIR[0], real(5, 6, 2)), {"mode": "average", "holes": "nan"}),
    "squared_differences": (PAIR, {"max_disparity": 4, "min_disparity": -1}),
    "subpixel": ((real(5, 6, 7), np.rint(np.abs(PAIR[0]))), {"first": 0, "fit": "parabola"}),
    "upsampled_soft_argmin": (FEATURES[:1], {"scale": 2, "first": 0.0}),
    "warp": ((PAIR[0], real(5, 6, 2)), {"mode": "bilinear", "outside": "nan", "return_valid": False}),
    "warp_by_disparity": (PAIR, {"mode": "bilinear", "outside": "nan"}),
    "winner_takes_all": ((real(5, 6, 7),), {"first": 0}),
    "zncc": (PAIR, {"max_disparity": 4, "min_disparity": -1, "window": 3}),
}
#: Ops of other arguments than arrays and options.
ASIDE = {"CorrelationLookup", "CorrelationLookup1D", "Winners", "pyramid_lookup", "pyramid_lookup_1d", "uniqueness"}
#: numpy and torch do the work, or the volume is given back as it came.
THREADLESS = {"all_pairs_correlation", "all_pairs_correlation_1d", "correlation_pyramid", "correlation_pyramid_1d"}


def numbered(options):
    return [(name, value) for name, value in options.items() if type(value) in (int, float, bool)]


def arrays_of(result):
    return list(result) if isinstance(result, tuple | list) else [result]


def call(name, arrays, options):
    return arrays_of(getattr(ops, name)(*arrays, **options))


def tensors_of(name):
    """The arrays of a call, by the names of the op's arguments, as tensors."""
    import torch

    tensors = [torch.from_numpy(array.copy()) for array in CALLS[name][0]]
    if name in ("warp", "splat"):
        tensors = [tensors[0][None, None], tensors[1].permute(2, 0, 1)[None]]
    elif name == "warp_by_disparity":
        tensors = [tensors[0][None, None], tensors[1][None]]
    return dict(zip(inspect.signature(getattr(ops, name)).parameters, tensors, strict=False))


def unaligned(array):
    room = np.zeros(array.nbytes + 1, np.uint8)
    view = room[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


def mirrored(array):
    back = (slice(None, None, -1),) * array.ndim
    return np.ascontiguousarray(array[back])[back]


def frozen(array):
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def with_gaps(array):
    return np.repeat(array, 2, -1)[..., ::2]


def big_endian(array):
    return array.astype(array.dtype.newbyteorder(">"))


LAYOUTS = [unaligned, mirrored, frozen, with_gaps, big_endian, np.asfortranarray]


def test_every_op_is_called_here():
    assert set(CALLS) | ASIDE == set(ops.__all__)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
@pytest.mark.parametrize("name", CALLS)
def test_any_layout_gives_the_same_and_stays_as_it_is(name, layout):
    arrays, options = CALLS[name]
    given = [layout(array) for array in arrays]
    tolerance = 1e-6 if name.startswith("all_pairs") else 0  # numpy's own matrix product
    for found, expected in zip(call(name, given, options), call(name, arrays, options), strict=True):
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
    for array, before in zip(given, arrays, strict=True):
        np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize("name", CALLS)
def test_what_is_no_plain_array_is_refused_by_name(name):
    arrays, options = CALLS[name]
    owner = f"^({name}|warp): "
    for i, array in enumerate(arrays):
        hidden = np.ma.masked_array(array, np.ones(array.shape, bool))
        for wrong in (hidden, array.tolist(), array.astype(complex), array.astype(object), array.astype("S4")):
            with pytest.raises(TypeError, match=owner):
                call(name, [*arrays[:i], wrong, *arrays[i + 1 :]], options)


@pytest.mark.parametrize("name", CALLS)
def test_numbers_of_numpy_are_taken_and_others_refused_by_name(name):
    arrays, options = CALLS[name]
    expected = call(name, arrays, options)
    threads = {} if name in THREADLESS else {"num_threads": 0}
    for option, value in numbered({**options, **threads}):
        kinds = {int: (np.int64, np.int16), float: (np.float32, np.float64), bool: (np.bool_,)}[type(value)]
        for kind in kinds:
            for found, same in zip(call(name, arrays, {**options, option: kind(value)}), expected, strict=True):
                np.testing.assert_allclose(found, same, rtol=1e-6, atol=1e-6)
        wrong = [None, "1", [value], 1j] + ([1.5, np.nan, True, 10**30] if type(value) is int else [])
        if type(value) is float:
            wrong += [np.nan, True]
        if option == "scale":  # one of two
            wrong.remove(None)
        for each in wrong:
            with pytest.raises((TypeError, ValueError), match=rf"^({name}|warp): .*{option}"):
                call(name, arrays, {**options, option: each})
    if threads:
        for wrong in (-1, 1025):
            with pytest.raises(ValueError, match=rf"num_threads is {wrong}; allowed is 0 \(all cores\) to 1024"):
                call(name, arrays, {**options, "num_threads": wrong})


def spoilable():
    """Calls and their first or last array, where it can hold NaN and the answer to that is said."""
    refused, elsewhere = {"propagate_planes"}, {"warp_by_disparity"} | THREADLESS
    open_beyond_the_border = {("local_correlation", 0)}
    cases = {(name, where) for name in set(CALLS) - refused - elsewhere for where in (0, -1)}
    return sorted(case for case in cases - open_beyond_the_border if CALLS[case[0]][0][case[1]].dtype == np.float32)


@pytest.mark.parametrize(("name", "where"), spoilable())
def test_twins_answer_nan_as_kernels_do(name, where, monkeypatch):
    pytest.importorskip("torch")
    arrays, options = CALLS[name]
    spoilt = [array.copy() for array in arrays]
    spoilt[where].flat[:: max(2, spoilt[where].size // 3)] = np.nan
    expected = call(name, spoilt, options)
    monkeypatch.setattr(packages, "has_core", lambda: False)
    for found, same in zip(call(name, spoilt, options), expected, strict=True):
        np.testing.assert_allclose(found, same, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", CALLS)
def test_twins_have_the_slopes_of_kernels(name, monkeypatch):
    torch = pytest.importorskip("torch")

    def slopes():
        tensors = [t.requires_grad_(t.is_floating_point()) for t in tensors_of(name).values()]
        total = sum(r.nan_to_num().square().sum() for r in call(name, tensors, CALLS[name][1]) if r.requires_grad)
        try:
            return torch.autograd.grad(total, [t for t in tensors if t.requires_grad], allow_unused=True)
        except (RuntimeError, TypeError) as refused:  # no derivative, or integers
            return {str(refused): torch.zeros(0)}

    expected = slopes()
    monkeypatch.setattr(packages, "has_core", lambda: False)
    torch.testing.assert_close(slopes(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", CALLS)
def test_tensors_of_any_layout_give_the_same_and_sparse_ones_are_refused(name):
    torch = pytest.importorskip("torch")
    options, tensors = CALLS[name][1], list(tensors_of(name).values())
    expected = call(name, tensors, options)
    for layout in (
        lambda t: t.transpose(-1, -2).contiguous().transpose(-1, -2) if t.ndim > 1 else t.repeat(2).view(2, -1)[1],
        lambda t: t[None].expand(2, *t.shape)[1],
        lambda t: torch._neg_view(-t) if t.is_floating_point() else t,
    ):
        given = [layout(tensor) for tensor in tensors]
        found, told = call(name, given, options), call(name, [each.to("meta") for each in given], options)
        torch.testing.assert_close(found, expected, equal_nan=True)
        assert [each.stride() for each in told] == [each.stride() for each in found]  # compiled code relies on it
    with pytest.raises(TypeError, match=rf"^({name}|warp): .*(dense|dtype)"):
        call(name, [tensors[0].to_sparse(), *tensors[1:]], options)


@pytest.mark.parametrize("name", CALLS)
def test_derivatives_are_those_of_the_page_and_none_is_made_up(name):
    torch = pytest.importorskip("torch")
    options = CALLS[name][1]
    leaves = {key: tensor.requires_grad_() for key, tensor in tensors_of(name).items() if tensor.is_floating_point()}
    asked = [result for result in call(name, (tensors_of(name) | leaves).values(), options) if result.requires_grad]
    found = []
    if asked:
        total = sum(result.nan_to_num().square().sum() for result in asked)
        try:
            first = torch.autograd.grad(total, leaves.values(), create_graph=True, allow_unused=True)
            found = [key for key, derivative in zip(leaves, first, strict=True) if derivative is not None]
            again = sum(derivative.square().sum() for derivative in first if derivative is not None)
            torch.autograd.grad(again, leaves.values(), allow_unused=True)
        except RuntimeError as error:
            what = "no second derivative" if found else "no derivative"
            assert re.match(rf"geomvision\.\w+ has {what}: detach", str(error))  # noqa: PT017
    page = (Path(__file__).parents[2] / "docs" / "ops.md").read_text()
    column = re.search(rf"^\| `{name}` \|(?:\\\||[^|])*\|[^|]*\|([^|]*)\|", page, re.MULTILINE)
    assert column
    said = column[1].strip().split(", ")
    assert (found or ["–"]) == [key for key in said if key != "importance"]  # which mode "softmax" alone takes


def test_no_op_takes_a_masked_pyramid_or_what_are_no_winners():
    volume, at = real(1, 4, 5, 8, 8), real(1, 2, 4, 5)
    for wrong in (None, [1.0], at[0], at.astype(complex)):
        with pytest.raises((TypeError, ValueError), match=r"^pyramid_lookup: coordinates"):
            ops.pyramid_lookup([volume], wrong)
    with pytest.raises(TypeError, match=r"winners is tuple; it must be a geomvision\.ops\.Winners"):
        ops.uniqueness((at, at, at))


def test_a_disparity_of_any_real_dtype_warps_to_the_left():
    ramp = np.tile(np.arange(40, dtype=np.float32), (3, 1))
    for dtype in (np.bool_, np.uint8, np.int8, np.uint16, np.int64, np.float16, np.float64):
        disparity = np.ones((3, 40), dtype) * dtype(1 if dtype is np.bool_ else 5)
        warped = ops.warp_by_disparity(ramp, disparity)
        np.testing.assert_array_equal(warped[:, 5:], ramp[:, 5:] - disparity[0, 0])
