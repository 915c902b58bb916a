"""Differentiable losses on torch tensors, each with its equation: `robust`."""
