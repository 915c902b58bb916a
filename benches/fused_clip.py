"""Meshes fused from depth of the frames themselves against those of a sensor's depth, or of rendered truth.

    python benches/fused_clip.py FOLDER… [--voxel 0.02] [--rendered]

A folder holds a posed clip with depth maps, as `geomvision fuse` takes it. Distances are medians, in centimetres, from
points drawn evenly on one mesh to the nearest of many on the other: to the sensor's maps in the colour camera's view
(`geometry.register_depth`), to the maps as stored, and from one of these to the other. "Held out" are meshes of each
half of the frames against maps that the other half registered. AbsRel is of all frames against either maps.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

import geomvision as gv
from geomvision.cli.fusing import Choices, Posed, _surest, read
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


def registration(chosen, depths, cameras, clip):
    """Of the chosen frames alone."""
    return gv.geometry.register_depth(
        [depths[k] for k in chosen], [cameras[k] for k in chosen], [clip.depths[k] for k in chosen], clip.camera
    )


def meshes(chosen, found, depths, cameras, poses, clip, voxel):
    """Of the chosen frames: ours, the sensor's as stored, and the sensor's in the colour camera's view."""
    images, own, placed = [clip.images[k] for k in chosen], [cameras[k] for k in chosen], poses[chosen]
    maps = [clip.depths[k] for k in chosen]
    fuse = gv.geometry.fuse
    return (
        fuse([depths[k] for k in chosen], images, own, placed, voxel_m=voxel),
        fuse(maps, images, clip.camera, clip.T_world_cam[chosen], voxel_m=voxel),
        fuse([found.registered(depth) for depth in maps], images, own, placed, voxel_m=voxel),
    )


def row(name, clip, voxel, halves):
    """A line of the table."""
    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found, cameras, poses = gv.depth.FromMotion().clip(clip.images, clip.camera, T_world_cam=clip.T_world_cam)
    seconds = time.perf_counter() - begin
    depths, every = [_surest(each) for each in found], list(range(len(found)))
    place = registration(every, depths, cameras, clip)
    ours, stored, sensor = meshes(every, place, depths, cameras, poses, clip, voxel)
    cells = [*distances(ours, sensor), *distances(ours, stored), distances(sensor, stored)[0]]
    held_out = []
    for part in (every[: len(every) // 2], every[len(every) // 2 :]) if halves else ():
        rest = [k for k in every if k not in part]
        a, _, b = meshes(rest, registration(part, depths, cameras, clip), depths, cameras, poses, clip, voxel)
        held_out.append(f"{distances(a, b)[0]:.2f}")
    off = [
        np.nanmean(np.concatenate([(np.abs(a.m - b.m) / b.m).ravel() for a, b in zip(found, maps, strict=True)]))
        for maps in (map(place.registered, clip.depths), clip.depths)
    ]
    told = " | ".join(f"{cell:.2f}" for cell in cells)
    moved = f"{place.turn_deg:.1f}°, {100 * place.shift_m:.1f} ± {100 * place.doubt_m:.1f} cm {' '.join(place.flags)}"
    errors = " / ".join(f"{each:.3f}" for each in off)
    print(
        f"| {name}, {len(found)} frames | {told} | {', '.join(held_out)} | {moved} | {errors} | {seconds:.0f} s |",
        flush=True,
    )


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
    print("| clip | registered: there | back | stored: there | back | these two | held out | offset | AbsRel | depth |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for folder in options.folders:
        clip = read(folder, Choices(out=Path("mesh.ply")))
        row(folder.name, clip, options.voxel, len(clip.names) >= 10)
    for seed in (1, 2) if options.rendered else ():
        row(f"rendered {seed}", rendered(seed), options.voxel, False)


if __name__ == "__main__":
    main()
