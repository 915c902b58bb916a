"""Boards seen by known cameras: corners with noise, and rendered images."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from geomvision.cameras import CameraModel, pose
from geomvision.geometry import Board, BoardView

#: Board poses are drawn so that the board faces the camera from a direction up to `spread` degrees off the axis.
Views = Callable[..., tuple[list[BoardView], np.ndarray]]


def rotation(vector) -> np.ndarray:
    """Rodrigues, by the series of the matrix exponential: nothing of the library's own."""
    x, y, z = vector
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0.0]])
    total, term = np.eye(3), np.eye(3)
    for n in range(1, 40):
        term = term @ skew / n
        total = total + term
    return total


def facing(random, board, spread, near, far, tilt) -> np.ndarray:
    """A pose of the board: its middle in some direction, turned towards the camera, then tilted."""
    around, off = random.uniform(0, 2 * np.pi), np.radians(spread) * np.sqrt(random.random())
    direction = np.array([np.sin(off) * np.cos(around), np.sin(off) * np.sin(around), np.cos(off)])
    axis = np.array([-np.sin(around), np.cos(around), 0.0])
    R = rotation(axis * off) @ rotation([*random.uniform(-tilt, tilt, 2), random.uniform(-0.5, 0.5)])
    return pose(R, direction * random.uniform(near, far) - R @ board.points_m().mean(axis=0))


@pytest.fixture
def simulated() -> Views:
    """`simulated(camera, board, seed, …)`: views whose corners have Gaussian noise, and the true poses."""

    def make(camera: CameraModel, board: Board, seed=0, *, count=12, noise=0.1, spread=25, near=0.3, far=0.6, tilt=0.6):
        random = np.random.default_rng(seed)
        views, poses = [], []
        for _ in range(100 * count):
            T = facing(random, board, spread, near, far, tilt)
            pixels = camera.project(board.points_m() @ T[:3, :3].T + T[:3, 3])
            inside = np.isfinite(pixels).all() and (pixels > 0).all() and (pixels < (camera.width, camera.height)).all()
            if inside:
                noisy = pixels + random.normal(0, noise, pixels.shape) if noise else pixels
                ids = np.arange(board.count)
                views.append(BoardView(pixels=noisy, ids=ids, width=camera.width, height=camera.height))
                poses.append(T)
            if len(views) == count:
                break
        assert len(views) == count
        return views, np.stack(poses)

    return make


@cache
def rays_of(camera: CameraModel) -> np.ndarray:
    return camera.rays(camera.pixel_grid())


@pytest.fixture
def rendered() -> Callable[..., np.ndarray]:
    """`rendered(camera, board, pose)`: the image of a board whose edges are as soft as an image needs them."""

    def make(camera: CameraModel, board: Board, T: np.ndarray) -> np.ndarray:
        rays = rays_of(camera)
        normal, origin = T[:3, 2], T[:3, 3]
        with np.errstate(divide="ignore", invalid="ignore"):
            points = rays * ((normal @ origin) / (rays @ normal))[..., None]
        ahead = (points * rays).sum(axis=-1) > 0
        place = ((points - origin) @ T[:3, :2]) / board.square_m + 1  # in squares, from the corner of the first one
        inside = ahead & (place > 0).all(axis=-1) & (place < (board.columns + 1, board.rows + 1)).all(axis=-1)
        grey = np.where(inside, printed(board)(np.where(inside[..., None], place, 0.0)), 220.0)
        return np.rint(grey).astype(np.uint8)

    return make


def printed(board: Board) -> Callable[[np.ndarray], np.ndarray]:
    """Grey of a place on the print, in squares from the corner of the first, dark, square."""
    if board.kind == "chessboard":
        return lambda place: 120 - 100 * np.tanh(np.sin(np.pi * place).prod(axis=-1) / 0.15)
    import cv2

    across, down, dots = board.columns + 1, board.rows + 1, 60
    words = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{board.dictionary}"))
    sheet = cv2.aruco.CharucoBoard((across, down), board.square_m, board.marker_m, words)
    texture = cv2.GaussianBlur(
        sheet.generateImage((across * dots, down * dots), None, 0, 1).astype(np.float32), None, 2
    )

    def markers(place):
        x, y = (place[..., i].astype(np.float32) * dots - 0.5 for i in (0, 1))
        return 20 + 0.8 * cv2.remap(texture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    return markers
