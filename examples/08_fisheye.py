"""A room through a fisheye of 200 degrees, straightened, and what each lens sees of a point beside the camera."""

import cv2
import numpy as np

import geomvision as gv
from geomvision.cameras import KannalaBrandt, RayTable, undistort

fisheye = KannalaBrandt(
    width=420, height=420, fx=128.0, fy=128.0, cx=209.5, cy=209.5, distortion=(-0.03, 0.004, -0.001, 0.0001)
)
pinhole = gv.Camera(width=420, height=420, fx=160.0, fy=160.0, cx=209.5, cy=209.5)
COLOURS = np.array([[60, 110, 190], [190, 120, 60], [120, 170, 80]])  # of the walls across x, y and z


def photograph(camera):
    """A box of 4 x 3 x 5 m with squares of half a metre, seen from inside; 3 x 3 rays for each pixel."""
    fine = camera.resize(3 * camera.width, 3 * camera.height)
    rays = fine.rays(fine.pixel_grid())
    reach = np.array([2.0, 1.5, 2.5]) / np.maximum(np.abs(rays), 1e-9)
    wall, distance = reach.argmin(axis=-1), reach.min(axis=-1, keepdims=True)
    place = np.floor(2 * rays * distance + 1e-6 * np.sign(rays))
    light = 0.55 + 0.45 * (np.where(np.isnan(place), 0, place).sum(axis=-1) % 2)
    image = np.nan_to_num(COLOURS[wall] * (light * np.isfinite(rays[..., 0]))[..., None])
    return image.reshape(camera.height, 3, camera.width, 3, 3).mean(axis=(1, 3)).astype(np.uint8)


across, down = fisheye.field_of_view_deg()
print(f"the pinhole spans {pinhole.field_of_view_deg()[0]:.0f}° across, the fisheye {across:.0f}° by {down:.0f}°")

# Any camera's image as any other would have taken it from the same place; `valid` is where that is known.
image = photograph(fisheye)
straight, valid = undistort(image, fisheye, pinhole, bicubic=True)
error = np.abs(straight.astype(float) - photograph(pinhole)).mean(axis=-1)
print(f"{valid.mean():.0%} of the pinhole's image is known; it differs from a photograph by {error.mean():.1f} levels")
stretched = cv2.applyColorMap(np.clip(4 * error, 0, 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
cv2.imwrite("fisheye.png", np.hstack([image[..., ::-1], straight[..., ::-1], stretched]))
print("wrote fisheye.png: as taken, straightened, and by how much that misses (white: 64 grey levels)")

# Rays reach beyond what has a depth: a point at 93° to the axis has a pixel in the fisheye, none in the pinhole.
angle = np.radians(93.0)
beside = np.array([np.sin(angle), 0.0, np.cos(angle)])
pixel = fisheye.project(beside)
print(f"93° to the right: fisheye {pixel.round(1)}, pinhole {pinhole.project(beside)}; back: {fisheye.rays(pixel)}")

# A table of directions stands for any lens.
table, point = RayTable.from_camera(fisheye, step_px=8), [0.2, -0.1, 1.0]
print(f"as a table of rays, off by {np.linalg.norm(table.project(point) - fisheye.project(point)):.6f} px")
