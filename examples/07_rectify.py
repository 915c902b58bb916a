"""Rectification: by a calibration, from the images of a rig that has drifted, and from matches alone."""

import cv2
import numpy as np

import geomvision as gv
from geomvision.cameras import pose

# A calibrated rig: unequal cameras with distortion, the right one turned by three degrees.
left = gv.Camera(width=640, height=480, fx=520.0, fy=522.0, cx=330.0, cy=236.0, distortion=(-0.2, 0.05, 0.0, 0.0))
right = gv.Camera(width=640, height=480, fx=535.0, fy=534.0, cx=315.0, cy=244.0, distortion=(-0.19, 0.04, 0.0, 0.0))
angle = np.radians(3.0)
turn = [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
rig = gv.StereoRig(left=left, right=right, T_right_left=pose(turn, (-0.12, 0.004, 0.002)))
rectified = gv.geometry.rectify(rig, alpha=0.0).rig
print(f"calibrated: f {rectified.left.fx:.1f} px for both, baseline {rectified.baseline_m:.4f} m")

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
print(f"matches:    {gv.geometry.rectify_uncalibrated(pair.left, pair.right).residual}")


def shown(views, disparity, title):
    """The same thing cut from both views, enlarged, under lines along the rows; and the disparity of all."""
    cuts = [view[190:290, x : x + 112] for view, x in zip(views, (325, 310), strict=True)]
    near = cv2.resize(np.hstack(cuts)[..., ::-1], (448, 200), interpolation=cv2.INTER_CUBIC)
    near[10::25] = (60, 220, 60)
    level = np.nan_to_num(disparity.px / pair.max_disparity * 255).clip(0, 255).astype(np.uint8)
    coloured = cv2.applyColorMap(level, cv2.COLORMAP_TURBO)
    coloured[~disparity.valid] = 40
    line = np.full((28, 448, 3), 255, np.uint8)
    cv2.putText(line, title, (4, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (40, 40, 40), 1, cv2.LINE_AA)
    return np.vstack([line, near, cv2.resize(coloured, (448, 374), interpolation=cv2.INTER_NEAREST)])


# What it is worth to a matcher, in the same disparities (the cameras stayed what they were).
sgm, columns = gv.stereo.SGM(max_disparity=pair.max_disparity), []
for name, views in (
    ("as claimed", (pair.left, pair.right)),
    ("mended", mended.rectification.apply(pair.left, pair.right)),
):
    found = sgm(*views)
    print(f"{name}: SGM finds a disparity that both views agree on at {found.density:.0%} of the pixels")
    columns.append(shown(views, found, f"{name}: left | right, and SGM at {found.density:.0%} of the pixels"))
cv2.imwrite("rectified.png", np.hstack([columns[0], np.full((len(columns[0]), 8, 3), 255, np.uint8), columns[1]]))
print("wrote rectified.png")
