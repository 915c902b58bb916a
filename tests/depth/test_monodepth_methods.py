"""Methods whose nets say depth up to scale or in metres: the kind of the answer, the rig, mirrored images."""

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

torch = pytest.importorskip("torch")

sys.path.append(str(Path(__file__).parents[1] / "nets"))
import published_monodepth2 as published  # noqa: E402

import geomvision as gv  # noqa: E402
from geomvision import weights  # noqa: E402
from geomvision.depth._scaled import blend  # noqa: E402
from geomvision.nets import monodepth, monodepth2, packnet  # noqa: E402
from geomvision.weights import WeightsError  # noqa: E402

HEIGHT, WIDTH = 96, 128
CAMERA = gv.Camera(width=WIDTH, height=HEIGHT, fx=100.0, fy=100.0, cx=64.0, cy=48.0)
NETS = {"monodepth": monodepth.Monodepth, "monodepth2": monodepth2.Monodepth2, "packnet": packnet.PackNet}


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


def saved(folder, name, **arguments):
    """The method `name` with a tiny net at random."""
    torch.manual_seed(0)
    arguments = {"width": 4, **arguments}
    card = weights.Card(
        name=name,
        task=f"depth/{name}",
        kind="depth_scale",
        network=NETS[name].__name__,
        arguments=arguments,
        parameters=0,
        input_rule="RGB",
        training_data="none",
        seed=0,
        steps=0,
        licence="Apache-2.0",
        commercial_use=True,
        sha256="",
    )
    path = folder / "net.safetensors"
    weights.save(path, NETS[name](**arguments), card)
    return gv.depth.METHODS[name](weights=str(path), side_px=0)


@pytest.mark.parametrize("name", NETS)
def test_depth_is_up_to_scale_with_a_camera_or_without(name, image, tmp_path):
    found = saved(tmp_path, name)(image, CAMERA)
    assert isinstance(found, gv.RelativeDepth)
    assert found.kind == "depth_scale"
    assert found.size == (HEIGHT, WIDTH)
    assert found.density == 1


@pytest.mark.parametrize(
    ("name", "taught"),
    [("monodepth", {"baseline_m": 0.2}), ("monodepth2", {"metric": True}), ("packnet", {"metric": True})],
)
def test_what_was_taught_metres_gives_them_in_proportion_to_the_focal_length(name, taught, image, tmp_path):
    method = saved(tmp_path, name, **taught)
    longer = gv.Camera(width=WIDTH, height=HEIGHT, fx=200.0, fy=200.0, cx=64.0, cy=48.0)
    relative, near, far = method(image), method(image, CAMERA), method(image, longer)
    assert (relative.kind, type(near), type(far)) == ("depth_scale", gv.Depth, gv.Depth)
    np.testing.assert_allclose(far.m, 2 * near.m, rtol=1e-5)
    np.testing.assert_allclose(near.m, relative.values * (100 / 256), rtol=1e-5)


def test_a_rig_of_a_known_baseline_gives_its_depth(image, tmp_path):
    """Z = f B / d, whatever the image's own disparities are: of 0.1 of the width, 12.8 px, 100 · 0.2 / 12.8 m."""
    method = saved(tmp_path, "monodepth", baseline_m=0.2)
    net = method._loaded()
    with torch.no_grad():
        net.predict[-1].weight.zero_()
        net.predict[-1].bias.fill_(float(np.log(0.5)))  # a sigmoid of 1/3, of 0.3
    np.testing.assert_allclose(method(image, CAMERA).m, np.full((HEIGHT, WIDTH), 100 * 0.2 / 12.8), rtol=1e-4)


@pytest.mark.parametrize("stereo", [False, True])
def test_a_public_checkpoint_is_a_folder_and_sees_the_size_it_was_taught_with(stereo, image, tmp_path):
    said = {"height": 64, "width": 96, "use_stereo": stereo}
    encoder, decoder = published.at_random(published.encoder()), published.at_random(published.depth_decoder())
    torch.save(encoder | said, tmp_path / "encoder.pth")
    method = gv.depth.Monodepth2(weights=str(tmp_path / "encoder.pth"))
    with pytest.raises(WeightsError, match=r"depth\.pth"):
        method(image)
    torch.save(decoder, tmp_path / "depth.pth")
    trace = method.trace(image, CAMERA)
    assert trace["image"].array.shape[:2] == (64, 96)
    shown = torch.from_numpy(np.moveaxis(trace["image"].array, 2, 0)[None].copy())
    with torch.inference_mode():
        sigmoid = published.Published(encoder | decoder).disparities(shown)[-1][0, 0].numpy()
    np.testing.assert_allclose(trace["estimate 4"].array, sigmoid, rtol=1e-3, atol=1e-4)
    rows, columns = ((np.arange(n) + 0.5) / n * seen - 0.5 for n, seen in ((HEIGHT, 64), (WIDTH, 96)))
    at = np.meshgrid(rows, columns, indexing="ij")
    raised = ndimage.map_coordinates(0.01 + 9.99 * trace["estimate 4"].array, at, order=1, mode="nearest")
    found = trace.result.m if stereo else trace.result.values
    ratio = found * raised  # the inverse of depth is raised bilinearly, whatever its unit
    np.testing.assert_allclose(ratio, np.full_like(ratio, np.median(ratio)), rtol=1e-3)
    assert isinstance(trace.result, gv.Depth if stereo else gv.RelativeDepth)


def test_learnt_from_pairs_of_kitti_depth_is_metres_of_its_camera(tmp_path):
    """5.4 times what the net says for KITTI's camera, 0.58 of the width and 1.92 of the height; twice for another."""
    method = saved(tmp_path, "monodepth2", stereo=True, feed=[64, 96])
    image = np.full((192, 640, 3), 128, np.uint8)
    with torch.no_grad():
        for layer in method._loaded().predict:
            layer.weight.zero_()
            layer.bias.zero_()
    kitti, other = (
        gv.Camera(width=640, height=192, fx=k * 0.58 * 640, fy=k * 1.92 * 192, cx=320.0, cy=96.0) for k in (1, 2)
    )
    said = 5.4 / (0.01 + 9.99 / 2)
    np.testing.assert_allclose(method(image, kitti).m, np.full((192, 640), said), rtol=1e-5)
    np.testing.assert_allclose(method(image, other).m, np.full((192, 640), 2 * said), rtol=1e-5)


def test_the_blend_takes_each_border_from_the_answer_that_sees_beyond_it():
    depth, twin = np.full((2, 101), 2.0, np.float32), np.full((2, 101), 4.0, np.float32)
    found = blend(depth, twin)
    np.testing.assert_allclose(found[:, :6], np.full((2, 6), 4), rtol=1e-6)
    np.testing.assert_allclose(found[:, -6:], np.full((2, 6), 2), rtol=1e-6)
    np.testing.assert_allclose(found[:, 10:91], np.full((2, 81), 1 / 0.375), rtol=1e-6)
    steps = np.diff(1 / found[0])
    assert (steps >= 0).all()
    np.testing.assert_allclose(steps[5:10], np.full(5, 0.125 / 5), rtol=1e-3)


@pytest.mark.parametrize("taught", [{}, {"metric": True}])
def test_mirrored_asks_twice_and_gives_the_mirrored_image_the_mirrored_answer(taught, image, tmp_path):
    method = saved(tmp_path, "packnet", **taught)
    twice = type(method)(weights=method.weights, side_px=0, mirrored=True)
    plain, found = (each.trace(image, CAMERA) for each in (method, twice))
    turned = twice(np.ascontiguousarray(image[:, ::-1]), CAMERA)
    one, both = (np.asarray(getattr(each.result, "m" if taught else "values")) for each in (plain, found))
    other = np.asarray(getattr(turned, "m" if taught else "values"))
    np.testing.assert_allclose(other[:, ::-1], both, rtol=1e-4)
    np.testing.assert_allclose(both[:, -6:], one[:, -6:], rtol=1e-6)
    assert np.abs(both[:, :6] - one[:, :6]).max() > 1e-4
    np.testing.assert_array_equal(found["blended"].array, both)
