"""The picture of the README: a rendered pair, its truth, and what three methods make of it, with their errors."""

import sys

import cv2
import numpy as np

import geomvision as gv

pair = gv.datasets.Synthetic(seed=7, layout="tabletop", height=300, width=400)[1]
methods = {
    "OpenCV SGBM": gv.stereo.OpenCVSGBM(max_disparity=pair.max_disparity),
    "SGM, gaps filled": gv.stereo.SGM(max_disparity=pair.max_disparity, fill="background"),
    "refined SGM (learned)": gv.stereo.RefinedSGM(max_disparity=pair.max_disparity),
}


def coloured(values, low, high, colours):
    """Values from low to high as colours (BGR); grey where there is none."""
    level = np.nan_to_num(np.clip((values - low) / (high - low), 0, 1) * 255).astype(np.uint8)
    picture = cv2.applyColorMap(level, colours)
    picture[np.isnan(values)] = 128
    return picture


def titled(picture, text):
    """The picture under a line of text."""
    line = np.full((26, picture.shape[1], 3), 255, np.uint8)
    cv2.putText(line, text, (4, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (40, 40, 40), 1, cv2.LINE_AA)
    return np.vstack([line, picture])


truth = pair.disparity.px
low, high = float(np.nanmin(truth)), float(np.nanmax(truth))
upper = [titled(pair.left[..., ::-1], "left image"), titled(coloured(truth, low, high, cv2.COLORMAP_TURBO), "truth")]
lower = [titled(pair.right[..., ::-1], "right image")]
occluded = np.where(pair.occluded, 1.0, 0.0)
lower.append(titled(coloured(occluded, 0, 1, cv2.COLORMAP_BONE), "seen by the left camera only"))
for name, method in methods.items():
    disparity = method(pair.left, pair.right)
    error = gv.metrics.error_map(disparity, pair)
    totbad = gv.metrics.score(disparity, pair, ["middlebury"])["middlebury"]["totbad-2.0 all"].value
    upper.append(titled(coloured(disparity.px, low, high, cv2.COLORMAP_TURBO), name))
    lower.append(titled(coloured(error, 0, 4, cv2.COLORMAP_INFERNO), f"error 0 to 4 px: {totbad:.1f} % beyond 2 px"))
    print(f"{name}: {totbad:.1f} % wrong by more than 2 px or missing")
target = sys.argv[1] if len(sys.argv) > 1 else "overview.png"
cv2.imwrite(target, np.vstack([np.hstack(upper), np.hstack(lower)]))
print(f"wrote {target}")
