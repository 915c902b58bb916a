"""The kernels' Python face: numpy in, numpy out; torch in, torch out (see `_dispatch` for how)."""

from .correlation_lookup import CorrelationLookup, correlation_features, correlation_lookup
from .correlation_lookup_1d import correlation_lookup_1d
from .local_correlation import local_correlation
from .soft_argmin import soft_argmin
from .warping import warp

__all__ = [
    "CorrelationLookup",
    "correlation_features",
    "correlation_lookup",
    "correlation_lookup_1d",
    "local_correlation",
    "soft_argmin",
    "warp",
]
