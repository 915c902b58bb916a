"""Stereo on a rendered pair whose disparity is known: block matching, semi-global matching, and depth in metres."""

import numpy as np

import geomvision as gv

pair = gv.datasets.Synthetic(seed=7, height=240, width=320)[0]

for method in (
    gv.stereo.BlockMatching(max_disparity=pair.max_disparity),
    gv.stereo.SGM(max_disparity=pair.max_disparity),
):
    disparity = method(pair.left, pair.right)
    score = gv.metrics.score(disparity, pair, ["middlebury"])["middlebury"]
    wrong, missing = score["bad-2.0 noc"].value, score["invalid noc"].value
    print(f"{method.name():15} {wrong:5.1f} % wrong by more than 2 px, {missing:5.1f} % without an estimate")

depth = disparity.to_depth(pair.rig)
cloud = depth.to_points(pair.rig.left)
print(f"{len(cloud)} points, the nearest {np.nanmin(depth.m):.2f} m away")
print("made by", disparity.run.method, "on", disparity.run.backend)
