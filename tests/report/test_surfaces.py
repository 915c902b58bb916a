"""Meshes in the report: what a browser draws of a wall and a box before it, both in closed form."""

import base64
import json
import re

import cv2
import numpy as np
import pytest

from geomvision.cameras import Camera, inverse, pose
from geomvision.report import Report, Surface
from geomvision.results import PointCloud

CAMERA = Camera(width=320, height=160, fx=200.0, fy=200.0, cx=150.0, cy=85.0)
TURN = pose([[0, 0, 1], [-1, 0, 0], [0, -1, 0]], (3.0, -2.0, 1.0))  # camera to a world with z up
RED, GREEN, BLUE = (220, 20, 30), (20, 190, 40), (30, 40, 230)


def square(n, x, y, z, side, color):
    """n x n points of a square across the axis, and their triangles."""
    u, v = np.meshgrid(np.linspace(-0.5, 0.5, n), np.linspace(-0.5, 0.5, n))
    points = np.stack([x + side * u, y + side * v, np.full_like(u, z)], axis=-1).reshape(-1, 3)
    at = np.arange(n * n).reshape(n, n)
    a, b, c, d = at[:-1, :-1], at[:-1, 1:], at[1:, :-1], at[1:, 1:]
    triangles = np.concatenate([np.stack(t, axis=-1).reshape(-1, 3) for t in ((a, b, c), (b, d, c))])
    return points, np.tile(np.uint8(color), (len(points), 1)), triangles


def scene(n=12) -> PointCloud:
    """A wall at 4 m, red left and green right of x = 0, and a blue square of 0.6 m before it at 2 m."""
    parts = [square(n, -1.5, 0, 4, 3, RED), square(n, 1.5, 0, 4, 3, GREEN), square(n, 0, 0, 2, 0.6, BLUE)]
    start = np.cumsum([0, *(len(p[0]) for p in parts)])
    points = np.concatenate([p[0] for p in parts]) @ TURN[:3, :3].T + TURN[:3, 3]
    triangles = np.concatenate([p[2] + s for p, s in zip(parts, start, strict=False)]).astype(np.int32)
    return PointCloud(
        points=points.astype(np.float32), colors=np.concatenate([p[1] for p in parts]), triangles=triangles
    )


POSES = np.stack([TURN, TURN @ pose(translation=(0.4, 0.0, 0.0))])


@pytest.fixture(scope="module")
def shown(browser, tmp_path_factory):
    """Open a report of surfaces offline; the page, once all of them are drawn."""

    def load(*surfaces):
        path = Report(title="in <space>", surfaces=surfaces).save(tmp_path_factory.mktemp("surfaces") / "report.html")
        tab = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True).new_page()
        tab.complaints = []
        tab.on("console", lambda message: tab.complaints.append(message.text))
        tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
        tab.goto(path.as_uri())
        for k in range(len(surfaces)):
            tab.locator(".surface").nth(k).scroll_into_view_if_needed()
            tab.wait_for_function(f"document.querySelectorAll('.surface')[{k}].classList.contains('ready')")
        tab.wait_for_timeout(200)
        return tab

    return load


def picture(page, k=0):
    """The canvas (H, W, 3), as it is drawn from the front."""
    code = (
        f"(() => {{ const root = document.querySelectorAll('.surface')[{k}]; const s = root.surface;"
        "Object.assign(s, {yaw: 0, pitch: 0, distance: 1}); s.over = () => {}; s.draw(); const c = s.canvas;"
        "return c.toDataURL('image/png'); })()"
    )
    data = base64.b64decode(page.evaluate(code).partition(",")[2])
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def near(pixels, color):
    return np.abs(pixels.astype(int) - color).max(axis=-1) < 12


pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.mark.browser
def test_the_mesh_is_drawn_where_the_camera_saw_it(shown):
    page = shown(Surface(name="wall", mesh=scene(), camera=CAMERA, T_world_cam=POSES))
    drawn = picture(page)
    scale = drawn.shape[1] / 320
    for x, y, z, color in ((-1, 0.5, 4, RED), (1, 0.5, 4, GREEN), (0, 0, 2, BLUE), (0.28, -0.28, 2, BLUE),
                           (0.7, -0.7, 4, GREEN)):  # fmt: skip
        u, v = ((CAMERA.project(np.array([x, y, z], float)) + 0.5) * scale).astype(int)
        assert near(drawn[v, u], color), (x, y, z, drawn[v, u])
    # The blue square is 0.6 m at 2 m: so many pixels, and no others.
    side = 0.6 / 2 * 200 * scale
    assert near(drawn, BLUE).sum() == pytest.approx(side * side, rel=0.03)
    assert page.complaints == []


@pytest.mark.browser
def test_every_vertex_and_corner_arrives_and_it_turns(shown):
    mesh = scene()
    page = shown(Surface(name="wall", mesh=mesh, camera=CAMERA, T_world_cam=POSES))
    surface = "document.querySelector('.surface').surface"
    points = np.array(page.evaluate(f"Array.from({surface}.points)")).reshape(-1, 3)
    to_camera = inverse(TURN)
    np.testing.assert_allclose(points, mesh.points @ to_camera[:3, :3].T + to_camera[:3, 3], atol=1e-4)
    corners = np.array(page.evaluate(f"Array.from({surface}.corners)")).reshape(-1, 3)
    assert {tuple(t) for t in corners.tolist()} == {tuple(t) for t in mesh.triangles.tolist()}
    before = picture(page)
    page.locator(".surface .shade").click()
    shaded = picture(page)
    middle = shaded[shaded.shape[0] // 2, shaded.shape[1] // 2].astype(int)
    assert np.ptp(middle) == 0
    assert middle[0] > 200  # the wall faces the eye
    canvas = page.locator(".surface canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 140)
    page.mouse.up()
    assert page.evaluate(f"{surface}.yaw") != 0
    assert near(before, BLUE).any()
    assert page.complaints == []


@pytest.mark.browser
def test_points_without_cameras_and_a_mesh_without_colours(shown):
    mesh = scene(40)
    cloud = PointCloud(points=mesh.points, colors=mesh.colors)
    plain = PointCloud(points=mesh.points, triangles=mesh.triangles)
    nothing = PointCloud(points=np.zeros((0, 3), np.float32), triangles=np.zeros((0, 3), np.int32))
    page = shown(*(Surface(name="some", mesh=each) for each in (cloud, plain, nothing)))
    background = (0x18, 0x1A, 0x1C)
    assert (~near(picture(page, 0), background)).mean() > 0.01
    greys = picture(page, 1)[~near(picture(page, 1), background)]
    assert len(greys) > 0
    assert (np.ptp(greys.astype(int), axis=1) == 0).all()
    assert near(picture(page, 2), background).all()
    assert page.complaints == []


def test_the_page_is_bounded_and_says_what_it_leaves_out(tmp_path):
    mesh = scene(500)  # 1.5 million triangles
    path = Report(surfaces=(Surface(name="much", mesh=mesh),)).save(tmp_path / "report.html")
    assert path.stat().st_size < 6e6
    text = path.read_text()
    shown, said = re.search(r"1,494,006 triangles, ([\d,]+) of them shown", text), 'class="surface cloud"'
    assert 150_000 < int(shown[1].replace(",", "")) <= 200_000
    assert text.count(said) == 1
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", text)


def test_surfaces_join_reports_and_their_figures(stereo_report, tmp_path):
    shots = [(f"frame {k} <b>", np.zeros((100, 600), np.uint8)) for k in range(30)]
    surface = Surface(name="a <b>", mesh=scene(), camera=CAMERA, T_world_cam=POSES, facts=("<i>",), pictures=shots)
    report = stereo_report + Report(surfaces=(surface,))
    told = json.loads(report.json())
    assert told["surfaces"] == [{"name": "a <b>", "facts": ["<i>"], "points": 432, "triangles": 726}]
    text = report.save(tmp_path / "report.html").read_text()
    assert "a <b>" not in text.partition("report-data")[0]
    assert text.count("<figcaption>frame") == 12


def test_what_does_not_belong_together_is_refused():
    with pytest.raises(ValueError, match="belong together"):
        Surface(name="a", mesh=scene(), camera=CAMERA)
    with pytest.raises(ValueError, match=r"\(N, 4, 4\)"):
        Surface(name="a", mesh=scene(), camera=CAMERA, T_world_cam=np.eye(4))
