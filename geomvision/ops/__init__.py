"""The kernels' Python face: numpy in, numpy out; torch in, torch out (see `_dispatch` for how)."""

from .correlation_lookup import CorrelationLookup, correlation_features, correlation_lookup
from .correlation_lookup_1d import correlation_lookup_1d
from .correlation_volume import (
    all_pairs_correlation,
    all_pairs_correlation_1d,
    correlation_pyramid,
    correlation_pyramid_1d,
    pyramid_lookup,
    pyramid_lookup_1d,
)
from .local_correlation import local_correlation
from .soft_argmin import soft_argmin
from .warping import warp

__all__ = [
    "CorrelationLookup",
    "all_pairs_correlation",
    "all_pairs_correlation_1d",
    "correlation_features",
    "correlation_lookup",
    "correlation_lookup_1d",
    "correlation_pyramid",
    "correlation_pyramid_1d",
    "local_correlation",
    "pyramid_lookup",
    "pyramid_lookup_1d",
    "soft_argmin",
    "warp",
]
