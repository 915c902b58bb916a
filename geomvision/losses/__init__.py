"""Differentiable losses on torch tensors, each with its equation, by theme.

`flow_supervised`, `disparity_supervised`, `disparity_classified`, `edges`, `depth_supervised`, `depth_gradients`,
`depth_ordinal`, `affine_invariant`, `matching`: against truth. `photometric`, `smoothness`, `consistency`,
`left_right`, `epipolar`, `rigid`, `monocular`, `point_clouds`, `moving`: without it. `proxy`, `teacher`: against
another method. `uncertainty`: of nets that foretell their error. `robust`, `adaptive`: what large errors cannot
dominate.
"""
