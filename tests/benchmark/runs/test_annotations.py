"""Exports of annotation tools in runs: scores by class for samples of any reader."""

import json
import os

import numpy as np
import pytest

from geomvision.benchmark.runs import Run, data
from geomvision.benchmark.runs.annotations import Annotated
from geomvision.benchmark.runs.engines import InProcess
from geomvision.benchmark.runs.runner import run
from geomvision.io import FormatError, write_flow, write_image
from geomvision.results import Flow
from geomvision.samples import PointsSample


def coco(path, *names, size=(96, 64), label="car"):
    """A COCO export with a box of 24 x 64 pixels at the left border of each image."""
    images = [{"id": k, "file_name": name, "width": size[0], "height": size[1]} for k, name in enumerate(names)]
    box = [[0, 0, 24, 0, 24, 64, 0, 64]]
    shapes = [{"id": k, "image_id": k, "category_id": 7, "segmentation": box} for k in range(len(names))]
    told = {"images": images, "annotations": shapes, "categories": [{"id": 7, "name": label}]}
    path.write_text(json.dumps(told))
    return path


def cvat(path, *names, size=(96, 64), label="car"):
    box = f'<box label="{label}" xtl="0" ytl="0" xbr="24" ybr="64" />'
    images = [
        f'<image id="{k}" name="{n}" width="{size[0]}" height="{size[1]}">{box}</image>' for k, n in enumerate(names)
    ]
    path.write_text(f"<annotations>{''.join(images)}</annotations>")
    return path


@pytest.mark.parametrize("write", [coco, cvat])
def test_a_run_scores_classes_of_the_samples_that_an_export_names(scenes, plan_of, tmp_path, write):
    export = write(
        tmp_path / ("export.json" if write is coco else "export.xml"), "a/scene0/left.png", "scene2/left.png"
    )
    source = data.parsed(f"folder:{scenes}?objects={export}")
    plan = plan_of(scenes, ("opencv_bm",), sources=(source,), protocols=("booster",))
    assert run(plan, tmp_path / "run", InProcess()).failed == 0
    scores = {each.sample: each.scores.get("booster", {}) for each in Run(tmp_path / "run").records()}
    for name in ("scene0", "scene2"):
        assert scores[name]["bad-2.0 car"].count == 24 * 64
        assert scores[name]["bad-2.0 other"].count == (96 - 24) * 64
    assert "bad-2.0 other" not in scores["scene1"]
    sample = data.read(data.opened(source, "stereo"), "scene0", "stereo")
    expected = np.zeros((64, 96), bool)
    expected[:, :24] = True
    np.testing.assert_array_equal(sample.masks["car"], expected)


def test_flow_and_depth_of_other_readers(tmp_path):
    chairs = tmp_path / "chairs" / "data"
    chairs.mkdir(parents=True)
    image = np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    for number in (1, 2):
        write_image(chairs / f"{number:05}_img1.ppm", image)
        write_image(chairs / f"{number:05}_img2.ppm", image)
        write_flow(chairs / f"{number:05}_flow.flo", Flow(px=np.zeros((64, 96, 2), np.float32)))
    names = data.names_of(data.opened(data.parsed(f"flying_chairs:{chairs.parent}"), "flow"))
    export = cvat(tmp_path / "flow.xml", *(f"images/{name}.jpg" for name in names[:1]))
    found = data.opened(data.parsed(f"flying_chairs:{chairs.parent}?objects={export}"), "flow")
    assert data.read(found, names[0], "flow").masks["car"].sum() == 24 * 64
    assert not data.read(found, names[1], "flow").masks
    rooms = tmp_path / "photos"
    rooms.mkdir()
    write_image(rooms / "one.png", image)
    export = coco(tmp_path / "depth.json", "one.png")
    found = data.opened(data.parsed(f"image_folder:{rooms}?objects={export}"), "depth")
    assert data.read(found, data.names_of(found)[0], "depth").masks["car"].any()


def test_units_are_others_when_the_export_is(scenes, plan_of, tmp_path):
    export = coco(tmp_path / "export.json", "scene1/left.png")
    plan = plan_of(scenes, ("opencv_bm",), sources=(data.parsed(f"folder:{scenes}?objects={export}"),))
    run(plan, tmp_path / "run", InProcess())
    coco(export, "scene1/left.png", "scene2/left.png")
    os.utime(export, ns=(1, 1))
    assert run(plan, tmp_path / "run", InProcess()).kept == 2  # the sample that has masks now is another


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("nobody.png",), r"names no sample of the data set: its images are called nobody.png, the samples scene0"),
        ((), r"its images are called nothing"),
        (
            ("a/scene0/left.png", "b/scene0/left.png"),
            r"has 2 images that may be the sample 'scene0': a/scene0/left.png",
        ),
    ],
)
def test_an_export_that_does_not_fit_is_told(scenes, tmp_path, names, told):
    export = coco(tmp_path / "export.json", *names)
    with pytest.raises(ValueError, match=told):
        data.opened(data.parsed(f"folder:{scenes}?objects={export}"), "stereo")


def test_what_is_no_export_or_of_another_size_is_told(scenes, tmp_path):
    for name, content in (
        ("masks.png", b""),
        ("torn.json", b"{"),
        ("odd.json", b'{"images": [{}]}'),
        ("odd.xml", b"<a"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FormatError, match=name):
            data.opened(data.parsed(f"folder:{scenes}?objects={tmp_path / name}"), "stereo")
    export = coco(tmp_path / "small.json", "scene0/left.png", size=(48, 64))
    found = data.opened(data.parsed(f"folder:{scenes}?objects={export}"), "stereo")
    with pytest.raises(FormatError, match=r"holds masks of 48x64 pixels.* of 96x64 pixels"):
        data.read(found, "scene0", "stereo")


def test_samples_without_images_have_no_masks(tmp_path):
    export = coco(tmp_path / "export.json", "cloud.png")
    cloud = PointsSample(name="cloud", points0=np.zeros((1, 3)), points1=np.zeros((1, 3)))
    with pytest.raises(TypeError, match="cloud has no image that masks could be of"):
        Annotated([cloud], ["cloud"], export).annotated(cloud, "cloud")
