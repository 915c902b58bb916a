"""What losses share: tensors of half precision, of more pixels than float16 can count."""

import pytest
import torch

from geomvision.losses import (
    affine_invariant,
    consistency,
    depth_gradients,
    depth_supervised,
    disparity_classified,
    disparity_supervised,
    epipolar,
    flow_supervised,
    left_right,
    photometric,
    smoothness,
    uncertainty,
)

SIZE = (2, 300, 300)  # 180,000 pixels; float16 ends at 65,504
GENERATOR = torch.Generator().manual_seed(0)
IMAGES = [255 * torch.rand(SIZE[0], 3, *SIZE[1:], generator=GENERATOR) for _ in range(2)]
FLOWS = [4 * torch.rand(SIZE[0], 2, *SIZE[1:], generator=GENERATOR) - 2 for _ in range(2)]
MAPS = [5 * torch.rand(SIZE[0], 1, *SIZE[1:], generator=GENERATOR) + 1 for _ in range(2)]
LOGITS = torch.randn(SIZE[0], 12, *SIZE[1:], generator=GENERATOR)
#: What is learnt, and the rest.
LOSSES = {
    "absolute": (photometric.absolute, *IMAGES),
    "ssim": (photometric.ssim, *IMAGES),
    "census": (photometric.census, *IMAGES),
    "second_order": (smoothness.second_order, FLOWS[0], IMAGES[0]),
    "forward_backward": (consistency.forward_backward, *FLOWS),
    "end_point_error": (flow_supervised.end_point_error, *FLOWS),
    "sequence_loss": (lambda flow, truth: flow_supervised.sequence_loss([flow, flow], truth), *FLOWS),
    "low_rank": (epipolar.low_rank, FLOWS[0]),
    "regression": (disparity_supervised.regression, *MAPS),
    "classification": (disparity_classified.classification, LOGITS, MAPS[0]),
    "left_right": (left_right.left_right, *MAPS),
    "berhu": (depth_supervised.berhu, *MAPS),
    "scale_invariant": (depth_supervised.scale_invariant, *MAPS),
    "silog": (depth_supervised.silog, *MAPS),
    "scale_invariant_l1": (depth_supervised.scale_invariant_l1, *MAPS),
    "gradient_matching": (depth_gradients.gradient_matching, *MAPS),
    "midas": (affine_invariant.midas, *MAPS),
    "laplace_nll": (uncertainty.laplace_nll, MAPS[0], MAPS[0], MAPS[1]),
}


@pytest.mark.parametrize("name", LOSSES)
def test_half_precision_counts_all_pixels(name):
    """The loss is that of the same numbers in float32, and its slopes are in half precision."""
    loss, *given = LOSSES[name]
    halves = [values.half() for values in given]
    halves[0].requires_grad_()
    found = loss(*halves)
    expected = loss(*(values.detach().float() for values in halves))
    assert found.dtype == torch.float32
    assert found.item() == expected.item() > 0
    (1000 * found).backward()
    assert halves[0].grad.dtype == torch.float16
    assert halves[0].grad.isfinite().all()
    assert halves[0].grad.any()


def test_a_flow_without_pixels_is_refused():
    empty = torch.zeros(1, 2, 0, 5)
    for loss in (flow_supervised.end_point_error, lambda flow, truth: flow_supervised.sequence_loss([flow], truth)):
        with pytest.raises(ValueError, match=r"shape \(1, 2, 0, 5\); it must be \(B, 2, H, W\) with pixels"):
            loss(empty, empty)
