"""Depth from motion against a sensor's: AbsRel and density with the poses that were given, and with poses found.

    python benches/motion_depth.py FOLDER… [--frames 0,10]

A folder holds a posed clip with depth maps, as `geomvision fuse` takes it; each frame is the reference of one call with
the defaults. Depth of poses found is known up to its scale, which is aligned by the median of the ratios. AbsRel is the
mean of |depth − truth| / truth over pixels that have both, density the share of those with truth that have depth.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np

import geomvision as gv
from geomvision.cli.fusing import Choices, read
from geomvision.results import Depth


def scored(found, truth, aligned):
    """AbsRel and density."""
    values = found.m if isinstance(found, Depth) else found.values
    both = np.isfinite(values) & np.isfinite(truth)
    scale = np.median(truth[both] / values[both]) if aligned else 1.0
    return np.mean(np.abs(scale * values[both] - truth[both]) / truth[both]), both.sum() / np.isfinite(truth).sum()


def row(name, clip, frames):
    """Lines of the table, and the means."""
    print("| clip, frame | poses given | poses found, scale aligned |\n|---|---|---|", flush=True)
    rows = []
    for k in frames:
        figures = []
        for poses in (clip.T_world_cam, None):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                try:
                    found = gv.depth.FromMotion()(clip.images, clip.camera, T_world_cam=poses, reference=k)
                except ValueError as error:
                    print(f"{name}, frame {k}, poses {'found' if poses is None else 'given'}: {error}")
                    figures.append((np.nan, 0.0))
                    continue
            figures.append(scored(found, clip.depths[k].m, poses is None))
        rows.append(figures)
        print(f"| {name}, {k} | " + " | ".join(f"{a:.3f} at {d:.0%}" for a, d in figures) + " |", flush=True)
    means = np.nanmean(rows, axis=0)
    print(f"| {name}, mean of {len(rows)} | " + " | ".join(f"{a:.3f} at {d:.0%}" for a, d in means) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--frames", help="numbers, by commas; all where not given")
    options = parser.parse_args()
    for folder in options.folders:
        clip = read(folder, Choices(out=Path("mesh.ply")))
        frames = range(len(clip.names)) if options.frames is None else map(int, options.frames.split(","))
        row(folder.name, clip, list(frames))


if __name__ == "__main__":
    main()
