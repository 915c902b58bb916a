import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import ops

torch = pytest.importorskip("torch")
twin = pytest.importorskip("geomvision.ops._torch.convex_upsampling")


def test_equal_logits_give_the_mean_of_the_neighbours():
    coarse = np.arange(12, dtype=np.float32).reshape(1, 1, 3, 4)
    found = ops.convex_upsample(coarse, np.zeros((1, 36, 3, 4), np.float32), factor=2)
    wide = np.pad(coarse[0, 0], 1, mode="edge")
    means = sum(wide[dy : dy + 3, dx : dx + 4] for dy in range(3) for dx in range(3)) / 9
    np.testing.assert_allclose(found[0, 0], means.repeat(2, 0).repeat(2, 1), rtol=1e-6)


@pytest.mark.parametrize(("outside", "beyond"), [("border", 1.0), ("zero", 0.0)])
def test_a_large_logit_picks_its_neighbour_for_its_fine_pixel(outside, beyond):
    coarse = np.arange(1, 21, dtype=np.float64).reshape(1, 1, 4, 5)
    logits = np.zeros((1, 9, 2, 2, 4, 5))
    logits[:, 4] = 50  # itself
    logits[:, 4, 0, 1], logits[:, 0, 0, 1] = 0, 50  # above and to the left
    fine = ops.convex_upsample(coarse, logits.reshape(1, 36, 4, 5), factor=2, outside=outside)[0, 0]
    np.testing.assert_allclose(fine[1::2], coarse[0, 0].repeat(2, 1), rtol=1e-12)
    np.testing.assert_allclose(fine[2::2, 3::2], coarse[0, 0, :-1, :-1], rtol=1e-12)
    np.testing.assert_allclose(fine[0, 1], beyond, atol=1e-12)


def test_dilated_neighbours_spread_far():
    coarse = np.zeros((1, 1, 1, 40), np.float32)
    coarse[..., 20] = 1
    logits = np.full((1, 9, 1, 40), -60, np.float32)
    logits[:, 5] = 0  # to the right
    found = ops.convex_upsample(coarse, logits, factor=1, dilation=6)
    np.testing.assert_allclose(found, np.roll(coarse, -6, 3), atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), dilation=st.integers(1, 5))
def test_a_constant_stays_one_and_no_value_leaves_its_neighbours(seed, dilation):
    rng = np.random.default_rng(seed)
    coarse, logits = rng.random((2, 1, 7, 23), np.float32), rng.normal(size=(2, 81, 7, 23)).astype(np.float32)
    flat = ops.convex_upsample(np.full_like(coarse, 7), logits, factor=3, dilation=dilation)
    np.testing.assert_allclose(flat, 7, rtol=1e-6)
    fine = ops.convex_upsample(coarse, logits, factor=3, dilation=dilation)
    wide = np.pad(coarse, ((0, 0), (0, 0), (dilation,) * 2, (dilation,) * 2), mode="edge")
    steps = (0, dilation, 2 * dilation)
    around = np.stack([wide[:, :, dy : dy + 7, dx : dx + 23] for dy in steps for dx in steps])
    low, high = (found.repeat(3, 2).repeat(3, 3) for found in (around.min(axis=0), around.max(axis=0)))
    assert ((low - 1e-6 <= fine) & (fine <= high + 1e-6)).all()


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_kernel_equals_its_twin_on_any_size_and_number_of_threads(data):
    draw = lambda least, most: data.draw(st.integers(least, most))  # noqa: E731
    batch, channels, height, width = draw(0, 2), draw(0, 3), draw(0, 6), draw(0, 40)
    factor, dilation, dtype = draw(1, 4), draw(1, 7), data.draw(st.sampled_from([np.float32, np.float64, np.float16]))
    rng = np.random.default_rng(draw(0, 99))
    coarse = rng.normal(0, 20, (batch, channels, height, width)).astype(dtype)
    logits = rng.normal(0, 3, (batch, 9 * factor**2, height, width)).astype(dtype)
    options = {"factor": factor, "dilation": dilation, "outside": data.draw(st.sampled_from(["border", "zero"]))}
    found = ops.convex_upsample(coarse, logits, num_threads=1, **options)
    assert found.dtype == dtype
    np.testing.assert_array_equal(ops.convex_upsample(coarse, logits, num_threads=3, **options), found)
    given_ = [torch.from_numpy(each.astype(np.float64)) for each in (coarse, logits)]
    expected = twin._twin(*given_, factor, dilation, options["outside"] == "border", 0).numpy()
    np.testing.assert_allclose(found, expected, rtol=2e-3 if dtype == np.float16 else 1e-5, atol=1e-3)


def test_operator(assert_operator, assert_compiles):
    random = torch.Generator().manual_seed(0)
    coarse, logits = torch.randn(2, 2, 5, 20, generator=random), torch.randn(2, 36, 5, 20, generator=random)
    operator = torch.ops.geomvision.convex_upsample.default
    assert_operator(operator, twin._twin, coarse, logits, 2, 1, True, 0)
    leaves = coarse.requires_grad_(), logits.requires_grad_()
    assert_operator(operator, twin._twin, *leaves, 2, 3, False, 0)
    assert_compiles(lambda c, g: ops.convex_upsample(c, g, factor=2), *leaves, rtol=1e-4)


def test_derivatives():
    random = torch.Generator().manual_seed(1)
    leaves = [torch.randn(1, n, 3, 4, generator=random, dtype=torch.float64, requires_grad=True) for n in (2, 36)]
    assert torch.autograd.gradcheck(lambda c, g: ops.convex_upsample(c, g, factor=2, outside="zero"), leaves)


COARSE, LOGITS = np.zeros((1, 2, 4, 5), np.float32), np.zeros((1, 36, 4, 5), np.float32)


@pytest.mark.parametrize(
    ("coarse", "logits", "options", "kind", "message"),
    [
        (COARSE[0], LOGITS, {}, ValueError, r"coarse has shape \(2, 4, 5\); it must be \(B, C, h, w\)"),
        (COARSE, LOGITS, {"factor": 3}, ValueError, r"logits has shape \(1, 36, 4, 5\); it must be \(1, 81, 4, 5\)"),
        (COARSE, LOGITS[..., :4], {}, ValueError, r"must be \(1, 36, 4, 5\)"),
        (COARSE, LOGITS.astype(np.float64), {}, TypeError, "they must have one dtype"),
        (COARSE, LOGITS, {"factor": 0}, ValueError, "factor is 0; allowed is between 1 and 64"),
        (COARSE, LOGITS, {"dilation": 65}, ValueError, "dilation is 65; allowed is between 1 and 64"),
        (COARSE, LOGITS, {"outside": "nan"}, ValueError, "outside is 'nan'; allowed"),
    ],
)
def test_what_cannot_be_upsampled_is_told(coarse, logits, options, kind, message):
    with pytest.raises(kind, match=message):
        ops.convex_upsample(coarse, logits, **{"factor": 2, **options})
