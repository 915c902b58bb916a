"""The ops as torch operators `torch.ops.geomvision.NAME`. Importing this registers them all; needs torch."""

from .correlation_lookup import correlation_features, packed_lookup
from .local_correlation import local_correlation
from .soft_argmin import soft_argmin

__all__ = ["correlation_features", "local_correlation", "packed_lookup", "soft_argmin"]
