"""Differentiable losses on torch tensors, each with its equation, by theme.

`flow_supervised`, `disparity_supervised`, `disparity_classified`, `edges`: against truth. `photometric`, `smoothness`,
`consistency`, `left_right`, `epipolar`: without it. `proxy`: against a matcher where it is sure. `uncertainty`: of nets
that foretell their error. `robust`, `adaptive`: what large errors cannot dominate.
"""
