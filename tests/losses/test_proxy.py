import numpy as np
import pytest
import torch

from geomvision import datasets, stereo
from geomvision.losses.disparity_supervised import regression
from geomvision.losses.proxy import proxy_targets
from geomvision.results import Depth, Disparity, RelativeDepth


def test_only_what_is_sure_seen_and_there_is_a_target():
    px = np.array([[1, 2, np.nan, 4, 5]], np.float32)
    confidence = np.array([[0.9, 0.2, 0.9, 0.3, 0.8]], np.float32)
    occluded = np.array([[False, False, False, False, True]])
    truth, weight = proxy_targets(Disparity(px=px, confidence=confidence, occluded=occluded))
    np.testing.assert_array_equal(truth.numpy(), np.array([[[[1, np.nan, np.nan, 4, np.nan]]]], np.float32))
    np.testing.assert_array_equal(weight.numpy(), np.array([[[[0.9, 0, 0, 0.3, 0]]]], np.float32))
    found = regression(torch.tensor([[[[3.0, 9, 9, 5, 9]]]]), truth, norm="l1", weight=weight)
    assert found.item() == pytest.approx((0.9 * 2 + 0.3 * 1) / 1.2)
    everything, _ = proxy_targets(Disparity(px=px, confidence=np.array([[0.9, 0.2, 0, 0, 0]], np.float32)), least=0)
    assert everything.isfinite().flatten().tolist() == [True, True, False, False, False]  # 0 says that nothing is known


def test_depth_with_and_without_metres_is_taken():
    values, confidence = np.array([[1, 2, np.nan]], np.float32), np.array([[0.9, 0.2, 0.9]], np.float32)
    relative = RelativeDepth(values=values, kind="depth_scale", confidence=confidence)
    for estimate in (Depth(m=values, confidence=confidence), relative):
        truth, weight = proxy_targets(estimate)
        np.testing.assert_array_equal(truth[0, 0].numpy(), np.array([[1, np.nan, np.nan]], np.float32))
        np.testing.assert_array_equal(weight[0, 0].numpy(), np.array([[0.9, 0, 0]], np.float32))


def test_targets_are_truer_than_the_map_they_come_from():
    pair = datasets.Synthetic.hard(seed=41, height=96, width=160, max_disparity=32)[0]
    found = stereo.SGM(max_disparity=32)(pair.left, pair.right)
    truth, _ = proxy_targets(found)
    wrong = ~(np.abs(found.px - pair.disparity.px) <= 2) & np.isfinite(pair.disparity.px)
    kept = truth[0, 0].isfinite().numpy()
    assert kept.mean() > 0.2
    assert wrong[kept].mean() < 0.5 * wrong[found.valid].mean()


def test_no_confidence_is_told():
    with pytest.raises(ValueError, match="the estimate has no confidence; take a method that gives it"):
        proxy_targets(Disparity(px=np.ones((2, 3), np.float32)))
    with pytest.raises(ValueError, match="least is -1"):
        proxy_targets(Disparity(px=np.ones((2, 3)), confidence=np.ones((2, 3))), least=-1)
