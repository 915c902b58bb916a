import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision.nets.flow_refiner import KINDS, KNOWN, OTHER, FlowRefiner, bent, kinds

SMALL = {"width": 8, "wide": 8, "hidden": 8, "looks": (2, 1)}


@pytest.fixture(scope="module")
def net():
    """A net whose weights are not at their plain start, so that every path carries something."""
    with torch.random.fork_rng():
        torch.manual_seed(4)
        net = FlowRefiner(**SMALL)
        for parameter in net.parameters():
            parameter.data += 0.05 * torch.randn_like(parameter)
    return net.eval()


def inputs(height, width, seed=0, batch=1, names=("tvl1", "lucas_kanade")):
    generator = torch.Generator().manual_seed(seed)
    images0, images1 = 255 * torch.rand(2, batch, 3, height, width, generator=generator)
    answers = 3 * torch.randn(batch, len(names), 2, height, width, generator=generator)
    back = 3 * torch.randn(batch, 2, height, width, generator=generator)
    return images0, images1, answers, kinds(names).expand(batch, -1, -1), back


def refined(net, *arguments):
    with torch.inference_mode():
        return net(*arguments)


def test_the_shipped_size_stays_small():
    assert sum(parameter.numel() for parameter in FlowRefiner().parameters()) <= 600_000


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 4))
def test_any_size_and_any_number_of_answers(net, height, width, count):
    result = refined(net, *inputs(height, width, names=("tvl1",) * count))
    assert result.flow.shape == result.mixed.shape == result.coarse[-1].shape == (1, 2, height, width)
    assert result.confidence.shape == result.occluded.shape == (1, 1, height, width)
    assert result.candidates.shape == (1, count + 1, 2, height, width)
    assert result.flow.isfinite().all()


def test_the_answer_stays_within_a_pixel_of_the_candidates(net):
    result = refined(net, *inputs(60, 75))
    for component in range(2):
        candidates = result.candidates[:, :, component]
        assert result.flow[:, component].min() >= candidates.min() - 1
        assert result.flow[:, component].max() <= candidates.max() + 1
    torch.testing.assert_close(result.weights.sum(dim=1), torch.ones(1, 60, 75))


@pytest.mark.parametrize("count", [1, 3])
def test_what_all_answer_alike_stays_before_anything_is_learnt(count):
    """Weights of heads that are 0 correct nothing: whatever is mixed and spread of one constant flow is that flow."""
    torch.manual_seed(0)
    net = FlowRefiner(**SMALL).eval()
    for head in (net.heads, net.choice, net.twice, net.fourfold):
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.zeros_(head.bias)
    constant = torch.tensor([3.25, -1.5]).view(1, 1, 2, 1, 1)
    images0, images1, _, told, back = inputs(50, 70, names=("tvl1",) * count)
    result = refined(net, images0, images1, constant.expand(1, count, 2, 50, 70), told, back)
    torch.testing.assert_close(result.flow, constant[:, 0].expand(1, 2, 50, 70), atol=1e-5, rtol=0)


def test_a_choice_that_is_sure_hands_on_the_answer_it_takes():
    """With all weight on one answer, and none spread, that answer comes out, to the bit."""
    torch.manual_seed(0)
    net = FlowRefiner(**SMALL).eval()
    images0, images1, answers, told, back = inputs(40, 56, names=("tvl1",))
    for head in (net.heads, net.choice):
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.zeros_(head.bias)
    net.heads.bias.data[[4 * (9 * step + 4) + phase for step in range(2) for phase in range(4)]] = 200.0
    net.unit.change.weight.data.zero_()
    net.choice.forward = lambda judged: torch.tensor([500.0, 0.0]).view(2, 1, 1, 1).expand(2, 4, *judged.shape[2:])
    assert torch.equal(refined(net, images0, images1, answers, told, back).flow, answers[:, 0])


def test_the_order_of_answers_beside_the_base_does_not_matter(net):
    names = ("inverse_search", "tvl1", "pwc_small")
    images0, images1, answers, told, back = inputs(48, 64, names=names)
    expected = refined(net, images0, images1, answers, told, back)
    order = [0, 2, 1]
    other = refined(net, images0, images1, answers[:, order], told[:, order], back)
    torch.testing.assert_close(other.flow, expected.flow, atol=2e-4, rtol=0)
    torch.testing.assert_close(other.weights[:, [0, 2, 1, 3]], expected.weights, atol=2e-4, rtol=0)


def test_a_sample_does_not_depend_on_its_batch(net):
    batch = inputs(33, 41, batch=3)
    together = refined(net, *batch).flow
    alone = refined(net, *(part[1:2] for part in batch)).flow
    torch.testing.assert_close(together[1:2], alone, atol=2e-4, rtol=0)


def test_methods_are_known_by_name_and_all_others_are_alike():
    told = kinds(("tvl1", "horn_schunck", "", "inverse_search"))
    assert told.shape == (1, 4, KINDS)
    assert told.sum(dim=2).tolist() == [[1, 1, 1, 1]]
    assert told[0].argmax(dim=1).tolist() == [KNOWN.index("tvl1"), OTHER, OTHER, KNOWN.index("inverse_search")]


def test_differences_are_bent_and_keep_their_sign():
    given_ = torch.tensor([-1e9, -4.0, -0.01, 0.0, 0.01, 4.0, 1e9])
    torch.testing.assert_close(bent(given_), torch.tensor([-4.0, -2.0, -0.00997506, 0.0, 0.00997506, 2.0, 4.0]))


def test_gradients_reach_every_parameter(net):
    result = net(*inputs(64, 64))
    (sum(step.mean() for step in (result.flow, *result.coarse)) + result.confidence.mean()).backward()
    without = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert without == []
    net.zero_grad()
