"""Booster's calibration beside images of its size, and of others."""

from pathlib import Path

import numpy as np

import geomvision as gv
from geomvision import io


def test_boosters_rig_is_made_smaller_with_its_images(tmp_path: Path):
    """Calibrations are of 4112x3008 pixels: at a quarter, disparities of a quarter are the same metres."""
    matrix = '<proj_mat{0} type_id="opencv-matrix"><rows>3</rows><cols>4</cols><dt>d</dt><data>{1}</data></proj_mat{0}>'
    parts = [
        matrix.format(side, f"8000 0 {cx} 0 0 8000 1500.5 0 0 0 1 0") for side, cx in (("L", 2001.5), ("R", 2101.5))
    ]
    xml = f"<opencv_storage>{''.join(parts)}<baselineLR>80.</baselineLR></opencv_storage>"
    rigs = []
    for scale in (1, 4):
        scene = tmp_path / f"{scale}"
        for view in ("00", "02"):
            (scene / f"camera_{view}").mkdir(parents=True)
            io.write_image(scene / f"camera_{view}" / "im0.png", np.zeros((3008 // scale, 4112 // scale), np.uint8))
        (scene / "calib_00-02.xml").write_text(f'<?xml version="1.0"?>{xml}')
        rigs.append(gv.datasets.Booster(scene)[0].rig)
    assert (rigs[0].left.fx, rigs[0].left.cx, rigs[0].doffs_px) == (8000.0, 2001.5, 100.0)
    assert (rigs[1].left.fx, rigs[1].left.cx, rigs[1].doffs_px) == (2000.0, 500.0, 25.0)  # (2001.5 + ½) / 4 − ½
    assert rigs[1].baseline_m == rigs[0].baseline_m == 0.08
