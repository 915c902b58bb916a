import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import geomvision.io as gio


def test_rgb_comes_as_red_green_blue(tmp_path: Path, png):
    path = tmp_path / "rgb.png"
    path.write_bytes(png(2, 1, 8, 2, [bytes([250, 20, 3, 4, 5, 6])]))
    image = gio.read_image(path)
    assert image.dtype == np.uint8
    assert image.tolist() == [[[250, 20, 3], [4, 5, 6]]]
    assert image.flags.c_contiguous


def test_sixteen_bits_stay_sixteen_and_grey_stays_grey(tmp_path: Path, png):
    path = tmp_path / "grey.png"
    path.write_bytes(png(2, 2, 16, 0, [struct.pack(">HH", 0, 258), struct.pack(">HH", 65535, 1)]))
    image = gio.read_image(path)
    assert image.dtype == np.uint16
    assert image.tolist() == [[0, 258], [65535, 1]]
    path.write_bytes(png(1, 1, 16, 2, [struct.pack(">HHH", 40000, 500, 6)]))
    assert gio.read_image(path).tolist() == [[[40000, 500, 6]]]


def test_an_opaque_alpha_channel_is_dropped_and_a_transparent_one_refused(tmp_path: Path, png):
    path = tmp_path / "alpha.png"
    path.write_bytes(png(1, 1, 8, 6, [bytes([9, 8, 7, 255])]))
    assert gio.read_image(path).tolist() == [[[9, 8, 7]]]
    path.write_bytes(png(2, 1, 8, 4, [bytes([9, 255, 77, 255])]))
    assert gio.read_image(path).tolist() == [[9, 77]]
    path.write_bytes(png(1, 1, 8, 6, [bytes([9, 8, 7, 254])]))
    with pytest.raises(gio.FormatError, match="transparent"):
        gio.read_image(path)


@pytest.mark.parametrize("ending", [".webp", ".tiff", ".jp2"])
def test_alpha_of_other_formats_is_looked_at_too(tmp_path: Path, ending: str):
    cv2 = pytest.importorskip("cv2")
    path = tmp_path / f"alpha{ending}"
    for alpha, passes in ((255, True), (120, False)):
        image = np.full((64, 80, 4), 255, np.uint8)
        image[:32, :, 3] = alpha
        quality = [cv2.IMWRITE_WEBP_QUALITY, 101] if ending == ".webp" else []
        path.write_bytes(cv2.imencode(ending, image, quality)[1].tobytes())
        if passes:
            assert gio.read_image(path).tolist() == np.full((64, 80, 3), 255).tolist()
        else:
            with pytest.raises(gio.FormatError, match="has transparent pixels"):
                gio.read_image(path)


#: 2x1 pixels of a palette of two colours, red and green; LZW: clear, 0, 1, end.
_GIF = b"GIF89a\x02\0\x01\0\x80\0\0" + bytes([255, 0, 0, 0, 255, 0]) + b"%b,\0\0\0\0\x02\0\x01\0\0\x02\x02D\n\0;"


def test_a_gif_is_read_where_it_is_opaque(tmp_path: Path):
    path = tmp_path / "some.gif"
    path.write_bytes(_GIF % b"")
    assert gio.read_image(path).tolist() == [[[255, 0, 0], [0, 255, 0]]]
    path.write_bytes(_GIF % b"!\xf9\x04\x01\0\0\x01\0")  # colour 1 is transparent
    with pytest.raises(gio.FormatError, match="has transparent pixels"):
        gio.read_image(path)


def test_a_grey_level_that_is_transparent_is_looked_at_too(tmp_path: Path, png):
    def marked(level: int, bits: int, row: bytes, width: int) -> bytes:
        plain = png(width, 1, bits, 0, [row])
        body = b"tRNS" + struct.pack(">H", level)
        chunk = struct.pack(">I", 2) + body + struct.pack(">I", zlib.crc32(body))
        return plain[:33] + chunk + plain[33:]

    path = tmp_path / "grey.png"
    for bits, row, width, used, unused in (
        (8, bytes([10, 20]), 2, 20, 30),
        (16, struct.pack(">HH", 1000, 2000), 2, 1000, 1001),
        (2, bytes([0b00011000]), 3, 2, 3),
    ):
        path.write_bytes(marked(unused, bits, row, width))
        assert gio.read_image(path).shape == (1, width)
        path.write_bytes(marked(used, bits, row, width))
        with pytest.raises(gio.FormatError, match="has transparent pixels"):
            gio.read_image(path)


@pytest.mark.parametrize("kind", [b"P5", b"P6"])
@pytest.mark.parametrize("top", [b"255", b"1023"])
def test_a_binary_header_with_windows_line_ends_does_not_shift_the_pixels(tmp_path: Path, kind: bytes, top: bytes):
    count = 6 * (3 if kind == b"P6" else 1)
    values = np.arange(count) + (10 << 8 if top == b"1023" else 10)
    path = tmp_path / "windows.pnm"
    path.write_bytes(b"\r\n".join([kind, b"3 2", top, values.astype(">u2" if top == b"1023" else "u1").tobytes()]))
    assert gio.read_image(path).ravel().tolist() == values.tolist()
    path.write_bytes(
        b"\n".join([kind, b"3 2", top]) + b"\r" + values.astype(">u2" if top == b"1023" else "u1").tobytes()
    )
    assert gio.read_image(path).ravel().tolist() == values.tolist()  # the first pixel may be 10, a line's end


def test_a_photograph_of_a_phone_says_what_to_do(tmp_path: Path):
    path = tmp_path / "phone.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    with pytest.raises(gio.FormatError, match="HEIC or AVIF image that OpenCV here cannot decode: convert it"):
        gio.read_image(path)


@pytest.mark.parametrize(
    ("text", "dtype", "values"),
    [
        (b"P2\n# to 63\n3 1\n63\n0 1 63\n", np.uint8, [[0, 1, 63]]),
        (b"P2 # a\n3 1 #b\n1000\n0 #c\n1 999", np.uint16, [[0, 1, 999]]),
        (b"P3\n1 2\n15\n1 2 3\n4 5 15\n", np.uint8, [[[1, 2, 3]], [[4, 5, 15]]]),
    ],
)
def test_numbers_of_a_text_pgm_or_ppm_are_read_as_they_stand(tmp_path: Path, text: bytes, dtype: type, values):
    """OpenCV stretches those of fewer than 8 bits, but not the same numbers in a binary file."""
    (tmp_path / "a.pgm").write_bytes(text)
    image = gio.read_image(tmp_path / "a.pgm")
    assert image.dtype == dtype
    assert image.tolist() == values


@pytest.mark.parametrize(
    "text",
    [
        b"P2\n3 1\n63\n0 1 64",
        b"P2 3 1 63 0 1",
        b"P2 3 1 63 0 -1 2",
        b"P2 3 1 63 0 a 1",
        b"P3 1 1 70000 1 2 3",
        b"P2 99999999999 1 9 0",
        b"P2 3",
        b"P2 2 1 255 0 99999999999999999999",
    ],
)
def test_a_text_pgm_that_holds_something_else_is_refused(tmp_path: Path, text: bytes):
    (tmp_path / "a.pgm").write_bytes(text)
    with pytest.raises(gio.FormatError, match="expected a PGM or PPM image"):
        gio.read_image(tmp_path / "a.pgm")


def test_every_truncation_of_a_png_is_found(tmp_path: Path, png):
    whole = png(3, 2, 8, 0, [bytes([1, 2, 3]), bytes([4, 5, 6])])
    path = tmp_path / "cut.png"
    for length in range(1, len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(gio.FormatError):
            gio.read_image(path)


def test_a_flipped_bit_in_a_png_is_found(tmp_path: Path, png):
    whole = bytearray(png(3, 2, 8, 0, [bytes([1, 2, 3]), bytes([4, 5, 6])]))
    whole[45] ^= 1  # within the compressed data
    path = tmp_path / "flipped.png"
    path.write_bytes(whole)
    with pytest.raises(gio.FormatError, match="checksum"):
        gio.read_image(path)


def test_absurd_sizes_are_refused_before_anything_is_decoded(tmp_path: Path, png):
    path = tmp_path / "huge.png"
    for width, height in ((2**31 - 1, 2**31 - 1), (100_000, 100_000), (0, 5)):
        path.write_bytes(png(width, height, 8, 0, [b"\0"]))
        with pytest.raises(gio.FormatError, match=f"{width}x{height}"):
            gio.read_image(path)


def test_a_truncated_jpeg_is_found(tmp_path: Path):
    path = tmp_path / "a.jpg"
    gio.write_image(path, np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8))
    assert gio.read_image(path).shape == (40, 50, 3)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(gio.FormatError, match="truncated JPEG"):
        gio.read_image(path)


def test_pgm_and_ppm_by_hand(tmp_path: Path):
    (tmp_path / "a.pgm").write_bytes(b"P5\n3 1\n255\n\x01\x80\xff")
    assert gio.read_image(tmp_path / "a.pgm").tolist() == [[1, 128, 255]]
    (tmp_path / "a.ppm").write_bytes(b"P6\n1 1\n255\n\x0a\x14\x1e")
    assert gio.read_image(tmp_path / "a.ppm").tolist() == [[[10, 20, 30]]]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"P5\n2 2\n255\n\1\2\3", "truncated: 3 bytes"),
        (b"P6\n# by hand\n2 2\n65535\n" + bytes(23), "truncated: 23 bytes"),
        (b"P5\n30000 8000\n255\n\1", "240000000 bytes for 30000x8000"),
        (b"P5\n100000 100000\n255\n\1", "100000x100000 pixels"),
    ],
)
def test_a_header_that_promises_more_than_the_file_holds(tmp_path: Path, data: bytes, reason: str):
    (tmp_path / "a.pgm").write_bytes(data)
    with pytest.raises(gio.FormatError, match=reason):
        gio.read_image(tmp_path / "a.pgm")


def test_a_png_with_too_few_rows_is_refused(tmp_path: Path, png):
    (tmp_path / "a.png").write_bytes(png(3, 2, 8, 0, [b"\1\2\3"]))
    with pytest.raises(gio.FormatError, match="no decoder"):
        gio.read_image(tmp_path / "a.png")


@settings(deadline=None, max_examples=30)
@given(
    image=st.sampled_from([np.uint8, np.uint16]).flatmap(
        lambda dtype: hnp.arrays(dtype, st.sampled_from([(1, 1), (3, 5), (4, 2, 3), (1, 7, 3)]))
    )
)
def test_png_round_trip(image: np.ndarray, tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("png") / "image.png"
    gio.write_image(path, image)
    again = gio.read_image(path)
    assert again.dtype == image.dtype
    assert (again == image).all()


def test_strided_images_are_written_as_they_look(tmp_path: Path):
    image = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    gio.write_image(tmp_path / "a.png", image[::-1, ::-2])
    assert (gio.read_image(tmp_path / "a.png") == image[::-1, ::-2]).all()


def test_writing_what_an_ending_cannot_hold_is_refused(tmp_path: Path):
    grey = np.zeros((2, 2), np.uint8)
    for name, image, reason in (
        ("a.gif", grey, "allowed are .png"),
        ("a", grey, "allowed are .png"),
        ("a.jpg", grey.astype(np.uint16), "cannot hold uint16"),
        ("a.png", grey.astype(np.float32), "cannot hold float32"),
        ("a.pgm", np.zeros((2, 2, 3), np.uint8), "grey but the image is RGB"),
    ):
        with pytest.raises(ValueError, match=reason):
            gio.write_image(tmp_path / name, image)
    assert list(tmp_path.iterdir()) == []
