"""The ops as torch operators `torch.ops.geomvision.NAME`. Importing this registers them all; needs torch."""

from .correlation_lookup import correlation_features, packed_lookup
from .correlation_lookup_1d import correlation_lookup_1d
from .local_correlation import local_correlation
from .soft_argmin import soft_argmin
from .volume_lookup import volume_lookup

__all__ = [
    "correlation_features",
    "correlation_lookup_1d",
    "local_correlation",
    "packed_lookup",
    "soft_argmin",
    "volume_lookup",
]
