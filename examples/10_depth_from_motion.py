"""Depth from a moving camera: with poses in metres, without them up to scale, and what moves by itself."""

import importlib.util

import numpy as np

import geomvision as gv
from geomvision import geometry

clip = gv.datasets.Synthetic(seed=1, layout="tabletop", height=150, width=200, max_disparity=28).clip(0, frames=5)
middle = clip[2]
frames, camera, T_world_cam = middle.clip.frames, middle.camera, middle.clip.T_world_cam


def told(name, depth):
    """Print how far a depth map is from the truth."""
    score = gv.metrics.score(depth, middle, ["depth"])["depth"]
    print(f"{name:14} AbsRel {score['AbsRel'].value:.3f} at {score['density'].value:.0f} % of the pixels")


method = gv.depth.FromMotion()
depth = method(frames, camera, T_world_cam=T_world_cam, reference=2)
told("poses given", depth)
relative = method(frames, camera, reference=2)  # "depth_scale": Z up to a factor, which no image tells
told("poses found", relative.align_to(middle.depth))

# What the camera's motion does to each pixel, and what does not follow it: a patch that has slid along.
T_1_0 = np.linalg.inv(T_world_cam[3]) @ T_world_cam[2]
rigid = geometry.rigid_flow(depth, camera, T_1_0)
observed = rigid.px.copy()
observed[60:100, 80:130] += (4.0, -2.0)
moving = geometry.motion_segmentation(gv.results.Flow(px=observed), depth, camera, T_1_0).moving
print(
    f"the flow is up to {np.nanmax(np.linalg.norm(rigid.px, axis=2)):.1f} px; {moving.sum()} pixels move by themselves"
)

# A page that opens offline: the depth, and one surface of all frames (needs pip install 'geomvision[viewer]').
report = gv.compare([method], middle, repeats=1, progress=False, title="Depth from motion")
gv.io.write_ply("points.ply", geometry.colored_points(depth, frames[2], camera, T_world_cam[2]))
if importlib.util.find_spec("open3d"):
    depths, cameras, poses = method.clip(frames, camera, T_world_cam=T_world_cam)
    mesh = geometry.fuse(depths, frames, cameras, poses, voxel_m=0.005 * float(np.nanmedian(depth.m)))
    gv.io.write_ply("mesh.ply", mesh)
    print(f"wrote mesh.ply: {len(mesh.triangles)} triangles")
    surface = gv.report.Surface(name="mesh of all frames", mesh=mesh, camera=cameras[2], T_world_cam=poses)
    report += gv.report.Report(surfaces=(surface,))
print("wrote", report.save("depth_from_motion.html"))
