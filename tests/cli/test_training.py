"""``geomvision train``: what it says when Ctrl-C ends it."""

import pytest

from geomvision import training


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ((), "interrupted: run the same command again to go on"),
        (("--fresh",), "interrupted: run it again, without --fresh, to go on"),
    ],
)
def test_what_was_interrupted_says_how_it_goes_on(geomvision, monkeypatch, flags, told):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "run", interrupted)
    ended = geomvision("train", "depth/eigen", *flags)
    assert ended.code == 130
    assert told in ended.out
