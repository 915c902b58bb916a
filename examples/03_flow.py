"""Optical flow: Lucas–Kanade and Horn–Schunck on a rendered motion, and a handful of tracked points."""

import numpy as np

import geomvision as gv

frames = gv.datasets.Synthetic(seed=3, task="flow", height=200, width=260)[0]

for method in (gv.flow.LucasKanade(), gv.flow.HornSchunck()):
    flow = method(frames.frame0, frames.frame1)
    error = np.linalg.norm(flow.px - frames.flow.px, axis=2)
    print(f"{method.name():13} median end-point error {np.nanmedian(error):.2f} px, density {flow.density:.0%}")

corners = np.array([[60.0, 50.0], [130.0, 100.0], [200.0, 150.0]], np.float32)
tracks = gv.flow.track_points(frames.frame0, frames.frame1, corners)
for start, end, found in zip(tracks.points0, tracks.points1, tracks.found, strict=True):
    print(f"({start[0]:.0f}, {start[1]:.0f}) ->", f"({end[0]:.1f}, {end[1]:.1f})" if found else "lost")
