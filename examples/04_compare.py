"""Classical against learned on one pair, scored by several protocols at once; the report opens offline."""

import sys
from pathlib import Path

import geomvision as gv

pair = gv.datasets.Synthetic(seed=7, height=240, width=320)[0]
methods = [
    gv.stereo.OpenCVSGBM(max_disparity=pair.max_disparity),
    gv.stereo.SGM(max_disparity=pair.max_disparity),
    gv.stereo.RefinedSGM(max_disparity=pair.max_disparity),
]
report = gv.compare(methods, pair, protocols=["middlebury", "kitti2015"], repeats=1)
print(report.table())
target = Path(sys.argv[1] if len(sys.argv) > 1 else "report.html")
report.save(target)
print(f"wrote {target.name}")
