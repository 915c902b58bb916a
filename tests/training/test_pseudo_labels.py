"""Labels by painting: a mirror on a slanted wall, drawn in closed form, and methods whose answer is known."""

import numpy as np
import pytest

import geomvision as gv
from geomvision import io
from geomvision.cli import main
from geomvision.results import Depth, Disparity, RelativeDepth
from geomvision.training.pseudo_labels import pseudo_labels

HEIGHT, WIDTH = 72, 150
ROWS, COLUMNS = slice(22, 50), slice(60, 100)
WALL, REFLECTED = (0.02, 11.0), 4.0  # the wall's disparity is a x + b


def surface(rng):
    """A function of continuous (x, y): waves of a few pixels' length, in three channels."""
    parts = [(rng.uniform(-1.2, 1.2, 2), rng.uniform(0, 2 * np.pi, 3), rng.uniform(8, 24, 3)) for _ in range(12)]
    return lambda x, y: (
        128 + sum(gain * np.sin(f[0] * x[..., None] + f[1] * y[..., None] + phase) for f, phase, gain in parts)
    )


@pytest.fixture(scope="module")
def mirror():
    """Left, right, the mirror's mask in both, and the true disparity, which is the wall's everywhere."""
    wall, room = (surface(np.random.default_rng(seed)) for seed in (1, 2))
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    slope, level = WALL
    on_wall = {"left": x, "right": (x + level) / (1 - slope)}  # where the wall's point lies in the left view
    reflected = {"left": x, "right": x + REFLECTED}
    images, masks = {}, {}
    for side in ("left", "right"):
        at = on_wall[side]
        masks[side] = (at >= COLUMNS.start - 0.5) & (at < COLUMNS.stop - 0.5) & (y >= ROWS.start) & (y < ROWS.stop)
        seen = np.where(masks[side][..., None], room(reflected[side], y), wall(at, y))
        images[side] = np.clip(np.rint(seen), 0, 255).astype(np.uint8)
    return images["left"], images["right"], masks["left"], masks["right"], slope * x + level


def errors(found, truth, where):
    return np.nanmean(np.abs(found.px - truth)[where]), np.isnan(found.px[where]).mean()


@pytest.mark.parametrize("known", ["the right mask", "a disparity", "its surroundings"])
def test_a_mirror_becomes_the_wall_it_hangs_on(mirror, known):
    left, right, mask, right_mask, truth = mirror
    method = gv.stereo.SGM(max_disparity=24, fill="background")
    plain = method(left, right)
    given = {
        "the right mask": {"right_mask": right_mask},
        "a disparity": {"disparity": Disparity(px=truth)},
        "its surroundings": {},
    }[known]
    labels = pseudo_labels(method, left, mask, right, **given)
    before, after = errors(plain, truth, mask), errors(labels, truth, mask)
    assert before[0] > 6  # what it reflects
    assert after[0] < 1.5
    assert after[1] == 0
    np.testing.assert_array_equal(labels.px[~mask], plain.px[~mask])
    assert labels.confidence is None


def test_the_object_is_painted_at_one_place_in_both_views(mirror):
    left, right, mask, _, _ = mirror
    shown = []

    def method(*views):
        shown.append([view.copy() for view in views])
        return Disparity(px=np.full(mask.shape, 5.0))

    known = Disparity(px=np.full(mask.shape, 7.0))
    pseudo_labels(method, left, mask, right, disparity=known, paints=2, seed=3)
    assert len(shown) == 3
    np.testing.assert_array_equal(shown[0][0], left)
    moved = np.roll(mask, -7, axis=1)
    for first, second in shown[1:]:
        colours = np.unique(np.concatenate([first[mask], second[moved]]), axis=0)
        assert len(colours) == 1
        np.testing.assert_array_equal(first[~mask], left[~mask])
        np.testing.assert_array_equal(second[~moved], right[~moved])
    assert (shown[1][0][mask][0] != shown[2][0][mask][0]).any()


def test_inside_of_the_mask_stands_the_median_of_what_the_paints_gave():
    image = np.arange(60, dtype=np.uint8).reshape(6, 10)
    mask = np.zeros((6, 10), bool)
    mask[1:3, 1:3] = mask[4, 7:9] = True
    answers = iter([2.0, 9.0, np.nan, 4.0, 5.0])
    colours = []

    def method(view):
        colours.append((view[1, 1], view[4, 7]))
        m = np.full(view.shape, 1.0 if len(colours) == 1 else next(answers))
        return Depth(m=m)

    labels = pseudo_labels(method, image, mask, paints=5)
    assert isinstance(labels, Depth)
    assert (labels.m[mask] == 4.5).all()  # of 2, 4, 5, 9
    assert (labels.m[~mask] == 1).all()
    assert any(first != second for first, second in colours[1:])  # objects have colours of their own
    again = []
    pseudo_labels(lambda view: (again.append(view[1, 1]), Depth(m=np.ones(view.shape)))[1], image, mask, paints=5)
    assert again[1:] == [first for first, _ in colours[1:]]
    mixed = iter([Depth(m=np.ones(mask.shape)), RelativeDepth(values=np.ones(mask.shape), kind="depth_scale")])
    with pytest.raises(ValueError, match="gives Depth of the image and depth_scale of a painted one"):
        pseudo_labels(lambda _: next(mixed), image, mask)
    relative = pseudo_labels(
        lambda view: RelativeDepth(values=np.full(view.shape, np.nan), kind="disparity_affine"), image, mask
    )
    assert relative.kind == "disparity_affine"
    assert np.isnan(relative.values).all()


@pytest.mark.parametrize("kind", ["depth_scale", "depth_affine", "disparity_affine"])
def test_each_answer_of_relative_depth_is_brought_to_the_scale_of_the_first(kind):
    """A net may answer in another scale, or shift, each time: here the truth but for those."""
    rng = np.random.default_rng(4)
    image = rng.integers(0, 255, (24, 32), np.uint8)
    mask = np.zeros(image.shape, bool)
    mask[8:14, 10:20] = True
    wall = np.linspace(2.0, 5.0, 32) + np.zeros((24, 1))
    seen = []

    def method(view):
        scale, shift = (1.0, 0.0) if not seen else rng.uniform((0.3, -1.0), (4.0, 1.0))
        seen.append(view)
        in_it = 9.0 if len(seen) == 1 else wall[mask]  # what a mirror shows, and the painted wall
        values = wall.copy()
        values[mask] = in_it
        return RelativeDepth(values=(scale * values + shift * (kind != "depth_scale")).astype(np.float32), kind=kind)

    labels = pseudo_labels(method, image, mask, paints=4)
    np.testing.assert_allclose(labels.values, wall, rtol=1e-4)
    turned = iter([wall, wall[:, ::-1], wall[:, ::-1]])
    falls = pseudo_labels(lambda _: RelativeDepth(values=next(turned), kind=kind), image, mask, paints=2)
    if kind == "depth_scale":
        assert np.isfinite(falls.values).all()  # logarithms have no scale to look for
    else:
        assert np.isnan(falls.values[mask]).all()  # what falls where the first rises


def test_what_cannot_be_painted_is_told(mirror):
    left, right, mask, _, _ = mirror

    def method(*views):
        return Disparity(px=np.full(views[0].shape[:2], np.nan))

    everywhere = np.ones_like(mask)
    for given, reason in (
        ({"mask": mask[:-1]}, r"mask is bool \(71, 150\); it must be bool \(72, 150\)"),
        ({"mask": mask.astype(np.uint8)}, "mask is uint8"),
        ({"mask": ~everywhere}, "the mask is empty"),
        ({"paints": 0}, "paints is 0"),
        ({"right": right}, "around an object of 1120 pixels the method sees 0, too few"),
        ({"right": right, "right_mask": mask[1:]}, "right_mask is bool"),
        ({"right_mask": mask}, "are for a pair"),
        ({"method": lambda view: view}, "gives a ndarray; it must be a Disparity, Depth or RelativeDepth"),
        ({"right": right, "method": lambda *views: Depth(m=np.ones(mask.shape))}, "of a pair the method gives a Depth"),
    ):
        with pytest.raises(ValueError, match=reason):
            pseudo_labels(**{"method": method, "image": left, "mask": mask, **given})


def test_the_verb_writes_labels_for_training(mirror, tmp_path, capsys):
    left, right, mask, _, truth = mirror
    for name, image in (("left", left), ("right", right), ("mirror", mask.astype(np.uint8) * 255)):
        io.write_image(tmp_path / f"{name}.png", image)
    views = [str(tmp_path / "left.png"), str(tmp_path / "right.png")]
    out = tmp_path / "labels.pfm"
    objects = ["--objects", str(tmp_path / "mirror.png")]
    with pytest.raises(SystemExit, match="0"):
        main(["pseudo-label", *views, *objects, "--method", "sgm", "--set", "max_disparity=24", "--out", str(out)])
    found = io.read_disparity(out)
    assert np.nanmean(np.abs(found.px - truth)[mask]) < 2
    assert "object: 1120 pixels" in capsys.readouterr().out
    for arguments, reason in (
        ([*views, *objects, "--method", "sgm,opencv_bm"], "give one"),
        ([*views, *objects, "--class", "glass"], "has no class 'glass'; it has object"),
    ):
        with pytest.raises(SystemExit):
            main(["pseudo-label", *arguments, "--out", str(out)])
        assert reason in capsys.readouterr().err


def test_the_verb_takes_one_image_and_a_depth_method(mirror, tmp_path, capsys):
    left, _, mask, _, _ = mirror
    for name, image in (("left", left), ("mirror", mask.astype(np.uint8) * 255)):
        io.write_image(tmp_path / f"{name}.png", image)
    out = tmp_path / "labels.pfm"
    given = ["pseudo-label", str(tmp_path / "left.png"), "--objects", str(tmp_path / "mirror.png")]
    with pytest.raises(SystemExit, match="0"):
        main([*given, "--paints", "2", "--out", str(out)])
    assert "depth_scale" in capsys.readouterr().out
    plain = gv.depth.MonoSmall()(left)
    labels = io.read_pfm(out)
    np.testing.assert_allclose(labels[~mask], plain.values[~mask], rtol=1e-5)
    assert not np.allclose(labels[mask], plain.values[mask], rtol=1e-3)
    for arguments, reason in (
        (["--out", str(tmp_path / "labels.png")], "write .pfm"),
        (["--out", str(out), "--right-objects", str(tmp_path / "mirror.png")], "give that image, too"),
        (["--out", str(out), "--camera", str(tmp_path / "none.json")], "none.json"),
    ):
        with pytest.raises(SystemExit):
            main([*given, "--paints", "1", *arguments])
        assert reason in " ".join(capsys.readouterr().err.split())
