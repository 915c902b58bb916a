import struct
from pathlib import Path

import numpy as np
import pytest

import geomvision.io as gio
from geomvision.results import Depth, Disparity, Flow


def test_eight_bit_disparity_needs_a_scale_and_the_message_names_the_usual_ones(tmp_path: Path, png):
    path = tmp_path / "disp2.png"
    path.write_bytes(png(3, 1, 8, 0, [bytes([0, 4, 221])]))
    with pytest.raises(gio.FormatError, match="2003 quarter size 4, 2005/2006 third size 3"):
        gio.read_disparity(path)
    np.testing.assert_array_equal(gio.read_disparity(path, scale=4).px, np.array([[np.nan, 1, 55.25]], np.float32))
    np.testing.assert_array_equal(
        gio.read_disparity(path, scale=4, invalid=None).px, np.array([[0, 1, 55.25]], np.float32)
    )
    np.testing.assert_array_equal(
        gio.read_disparity(path, scale=4, invalid=[0, 221]).px, np.array([[np.nan, 1, np.nan]], np.float32)
    )
    for scale in (0, -4, float("nan")):
        with pytest.raises(ValueError, match="positive"):
            gio.read_disparity(path, scale=scale)


def test_sixteen_bit_disparity_is_kittis_unless_told_otherwise(tmp_path: Path, png):
    path = tmp_path / "d.png"
    path.write_bytes(png(1, 1, 16, 0, [struct.pack(">H", 512)]))
    assert gio.read_disparity(path).px.tolist() == [[2.0]]
    assert gio.read_disparity(path, scale=64).px.tolist() == [[8.0]]


@pytest.mark.parametrize(("read", "unit"), [(gio.read_depth, "metres"), (gio.read_disparity, "pixels")])
def test_a_scale_that_the_format_has_no_use_for_is_refused(tmp_path: Path, read, unit: str):
    """A PFM of millimetres, read with scale=1000, would pass for metres."""
    gio.write_pfm(tmp_path / "a.pfm", np.full((1, 2), 1500.0))
    with pytest.raises(ValueError, match=f"scale is 1000, but a PFM holds {unit} and has none"):
        read(tmp_path / "a.pfm", scale=1000)
    assert read(tmp_path / "a.pfm", scale=1).density == 1


def test_the_unknown_value_may_be_one_of_numpys_integers(tmp_path: Path):
    gio.write_image(tmp_path / "a.pgm", np.array([[3, 8]], np.uint8))
    assert gio.read_disparity(tmp_path / "a.pgm", scale=4, invalid=np.uint8(3)).valid.tolist() == [[False, True]]


def test_grey_stored_as_rgb_is_grey_and_colour_is_refused(tmp_path: Path, png):
    path = tmp_path / "d.png"
    path.write_bytes(png(2, 1, 8, 2, [bytes([16, 16, 16, 32, 32, 32])]))
    assert gio.read_disparity(path, scale=16).px.tolist() == [[1.0, 2.0]]
    path.write_bytes(png(1, 1, 8, 2, [bytes([16, 16, 17])]))
    with pytest.raises(gio.FormatError, match="colour image"):
        gio.read_disparity(path, scale=16)


def test_values_that_a_decoder_would_stretch_are_refused(tmp_path: Path, png):
    (tmp_path / "a.png").write_bytes(png(2, 1, 4, 0, [b"\x3f"]))
    with pytest.raises(gio.FormatError, match="is a 4-bit PNG"):
        gio.read_disparity(tmp_path / "a.png", scale=1)


def test_a_lossy_file_under_the_name_of_a_png_is_refused(tmp_path: Path):
    gio.write_image(tmp_path / "a.jpg", np.full((8, 8), 100, np.uint8))
    (tmp_path / "a.jpg").rename(tmp_path / "a.png")
    with pytest.raises(gio.FormatError, match="a PNG image"):
        gio.read_disparity(tmp_path / "a.png", scale=1)


def test_depth_png_needs_a_scale(tmp_path: Path, png):
    path = tmp_path / "z.png"
    path.write_bytes(png(3, 1, 16, 0, [struct.pack(">HHH", 0, 5000, 65535)]))
    with pytest.raises(gio.FormatError, match="KITTI 256, TUM 5000, millimetres 1000"):
        gio.read_depth(path)
    depth = gio.read_depth(path, scale=5000, invalid=(0, 65535))
    np.testing.assert_array_equal(depth.m, np.array([[np.nan, 1, np.nan]], np.float32))
    np.testing.assert_array_equal(
        gio.read_depth(path, scale=5000, invalid=None).m, np.array([[np.nan, 1, 13.107]], np.float32)
    )


def test_pfm_by_what_it_is_read_as(tmp_path: Path):
    path = tmp_path / "a.pfm"
    gio.write_pfm(path, np.array([[0.0, -2.0, 3.0]]))
    assert gio.read_disparity(path).px.tolist() == [[0.0, -2.0, 3.0]]
    np.testing.assert_array_equal(gio.read_depth(path).m, np.array([[np.nan, np.nan, 3]], np.float32))
    with pytest.raises(ValueError, match="has none"):
        gio.read_disparity(path, scale=4)
    with pytest.raises(gio.FormatError, match="one channel"):
        gio.read_flow(path)
    gio.write_pfm(path, np.array([[[1.0, 2.0, 0.0]]]))
    assert gio.read_flow(path).px.tolist() == [[[1.0, 2.0]]]
    with pytest.raises(gio.FormatError, match="three channels"):
        gio.read_disparity(path)


@pytest.mark.parametrize("read", [gio.read_disparity, gio.read_flow, gio.read_depth])
def test_unknown_endings_are_refused_with_those_allowed(read):
    with pytest.raises(gio.FormatError, match=r"ends in '.jpg'; expected .*\.pfm"):
        read("map.jpg")


@pytest.mark.parametrize(("ending", "step"), [(".pfm", 0), (".png", 256), (".flo", 0)])
def test_writing_and_reading_back(tmp_path: Path, ending: str, step: int):
    values = np.array([[1.3, np.nan], [0.7, 200.1]], np.float32)
    tolerance = 0.5 / step if step else 0
    if ending != ".flo":
        gio.write_disparity(tmp_path / f"d{ending}", Disparity(px=values))
        again = gio.read_disparity(tmp_path / f"d{ending}").px
        np.testing.assert_allclose(again, values, rtol=0, atol=tolerance)
        gio.write_depth(tmp_path / f"z{ending}", Depth(m=values))
        scale = {"scale": 256.0} if step else {}
        np.testing.assert_allclose(gio.read_depth(tmp_path / f"z{ending}", **scale).m, values, rtol=0, atol=tolerance)
    if ending != ".pfm":
        flow = Flow(px=np.stack([values, values], axis=2))
        gio.write_flow(tmp_path / f"f{ending}", flow)
        again = gio.read_flow(tmp_path / f"f{ending}").px
        np.testing.assert_allclose(again, flow.px, rtol=0, atol=0.5 / 64 if step else 0)
    else:
        with pytest.raises(ValueError, match=r"allowed are \.flo, \.png"):
            gio.write_flow(tmp_path / "f.pfm", Flow(px=np.zeros((1, 1, 2), np.float32)))
