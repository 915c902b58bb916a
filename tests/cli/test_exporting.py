"""`geomvision export`: what it writes and tells, and what it refuses."""

import pytest

pytest.importorskip("torch")


def test_it_writes_and_tells(geomvision, tmp_path):
    path = tmp_path / "net.pt"
    ended = geomvision("export", "depth/mono_small", "--out", path, "--size", "64x96", "--set", "side_px=0")
    assert ended.code == 0, ended.err
    assert path.stat().st_size > 1e5
    assert "largest difference at 64x96: " in ended.out
    assert "of the largest depth" in ended.out
    assert "it takes images up to 64 x 96 pixels" in ended.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("depth/mono_small", "--size", "wide"), "--size is 'wide'; it is height and width in pixels"),
        (("mono_small",), "'mono_small' is no task/method, like stereo/fast_stereo"),
        (("depth/mono_smal",), "did you mean 'mono_small'?"),
        (("stereo/sgm",), "stereo/sgm is not one net of ours on images alone"),
        (("depth/mono_small", "--to", "onnx"), "must end in .onnx"),
    ],
)
def test_what_is_wrong_is_told(geomvision, tmp_path, words, told):
    ended = geomvision("export", *words, "--out", tmp_path / "net.pt")
    assert ended.code == 2
    assert told in ended.err
    assert not (tmp_path / "net.pt").exists()
