"""Meshes fused from depth of the frames themselves against those of a sensor's depth, or of rendered truth.

    python benches/fused_clip.py FOLDER… [--voxel 0.02] [--rendered]

A folder holds a posed clip with depth maps, as `geomvision fuse` takes it. Distances are medians, in centimetres, from
points drawn evenly on one mesh to the nearest of many on the other. Poses are those of the depth camera:
the last two columns bring our mesh to it by the one rigid motion of the colour camera to the depth camera, which all
frames share (point to plane: Chen & Medioni 1992), and say how far that motion alone moves the sensor's own mesh.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

import geomvision as gv
from geomvision.cli.fusing import Choices, Posed, _surest, read
from geomvision.geometry._rotations import rotation_of
from geomvision.results import Depth

NEAR_M = 0.4  # points farther from what they are held against are of something else


def drawn(mesh, count, seed=0):
    """Points (count, 3) spread evenly over a mesh."""
    rng = np.random.default_rng(seed)
    a, b, c = mesh.points.astype(float)[mesh.triangles.T]
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    chosen = rng.choice(len(area), count, p=area / area.sum())
    u, v = rng.random((2, count, 1))
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    return a[chosen] + u * (b - a)[chosen] + v * (c - a)[chosen]


def distances(mesh, other):
    """Medians in centimetres: from the mesh to the other, and back."""
    pair = mesh, other
    return [100 * np.median(cKDTree(drawn(b, 400_000)).query(drawn(a, 40_000))[0]) for a, b in (pair, pair[::-1])]


def offset(depths, cameras, sensor, camera):
    """T (4, 4): our frames' points, moved by it, lie on the sensor's surfaces; the same for all frames."""
    rng, T = np.random.default_rng(0), np.eye(4)
    frames = []
    for ours, model, theirs in zip(depths, cameras, sensor, strict=True):
        points = model.unproject(model.pixel_grid(), ours.m)[ours.valid]
        surface = camera.unproject(camera.pixel_grid(), theirs.m)
        across, down = (np.roll(surface, -3, k) - np.roll(surface, 3, k) for k in (1, 0))
        normal = np.cross(across, down)
        normal /= np.linalg.norm(normal, axis=2, keepdims=True)
        frames.append((points[rng.choice(len(points), min(8000, len(points)), replace=False)], surface, normal))
    for _ in range(25):
        rows, off = [], []
        for points, surface, normal in frames:
            moved = points @ T[:3, :3].T + T[:3, 3]
            x, y = np.rint(camera.project(moved)).T
            seen = (x >= 0) & (y >= 0) & (x < camera.width) & (y < camera.height)
            at = y[seen].astype(int), x[seen].astype(int)
            apart, n = moved[seen] - surface[at], normal[at]
            off.append((apart * n).sum(axis=1))
            rows.append(np.hstack([np.cross(moved[seen] - T[:3, 3], n), n]))
            kept = np.isfinite(off[-1]) & (np.linalg.norm(apart, axis=1) < NEAR_M)
            rows[-1], off[-1] = rows[-1][kept], off[-1][kept]
        J, r = np.concatenate(rows), np.concatenate(off)
        weight = 1 / (1 + np.square(r / 0.03))
        step = -np.linalg.solve((J * weight[:, None]).T @ J, (J * weight[:, None]).T @ r)
        T[:3, :3], T[:3, 3] = rotation_of(step[:3]) @ T[:3, :3], T[:3, 3] + step[3:]
    return T


def row(name, clip, voxel):
    """A line of the table."""
    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found, cameras, poses = gv.depth.FromMotion().clip(clip.images, clip.camera, T_world_cam=clip.T_world_cam)
    seconds = time.perf_counter() - begin
    depths = [_surest(each) for each in found]
    ours = gv.geometry.fuse(depths, clip.images, cameras, poses, voxel_m=voxel)
    sensor = gv.geometry.fuse(clip.depths, clip.images, clip.camera, clip.T_world_cam, voxel_m=voxel)
    T = offset(depths, cameras, clip.depths, clip.camera)
    mended = gv.geometry.fuse(depths, clip.images, cameras, poses @ T, voxel_m=voxel)
    moved = gv.geometry.fuse(clip.depths, clip.images, clip.camera, clip.T_world_cam @ np.linalg.inv(T), voxel_m=voxel)
    turn = np.degrees(np.arccos(np.clip((np.trace(T[:3, :3]) - 1) / 2, -1, 1)))
    figures = [*distances(ours, sensor), *distances(mended, sensor), distances(moved, sensor)[0]]
    told = " | ".join(f"{figure:.2f}" for figure in figures)
    moved_by = f"{turn:.1f}°, {100 * np.linalg.norm(T[:3, 3]):.1f} cm"
    print(f"| {name}, {len(found)} frames | {told} | {moved_by} | {seconds:.0f} s |", flush=True)


def rendered(seed):
    """A rendered clip, all of whose frames have true depth."""
    scenes = gv.datasets.Synthetic(seed=seed, layout="tabletop", height=300, width=400, max_disparity=56)
    samples = [sample for sample in scenes.clip(0, frames=7) if sample.depth is not None]
    clip = samples[0].clip
    depths = [Depth(m=sample.depth.m) for sample in samples]
    camera = samples[0].camera
    return Posed([s.name for s in samples], list(clip.frames), depths, camera, np.asarray(clip.T_world_cam))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--voxel", type=float, default=0.02, help="metres")
    parser.add_argument("--rendered", action="store_true", help="two rendered clips, too")
    options = parser.parse_args()
    print("| clip | ours to the sensor's | back | offset mended: there | back | the offset alone | offset | depth |")
    print("|---|---|---|---|---|---|---|---|")
    for folder in options.folders:
        row(folder.name, read(folder, Choices(out=Path("mesh.ply"))), options.voxel)
    for seed in (1, 2) if options.rendered else ():
        row(f"rendered {seed}", rendered(seed), options.voxel)


if __name__ == "__main__":
    main()
