"""A camera among known points: its pose with its doubt, two clouds aligned, and a clip adjusted; with a picture."""

import cv2
import numpy as np

import geomvision as gv
from geomvision.geometry import absolute_pose, align_points, bundle_adjustment

random = np.random.default_rng(0)
camera = gv.Camera(width=640, height=480, fx=500.0, fy=500.0, cx=318.0, cy=243.0, distortion=(-0.1, 0.02, 0.0, 0.0))
points = random.uniform((-2, -1.5, 4), (2, 1.5, 8), (400, 3))  # of the world, metres
T_cam_world = gv.cameras.pose(translation=(0.3, -0.1, 0.5))


def seen(T):
    """Pixels of the points, half a pixel of noise."""
    return camera.project(points @ T[:3, :3].T + T[:3, 3]) + random.normal(0, 0.5, (400, 2))


pixels = seen(T_cam_world)
pixels[:200] = random.uniform((0, 0), (640, 480), (200, 2))  # half of the matches are wrong
found = absolute_pose(points, pixels, camera, max_error_px=2.0)
deviation = np.sqrt(np.diag(found.covariance))

print(f"{found.inliers.sum()} inliers, noise {found.noise_px:.2f} px, flags {found.flags}")
print("off by", np.abs(found.T_cam_world - T_cam_world)[:3, 3].round(4), "m, expected", deviation[3:].round(4))
print("nothing is made up of noise:", absolute_pose(points[:200], pixels[:200], camera).flags)

# From where each point was said to be to where the found pose puts it: what agrees is a dot, what does not a line.
picture = np.full((480, 640, 3), 250, np.uint8)
put = camera.project(points @ found.T_cam_world[:3, :3].T + found.T_cam_world[:3, 3])
for said, there, agrees in sorted(zip(pixels, put, found.inliers, strict=True), key=lambda each: each[2]):
    ends = [np.rint(end).astype(int).tolist() for end in (said, there)]
    if agrees:
        cv2.circle(picture, ends[1], 4, (60, 150, 30), -1, cv2.LINE_AA)
    else:
        cv2.line(picture, *ends, (190, 190, 240), 1, cv2.LINE_AA)
cv2.imwrite("camera_pose.png", picture)
print("wrote camera_pose.png: matches that agree in green, the others as lines")

moved = align_points(points, 2.0 * points + (1.0, 0.0, 0.0), with_scale=True)
print(f"scale {moved.scale:.3f}, translation {moved.translation_m.round(3)} m")

clip = np.array([gv.cameras.pose(translation=(-0.3 * k, 0.0, 0.0)) for k in range(5)])
frames, which = np.repeat(np.arange(5), 400), np.tile(np.arange(400), 5)
places = np.concatenate([seen(T) for T in clip])
start = points + random.normal(0, 0.05, points.shape)
adjusted = bundle_adjustment(clip, start, frames, which, places, camera)
print(f"reprojection error {adjusted.initial_rms_px:.1f} -> {adjusted.rms_px:.2f} px in {adjusted.iterations} steps")
