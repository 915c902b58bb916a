"""Rectification: by a calibration, from the images of a rig that has drifted, and from matches alone."""

import numpy as np

import geomvision as gv
from geomvision.cameras import pose

# A calibrated rig: unequal cameras with distortion, the right one turned by three degrees.
left = gv.Camera(width=640, height=480, fx=520.0, fy=522.0, cx=330.0, cy=236.0, distortion=(-0.2, 0.05, 0.0, 0.0))
right = gv.Camera(width=640, height=480, fx=535.0, fy=534.0, cx=315.0, cy=244.0, distortion=(-0.19, 0.04, 0.0, 0.0))
angle = np.radians(3.0)
turn = [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
rig = gv.StereoRig(left=left, right=right, T_right_left=pose(turn, (-0.12, 0.004, 0.002)))
found = gv.geometry.rectify(rig, alpha=0.0)
print(
    f"calibrated: f {found.rig.left.fx:.1f} px for both, baseline {found.rig.baseline_m:.4f} m, region {found.region}"
)

# A pair whose right camera has rolled by half a degree since its calibration.
pair = gv.datasets.Synthetic(seed=8, layout="clutter", rotation=0.5, vertical_misalignment=2.5)[0]
try:
    gv.geometry.rectify(pair.rig, images=(pair.left, pair.right))
except gv.geometry.RectificationRefused as refused:
    print(f"as claimed: {refused}")
mended = gv.geometry.self_rectify(pair.left, pair.right, pair.rig)
print(f"mended:     {mended.rectification.residual}")
for correction in mended.corrections:
    print(f"            {correction}")
found = gv.geometry.rectify_uncalibrated(pair.left, pair.right)
print(f"matches:    {found.residual}")

# What it is worth to a matcher, in the same disparities (the cameras stayed what they were).
sgm = gv.stereo.SGM(max_disparity=pair.max_disparity)
for name, views in (
    ("as claimed", (pair.left, pair.right)),
    ("mended", mended.rectification.apply(pair.left, pair.right)),
):
    print(f"{name}: SGM finds a disparity that both views agree on at {sgm(*views).density:.0%} of the pixels")
