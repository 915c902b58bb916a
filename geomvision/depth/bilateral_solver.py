"""Sparse to dense by the fast bilateral solver (Barron & Poole, ECCV 2016): smooth where place and colour are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import cg

from ..images import Float32
from ..method import backend, option
from ..results import Depth
from ._completion import PlaneCompletion, completed
from ._planes import Indices

#: Rounds that make the blur's rows and columns sum to the vertices' pixels, and of conjugate gradients.
BALANCING, MOST_STEPS, PRECISION = 12, 200, 1e-4
#: Pull of each vertex to the nearest given point's plane, against smoothness: what has no neighbours has an answer.
PULL = 1e-4
#: Y, U and V of red, green and blue (ITU-R BT.601), U and V but for their offset.
YUV = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])


@dataclass(frozen=True, kw_only=True)
class BilateralSolver(PlaneCompletion):
    """Planes through the given points, blended so that pixels near one another in place and colour agree.

    Minimises λ Σ W_pq (u_p − u_q)² + Σ c_p (u_p − t_p)² for each coefficient of the planes, W the bilateral affinity
    (their equation 1), on the vertices of a bilateral grid (Chen, Paris & Durand, SIGGRAPH 2007): pixels of a vertex
    have one plane. W is made to sum to 1 in rows and columns; conjugate gradients solve.
    """

    smoothness: float = option(0.01, "λ, against 1 for each given point", minimum=1e-6, maximum=1e6)
    place: float = option(8.0, "side of the grid's cells in the image", unit="px", minimum=1)
    luma: float = option(16.0, "side in luma, and in chroma", unit="grey levels of 255", minimum=1)

    @backend("numpy")
    def _numpy(self, sparse_m: Float32, guide: Float32 | None) -> Depth:
        planes = self.planes(sparse_m, guide)
        vertex, blur = self._grid(planes.shape, guide)
        pixels = np.bincount(vertex).astype(np.float64)
        scale = np.ones(len(pixels))
        for _ in range(BALANCING):
            scale = np.sqrt(scale * pixels / (blur @ scale))
        pixels = scale * (blur @ scale)
        given = vertex[planes.yx[:, 0] * planes.shape[1] + planes.yx[:, 1]]
        trusted = np.bincount(given, planes.trust, len(pixels))
        pull = PULL * self.smoothness * pixels
        smooth = sparse.diags_array(pixels) - sparse.diags_array(scale) @ blur @ sparse.diags_array(scale)
        system = (self.smoothness * smooth + sparse.diags_array(trusted + pull)).tocsr()
        jacobi = sparse.diags_array(1 / system.diagonal())
        nearest = planes.nearest.ravel()
        count = np.bincount(vertex)
        found = []
        for values in planes.coefficients():
            first = np.bincount(vertex, values[nearest]) / count
            right = np.bincount(given, planes.trust * values, len(pixels)) + pull * first
            solution, _ = cg(system, right, x0=first, rtol=PRECISION, M=jacobi, maxiter=MOST_STEPS)
            found.append(solution[vertex].reshape(planes.shape))
        return completed(sparse_m, planes.inverse_depth(np.stack(found)), planes)

    def _grid(self, shape: tuple[int, int], guide: Float32 | None) -> tuple[Indices, Any]:
        """Of each pixel its vertex, and the blur of vertices with their neighbours along each axis."""
        y, x = np.indices(shape)
        axes = [x / self.place, y / self.place]
        if guide is not None:
            colour = guide.astype(np.float64)
            axes += list(np.moveaxis(colour @ YUV.T, 2, 0) / self.luma) if colour.ndim == 3 else [colour / self.luma]
        key, step, steps = np.zeros(shape, np.int64), 1, []
        for axis in axes:
            cell = np.rint(axis).astype(np.int64)
            cell -= cell.min()
            key += step * cell
            steps.append(step)
            step *= int(cell.max()) + 2  # one cell stays empty: the end of a row is no neighbour of the next
        vertices, vertex = np.unique(key.ravel(), return_inverse=True)
        blur = sparse.eye_array(len(vertices), format="csr") * (2.0 * len(axes))
        for step in steps:
            after = np.minimum(np.searchsorted(vertices, vertices + step), len(vertices) - 1)
            own = np.flatnonzero(vertices[after] == vertices + step)
            link = sparse.csr_array((np.ones(len(own)), (own, after[own])), shape=blur.shape)
            blur = blur + link + link.T
        return vertex, blur
