"""A scene through a fisheye, straightened again, and what each lens sees of a point beside the camera."""

import numpy as np

import geomvision as gv
from geomvision.cameras import KannalaBrandt, RayTable, undistort

pair = gv.datasets.Synthetic(seed=7, height=300, width=400)[0]
pinhole = pair.rig.left
fisheye = KannalaBrandt(
    width=400, height=300, fx=420.0, fy=420.0, cx=203.5, cy=148.0, distortion=(0.03, -0.008, 0.002, -0.0003)
)
across, down = fisheye.field_of_view_deg()
print(f"the pinhole spans {pinhole.field_of_view_deg()[0]:.0f}° across, the fisheye {across:.0f}° by {down:.0f}°")

# Any camera's image as any other would have taken it from the same place; `valid` is where that is known.
round_image, seen = undistort(pair.left, pinhole, fisheye)
straight, valid = undistort(round_image, fisheye, pinhole, bicubic=True)
error = np.abs(straight.astype(float) - pair.left)[valid].mean()
print(f"{seen.mean():.0%} of the fisheye's image is filled; straightened it differs by {error:.1f} grey levels")

# Rays reach beyond what has a depth: a point at 100° to the axis has a pixel in the fisheye, none in the pinhole.
angle = np.radians(100.0)
beside = np.array([np.sin(angle), 0.0, np.cos(angle)])
pixel = fisheye.project(beside)
print(f"100° to the right: fisheye {pixel.round(1)}, pinhole {pinhole.project(beside)}; back: {fisheye.rays(pixel)}")

# A table of directions stands for any lens.
table, point = RayTable.from_camera(fisheye, step_px=8), [0.2, -0.1, 1.0]
print(f"as a table of rays, off by {np.linalg.norm(table.project(point) - fisheye.project(point)):.6f} px")
