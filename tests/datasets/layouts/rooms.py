"""Rooms by depth cameras: NYUv2, TUM RGB-D, 7-Scenes, ScanNet, SUN RGB-D, DIML."""

import numpy as np

import geomvision as gv

from ._cases import NAN, Written, case, grey, near, picture, put, ramp, real, same, scaled

CAMERA = gv.cameras.Camera(width=4, height=3, fx=9, fy=9, cx=1.5, cy=1)
#: Turned about z by 90 degrees: the scalar last, as TUM has it.
HALF = 0.5**0.5
POSE = "0 -1 0 1\n1 0 0 2\n0 0 1 3\n0 0 0 1\n"


def millimetres(seed, holes=1):
    return np.round(real(seed, holes=holes) * 1000) / 1000


@case
def nyu_v2_mat(root):
    import h5py
    from scipy.io import savemat

    with h5py.File(root / "nyu_depth_v2_labeled.mat", "w") as file:
        images = np.stack([ramp(k).transpose(2, 1, 0) for k in range(3)])
        depths = np.stack([np.nan_to_num(real(k)).T for k in range(3)])
        file.create_dataset("images", data=images)
        file.create_dataset("depths", data=depths)
        file.create_dataset("rawDepths", data=depths * (depths > 1.1))
        texts = [file.create_dataset(f"#refs#/{k}", data=np.array([[ord(c)] for c in word], np.uint16))
                 for k, word in enumerate(("kitchen", "office", "cafe"))]  # fmt: skip
        file.create_dataset("sceneTypes", data=np.array([[t.ref for t in texts]], dtype=h5py.ref_dtype))
    splits = root / "splits.mat"
    savemat(splits, {"trainNdxs": np.array([[2]], np.uint16), "testNdxs": np.array([[3], [1]], np.uint16)})

    def check(data):
        assert data.names == ["0001", "0003"]
        sample = data["0003"]
        same(sample.image, ramp(2))
        same(sample.depth.m, real(2))
        assert (sample.category, sample.camera) == ("cafe", None)
        raw = gv.datasets.NYUv2(root / "nyu_depth_v2_labeled.mat", raw=True)
        assert raw.names == ["0001", "0002", "0003"]
        same(raw[0].depth.m, np.where(real(0) > 1.1, real(0), NAN))

    return Written(lambda: gv.datasets.NYUv2(root, splits=splits, split="test"), check)


@case
def nyu_v2_folders(root):
    picture(root / "test/bathroom/rgb_00045.jpg", np.full((8, 8, 3), 77, np.uint8))
    scaled(root / "test/bathroom/sync_depth_00045.png", np.full((8, 8), 1.5), 1000)
    picture(root / "nyu2_test/00000_colors.png", ramp(1))
    scaled(root / "nyu2_test/00000_depth.png", millimetres(2), 1000)

    def check(data):
        assert data.names == ["test/bathroom/rgb_00045", "nyu2_test/00000_colors"]
        assert (data[0].depth.m == 1.5).all()
        assert (data[0].image == 77).all()
        assert data[0].category == "bathroom"
        same(data[1].depth.m, millimetres(2).astype(np.float32))

    return Written(lambda: gv.datasets.NYUv2(root), check)


@case
def tum_rgbd(root):
    for time in ("1305031102.175304", "1305031102.211214"):
        picture(root / f"rgb/{time}.png", ramp(int(time[-1])))
    scaled(root / "depth/1305031102.160407.png", real(1), 5000)
    put(root / "rgb.txt", "# color images\n1305031102.175304 rgb/1305031102.175304.png\n"
        "1305031102.211214 rgb/1305031102.211214.png\n")  # fmt: skip
    put(root / "depth.txt", "# depth maps\n1305031102.160407 depth/1305031102.160407.png\n")
    line = f"1305031102.1758 1 2 3 0 0 {HALF!r} {HALF!r}\n"
    put(root / "groundtruth.txt", f"# timestamp tx ty tz qx qy qz qw\n1305031101.5 0 0 0 0 0 0 1\n{line}")

    def check(data):
        assert data.names == ["1305031102.175304", "1305031102.211214"]
        sample = data[0]
        same(sample.depth.m, (np.rint(real(1) * 5000) / 5000).astype(np.float32))
        near(sample.clip.T_world_cam[0][:3], [[0, -1, 0, 1], [1, 0, 0, 2], [0, 0, 1, 3]])
        assert data[1].depth is None  # 51 ms away
        assert data[1].clip is None
        assert data[1].camera is CAMERA

    return Written(lambda: gv.datasets.TUMRGBD(root, camera=CAMERA), check)


@case
def seven_scenes(root):
    for number in (1, 2):
        room = root / f"chess/seq-{number:02d}"
        picture(room / "frame-000000.color.png", ramp(number))
        depth = np.round(real(number) * 1000)
        depth[2, 3] = 65535
        scaled(room / "frame-000000.depth.png", depth, 1)
        put(room / "frame-000000.pose.txt", POSE)
    put(root / "chess/TestSplit.txt", "sequence2\n")

    def check(data):
        assert data.names == ["chess/seq-02/frame-000000"]
        wanted = millimetres(2).astype(np.float32)
        wanted[2, 3] = NAN
        same(data[0].depth.m, wanted)
        same(data[0].clip.T_world_cam[0][:3, 3], [1, 2, 3])
        assert len(gv.datasets.SevenScenes(root / "chess", camera=CAMERA)) == 2

    return Written(lambda: gv.datasets.SevenScenes(root, split="test", camera=CAMERA), check)


@case
def scannet(root):
    scene = root / "scans/scene0000_00"
    for number in (0, 2, 10):
        picture(scene / f"color/{number}.jpg", np.full((6, 8, 3), 90, np.uint8))
        scaled(scene / f"depth/{number}.png", millimetres(number), 1000)
        put(scene / f"pose/{number}.txt", POSE if number else "-inf " * 16)
    put(scene / "intrinsic/intrinsic_color.txt", "18 0 3.5 0\n0 18 2.5 0\n0 0 1 0\n0 0 0 1\n")

    def check(data):
        assert data.names == [f"scene0000_00/{number}" for number in (0, 2, 10)]
        sample = data[2]
        same(sample.depth.m, millimetres(10).astype(np.float32))
        assert sample.image.shape == (3, 4, 3)
        assert (sample.image == 90).all()
        assert (sample.camera.fx, sample.camera.cx, sample.camera.cy) == (9, 1.5, 1)  # half the size, half a pixel kept
        same(sample.clip.T_world_cam[0][:3, 3], [1, 2, 3])
        assert data[0].clip is None
        assert gv.datasets.ScanNet(root / "scans", every=2).names == ["scene0000_00/0", "scene0000_00/10"]

    return Written(lambda: gv.datasets.ScanNet(root), check)


@case
def sun_rgbd(root):
    folder = root / "SUNRGBD/kv1/NYUdata/NYU0001"
    picture(folder / "image/NYU0001.jpg", np.full((3, 4, 3), 50, np.uint8))
    stored = np.rint(np.nan_to_num(real(2)) * 1000).astype(np.uint16)
    stored[2, 3] = 8001
    turned = (stored << 3) | (stored >> 13)
    picture(folder / "depth_bfx/NYU0001.png", turned)
    picture(folder / "depth/NYU0001.png", turned * (grey(0) > 100))
    put(folder / "intrinsics.txt", "9 0 1.5 0 9 1 0 0 1 \n")
    put(folder / "scene.txt", "bedroom")

    def check(data):
        assert data.names == ["kv1/NYUdata/NYU0001"]
        wanted = millimetres(2).astype(np.float32)
        wanted[2, 3] = NAN
        same(data[0].depth.m, wanted)
        assert (data[0].category, data[0].camera.cx) == ("bedroom", 1.5)
        raw = gv.datasets.SUNRGBD(root / "SUNRGBD", raw=True)[0].depth.m
        same(raw, np.where(grey(0) > 100, wanted, NAN))

    return Written(lambda: gv.datasets.SUNRGBD(root), check)


@case
def diml(root):
    picture(root / "LR/1. Cafe/color/in_00_c.png", ramp(1))
    scaled(root / "LR/1. Cafe/depth_filled/in_00_depth_filled.png", millimetres(2), 1000)
    picture(root / "street/outleft/07.png", ramp(2))
    scaled(root / "street/depthmap/07.png", millimetres(4), 1000)
    sure = np.where(grey(0) % 2 == 0, 255, 100).astype(np.uint8)
    picture(root / "street/confidencemap/07.png", sure)

    def check(data):
        assert data.names == ["LR/1. Cafe/color/in_00_c", "street/outleft/07"]
        same(data[0].depth.m, millimetres(2).astype(np.float32))
        same(data[1].depth.m, np.where(sure == 255, millimetres(4), NAN).astype(np.float32))
        assert [s.category for s in data] == ["indoor", "outdoor"]

    return Written(lambda: gv.datasets.DIML(root), check)
