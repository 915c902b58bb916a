"""What happens inside semi-global matching: every stage by name, and one pixel's cost curve."""

import numpy as np

import geomvision as gv

pair = gv.datasets.Synthetic(seed=7, height=120, width=160, max_disparity=32)[0]
trace = gv.stereo.SGM(max_disparity=32).trace(pair.left, pair.right)

for stage in trace:
    print(f"{stage.name:18} {stage.array.shape!s:18} {stage.unit:8} {stage.doc}")

y, x = 60, 100
truth = pair.disparity.px[y, x]
cost = trace["cost"].array[y, x]
print(f"\npixel ({x}, {y}), true disparity {truth:.1f}: its own census cost is smallest at {np.argmin(cost)} px")
