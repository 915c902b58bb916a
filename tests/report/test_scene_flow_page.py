"""Comparisons of scene flow: of images, which the page shows, and of clouds, which the tables hold."""

from dataclasses import replace

import geomvision as gv
from geomvision.benchmark.fitting import RangeFit
from geomvision.report.page import render


def test_scene_flow_of_images_and_of_clouds_is_compared():
    options = {"seed": 1, "layout": "tabletop", "width": 120, "height": 90, "max_disparity": 18, "motion": 4.0}
    scene = gv.datasets.Synthetic(**options, task="scene_flow").scene_flow(0)
    pairs = gv.compare([gv.scene_flow.FromStereoAndFlow()], scene, repeats=1, progress=False, fit=RangeFit())
    (row,) = pairs.rows
    assert row.error is None
    assert row.method.matcher().max_disparity == 18
    expected = gv.metrics.score(row.estimate, scene)["kitti2015_scene_flow"]["SF-all all"].value
    assert row.scores["kitti2015_scene_flow"]["SF-all all"].value == expected
    cloud = replace(scene.as_points(300), name="cloud")
    named = gv.compare([gv.scene_flow.ICP()], cloud, repeats=1, progress=False, protocols=["epe3d"])
    assert set(named.rows[0].scores) == {"epe3d"}
    page = render([*pairs.comparisons, *named.comparisons], "both")
    assert page.count('class="viewer"') == 1
    assert "motion, m" in page
    wrong = gv.compare([gv.scene_flow.ICP()], scene, repeats=1, progress=False, force=True)
    assert "take sample.as_points()" in wrong.rows[0].error
