"""Driving: stereo, flow and scene flow of a rendered street (Mayer et al., CVPR 2016)."""

from __future__ import annotations

from ._freiburg import Freiburg


class Driving(Freiburg):
    """One sample per frame with dense truth, named like ``15mm_focallength/scene_forwards/fast/0006``.

    Truth covers occluded pixels, which nobody marked.
    Cameras are known of images of 960x540: the published focal length, and a baseline of 1. Lengths are units of the
    renderer, which are written as metres. Motion of the camera is from ``camera_data.txt``, whose axes are taken to
    be the renderer's, y up and z backwards.

    Args:
        path: the folder that holds ``frames_cleanpass`` (or ``frames_cleanpass_webp``) and the truth's folders.
        task: "stereo", "flow" (into the future) or "scene_flow".
        render: the "clean" or the "final" pass.

    Raises:
        DatasetError: when there is no frame; the message tells the layout. ValueError for another task or pass.
    """

    layout = (
        "frames_cleanpass/15mm_focallength/scene_forwards/fast/left/0006.png and right/, "
        "truth in disparity/…/left/0006.pfm, optical_flow/…/into_future/left/OpticalFlowIntoFuture_0006_L.pfm, "
        "disparity_change/…/into_future/left/0006.pfm, camera_data/…/camera_data.txt"
    )
    depth = 3
