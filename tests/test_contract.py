"""The contract: every registered method, on every backend that can run here, keeps the same promises."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import geomvision as gv
from geomvision.cameras import pose
from geomvision.images import ImageError
from geomvision.method import BackendError, OptionError
from geomvision.results import Disparity, Flow

TASKS = {"stereo": Disparity, "flow": Flow}
METHODS = [(task, name) for task in TASKS for name in getattr(gv, task).METHODS]


def lacks_weights(task, name):
    """Whether a learned method has none of its own: it is asked with others, in the tests of its task or of export."""
    cls = getattr(gv, task).METHODS[name]
    return bool({"weights", "path"} & set(cls.option_limits())) and cls().refusal("torch") is not None


def cases():
    """Each method on each backend that runs here; on a GPU's, that is skipped with the reason where there is none."""
    for task, name in METHODS:
        if lacks_weights(task, name):
            continue
        for backend in getattr(gv, task).METHODS[name].backends():
            missing = backend.missing()
            if backend.name == "cuda":
                marks = [pytest.mark.cuda, pytest.mark.skipif(missing is not None, reason=missing or "there is one")]
                yield pytest.param(task, name, backend.name, marks=marks)
            elif missing is None:
                yield task, name, backend.name


CASES = list(cases())
EVERYTHING = [
    (task, name) for task in ("stereo", "flow", "depth", "pose", "scene_flow") for name in getattr(gv, task).METHODS
]
PEERS = ("opencv_", "skimage_")
OURS = [(task, name) for task, name in METHODS if not name.startswith(PEERS) and not lacks_weights(task, name)]
#: Learned methods have weights, and those that run another method its base: neither has a reference of its own.
CLASSICAL = [
    (task, name)
    for task, name in OURS
    if not {"weights", "base"} & set(getattr(gv, task).METHODS[name].option_limits())
]
every_case = pytest.mark.parametrize(("task", "name", "backend"), CASES)


class Posed:
    """A flow method that is told the camera's motion, too: one along which the pair of `shifted` moves."""

    def __init__(self, method):
        self.method = method

    def given(self, frame1):
        height, width = np.shape(frame1)[:2]
        camera = gv.Camera(width=width, height=height, fx=100, fy=100, cx=(width - 1) / 2, cy=(height - 1) / 2)
        return camera, pose(translation=(0.2, 0.1, 0.0))

    def __call__(self, frame0, frame1):
        return self.method(frame0, frame1, *self.given(frame1))

    def trace(self, frame0, frame1):
        return self.method.trace(frame0, frame1, *self.given(frame1))


def make(task, name, backend="auto", **options):
    method = getattr(gv, task).METHODS[name]
    if "max_disparity" in method.option_limits():
        options.setdefault("max_disparity", 16)
    if name == "epipolar_flow":
        options.setdefault("max_parallax", 8.0)
    made = method(backend=backend, **options)
    return Posed(made) if name == "epipolar_flow" else made


def texture(height, width, seed=0, dtype=np.uint8):
    """Smooth random texture: noise blurred by a 3x3 box."""
    rng = np.random.default_rng(seed)
    noise = rng.uniform(0, 1, (height + 2, width + 2))
    smooth = sum(noise[y : y + height, x : x + width] for y in range(3) for x in range(3)) / 9
    smooth = (smooth - smooth.min()) / max(np.ptp(smooth), 1e-9)
    return (smooth * 255).astype(dtype) if dtype != np.uint16 else (smooth * 65535).astype(dtype)


def shifted(task, dtype=np.uint8, height=48, width=96):
    """A pair with a known answer: disparity 4 px everywhere, or flow (2, 1) px."""
    wide = texture(height + 8, width + 8, seed=3, dtype=dtype)
    first = wide[4:-4, 4:-4]
    if task == "stereo":
        return first, wide[4:-4, 8:][:, :width], np.float32(4.0)
    return first, wide[3 : 3 + height, 2 : 2 + width], np.array([2.0, 1.0], np.float32)


def same(a, b):
    extras = [(a.confidence, b.confidence), (a.occluded, b.occluded)]
    arrays = [(a.px, b.px)] + [(p, q) for p, q in extras if p is not None]
    return all(np.array_equal(p, q, equal_nan=p.dtype.kind == "f") for p, q in arrays)


def check_result(result, task, shape):
    assert type(result) is TASKS[task]
    assert result.px.dtype == np.float32
    assert result.px.shape[:2] == shape
    assert not np.isinf(result.px).any()
    if result.confidence is not None:
        valid = result.confidence[result.valid]
        assert result.confidence.dtype == np.float32
        assert ((valid >= 0) & (valid <= 1)).all()
    if result.occluded is not None:
        assert result.occluded.dtype == np.bool_


@every_case
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_a_known_motion_is_found_whatever_the_dtype(task, name, backend, dtype):
    first, second, truth = shifted(task, dtype)
    result = make(task, name, backend)(first, second)
    check_result(result, task, first.shape)
    inside = result.px[12:-12, 24:-12]
    assert np.nanmedian(np.abs(inside - truth)) < 0.35
    assert result.run.backend == backend
    assert result.run.seconds > 0


@every_case
def test_inputs_stay_untouched_and_strides_do_not_matter(task, name, backend):
    first, second, _ = shifted(task)
    method = make(task, name, backend)
    expected = method(first.copy(), second.copy())
    mirrored = np.ascontiguousarray(first[::-1, ::-1])[::-1, ::-1]
    frozen = second.copy()
    frozen.flags.writeable = False
    before = mirrored.copy()
    assert same(expected, method(mirrored, frozen))
    assert np.array_equal(before, mirrored)


@every_case
def test_results_do_not_depend_on_threads_nor_on_the_run(task, name, backend):
    first, second, _ = shifted(task)
    expected = make(task, name, backend, num_threads=1)(first, second)
    for threads in (1, 2, 5):
        assert same(expected, make(task, name, backend, num_threads=threads)(first, second))


@every_case
def test_colour_images_are_taken(task, name, backend):
    first, second, _ = shifted(task)
    colour = [np.dstack([image, image, image]) for image in (first, second)]
    result = make(task, name, backend)(*colour)
    check_result(result, task, first.shape)


@every_case
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(1, 24), st.integers(1, 40), st.integers(0, 2**16))
def test_any_size_gives_a_result_or_a_clear_error(task, name, backend, height, width, seed):
    pair = texture(height, width, seed), texture(height, width, seed + 1)
    try:
        result = make(task, name, backend)(*pair)
    except (ImageError, OptionError):  # says what was given; anything else fails the test
        assert min(height, width) < 16
    else:
        check_result(result, task, (height, width))


@every_case
def test_one_pixel_and_flat_images(task, name, backend):
    method = make(task, name, backend)
    for shape in ((1, 1), (1, 50), (50, 1), (30, 40)):
        flat = np.full(shape, 128, np.uint8)
        try:
            check_result(method(flat, flat), task, shape)
        except ImageError:
            assert min(shape) < 16


@every_case
def test_what_is_no_pair_is_refused(task, name, backend):
    method = make(task, name, backend)
    image = texture(24, 32)
    hole = image.astype(np.float32)
    hole[3, 4] = np.nan
    for bad in (image[:, :-1], image.astype(np.uint16), hole, image[:0], np.dstack([image] * 4)):
        with pytest.raises(ImageError):
            method(bad, image)
    with pytest.raises(TypeError):
        method(image.tolist(), image)


@pytest.mark.parametrize(("task", "name"), EVERYTHING)
def test_options_are_documented_checked_and_survive_json(task, name):
    cls = getattr(gv, task).METHODS[name]
    assert cls.name() == name
    assert cls.__doc__
    assert cls.backends()
    method = cls()
    assert cls.from_options(json.loads(json.dumps(method.options()))) == method
    for option, limits in cls.option_limits().items():
        assert limits.doc
        if limits.minimum is not None and np.isfinite(limits.minimum):
            kind = type(getattr(method, option))
            with pytest.raises(OptionError, match=option):
                cls(**{option: kind(limits.minimum - 1)})
        if limits.choices:
            with pytest.raises(OptionError, match=option):
                cls(**{option: "no such choice"})


@pytest.mark.parametrize(("task", "name"), EVERYTHING)
def test_a_backend_that_cannot_run_says_how_to_get_it(task, name):
    cls = getattr(gv, task).METHODS[name]
    for backend in cls.backends():
        if backend.missing() is not None:
            way = "pip install .|nvidia-smi" if backend.name == "cuda" else r"pip install|build it again"
            with pytest.raises(BackendError, match=way):
                cls(backend=backend.name).chosen_backend()


WEIGHTLESS = [(task, name) for task, name in METHODS if lacks_weights(task, name)]
#: Adapters take weights of other packages, and have no name for their own; nor have files.
NAMED = [(task, name) for task, name in WEIGHTLESS if getattr(getattr(gv, task).METHODS[name](), "weights", "")]


@pytest.mark.parametrize(("task", "name"), NAMED)
def test_a_method_without_weights_says_how_to_get_them(task, name):
    image = texture(24, 32)
    for run in (make(task, name), make(task, name).trace):
        with pytest.raises(BackendError, match=rf"has no weights '{name}': .* give weights= the path of"):
            run(image, image)


@pytest.mark.parametrize(("task", "name"), CLASSICAL)
def test_every_classical_method_has_a_reference_and_agrees_with_it_on_every_pixel(task, name):
    assert [b.name for b in getattr(gv, task).METHODS[name].backends()][-2:] == ["cpp", "reference"]
    first, second, _ = shifted(task)
    assert same(make(task, name, "cpp")(first, second), make(task, name, "reference")(first, second))


@pytest.mark.parametrize(("task", "name"), OURS)
def test_every_method_of_ours_shows_the_stages_that_lead_to_its_result(task, name):
    method = make(task, name)
    first, second, _ = shifted(task)
    trace = method.trace(first, second)
    assert len(trace) >= 3
    assert all(stage.doc for stage in trace)
    assert same(trace.result, method(first, second))


@pytest.mark.parametrize(("task", "name"), EVERYTHING)
def test_a_method_that_runs_others_tells_which(task, name):
    """Options that name methods of the library: what those need is imported before a call is timed."""
    cls = getattr(gv, task).METHODS[name]
    others = {key for key, limits in cls.option_limits().items() if not limits.choices}
    if others & {"base", "bases", "others", "stereo", "flow"} or hasattr(cls, "matcher"):
        assert cls().asked()
