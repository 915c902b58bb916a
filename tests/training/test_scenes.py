"""Rendering of many scenes in several processes: what happens when it is broken off."""

import time

import numpy as np
import pytest

from geomvision.training import _scenes

COUNT = 400


def slow(failing, index):
    """A scene that takes a twentieth of a second; `failing` has none."""
    time.sleep(0.05)
    if index == failing:
        raise OSError(28, "No space left on device")
    return {"index": np.array(index)}


def interrupted(done):
    if done:
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("failing", "advance", "error"), [(-1, interrupted, KeyboardInterrupt), (1, lambda done: None, OSError)]
)
def test_what_breaks_off_begins_no_more_scenes(tmp_path, failing, advance, error):
    """Ctrl-C, and a scene that cannot be written: those under way are finished, and the rest is left."""
    with pytest.raises(error):
        _scenes.prepare(failing, tmp_path, COUNT, 2, advance, slow)
    stored = sorted(path.name for path in tmp_path.iterdir())
    assert len(stored) < COUNT / 4
    assert all(name.endswith(".npz") for name in stored)
    assert int(_scenes.load(tmp_path, 0)["index"]) == 0


def test_a_scene_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    def full(stream, **_):
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        _scenes.prepare(-1, tmp_path, 1, 1, lambda done: None, slow)
    assert list(tmp_path.iterdir()) == []
