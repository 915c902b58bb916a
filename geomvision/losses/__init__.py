"""Differentiable losses on torch tensors, each with its equation, by theme.

`flow_supervised`: against truth. `photometric`, `smoothness`, `consistency`, `epipolar`: without it. `uncertainty`: of
nets that foretell their error. `robust`, `adaptive`: what large errors cannot dominate.
"""
