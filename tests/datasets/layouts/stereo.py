"""Pairs: Middlebury, KITTI, ETH3D, Booster, InStereo2K, Holopix50k, WSVD, and pairs without truth."""

import pickle

import cv2
import numpy as np

import geomvision as gv

from ._cases import (
    NAN,
    Written,
    case,
    grey,
    kitti_flow,
    motion,
    near,
    npy,
    pfm,
    picture,
    put,
    ramp,
    real,
    same,
    scaled,
)  # fmt: skip

CALIB = "cam0=[9 0 1.5; 0 9 1; 0 0 1]\ncam1=[9 0 2; 0 9 1; 0 0 1]\ndoffs=0.5\nbaseline=60\nwidth=4\nheight=3\nndisp=3\n"
PROJECTIONS = "P{0}: 9 0 1 0 0 9 1 0 0 0 1 0\nP{1}: 9 0 1 -4.5 0 9 1 0 0 0 1 0\n"


@case
def middlebury_eval3(root):
    scene = root / "trainingQ/Adirondack"
    for n in (0, 1):
        picture(scene / f"im{n}.png", ramp(n))
    pfm(scene / "disp0GT.pfm", real(2))
    mask = np.where(grey(0) % 3 == 0, 128, 255).astype(np.uint8)
    picture(scene / "mask0nocc.png", mask)
    put(scene / "calib.txt", CALIB)

    def check(data):
        assert data.names == ["trainingQ/Adirondack"]
        sample = data[0]
        same(sample.disparity.px, real(2))
        same(sample.occluded, mask == 128)
        assert sample.rig.baseline_m == 0.06
        assert (sample.rig.doffs_px, sample.max_disparity) == (0.5, 3)

    return Written(lambda: gv.datasets.Middlebury(root), check)


@case
def middlebury_2005(root):
    size = (370, 4)
    for n in (1, 5):
        picture(root / f"Art/view{n}.png", ramp(n, size))
    exact = np.round(real(2, size) % 80)
    scaled(root / "Art/disp1.png", exact, 3, bits=8)
    put(root / "Art/dmin.txt", "200\n")

    def check(data):
        same(data["Art"].disparity.px, exact)
        near(data["Art"].rig.doffs_px, 200 / 3)

    return Written(lambda: gv.datasets.Middlebury(root), check)


def kitti(root, tasks=("disp_noc", "disp_occ")):
    for n, folder in enumerate(("image_2", "image_3")):
        for frame in (10, 11):
            picture(root / f"training/{folder}/000007_{frame}.png", ramp(10 * n + frame))
    for k, suffix in enumerate(("_0", "_1")):
        scaled(root / f"training/disp_occ{suffix}/000007_10.png", real(k), 256)
        scaled(root / f"training/disp_noc{suffix}/000007_10.png", real(k, holes=5), 256)
    kitti_flow(root / "training/flow_occ/000007_10.png", motion(1))
    kitti_flow(root / "training/flow_noc/000007_10.png", motion(1, holes=6))
    picture(root / "training/obj_map/000007_10.png", np.eye(3, 4, dtype=np.uint8) * 3)
    put(root / "training/calib_cam_to_cam/000007.txt", PROJECTIONS.format("_rect_02", "_rect_03"))


@case
def kitti_stereo(root):
    kitti(root)

    def check(data):
        sample = data["000007"]
        same(sample.left, ramp(10))
        same(sample.right, ramp(20))
        same(sample.disparity.px, real(0))
        same(sample.occluded.ravel(), [0, 1, 1, 1, 1, *[0] * 7])
        same(sample.masks["foreground"], np.eye(3, 4) > 0)
        assert sample.rig.baseline_m == 0.5

    return Written(lambda: gv.datasets.KITTI(root), check)


@case
def kitti_flow_and_scene(root):
    kitti(root)

    def check(data):
        sample = data[0]
        same(sample.disparity1.px, real(1))
        same(sample.flow.px, motion(1))
        same(sample.flow.occluded.ravel(), [0, 1, 1, 1, 1, 1, *[0] * 6])
        same(sample.right1, ramp(21))
        same(gv.datasets.KITTI(root, task="flow")[0].flow.px, motion(1))

    return Written(lambda: gv.datasets.KITTI(root, task="scene_flow"), check)


@case
def eth3d(root):
    for n in (0, 1):
        picture(root / f"two_view_training/delivery_area_1l/im{n}.png", grey(n))
    truth = root / "two_view_training_gt/delivery_area_1l"
    pfm(truth / "disp0GT.pfm", real(2))
    mask = np.where(grey(0) % 3 == 0, 128, 255).astype(np.uint8)
    picture(truth / "mask0nocc.png", mask)
    put(root / "two_view_training/delivery_area_1l/calib.txt", CALIB.replace("ndisp=3", "ndisp=4"))

    def check(data):
        assert data.names == ["delivery_area_1l"]
        sample = data[0]
        same(sample.right, grey(1))
        same(sample.disparity.px, real(2))
        same(sample.occluded, mask == 128)
        assert (sample.rig.baseline_m, sample.max_disparity) == (0.06, None)

    return Written(lambda: gv.datasets.ETH3D(root), check)


@case
def booster(root):
    scene = root / "train/balanced/Bathroom"
    for seed, view in enumerate(("00", "02")):
        for light in (0, 1):
            picture(scene / f"camera_{view}/im{light}.png", ramp(10 * seed + light))
        npy(scene / f"disp_{view}.npy", np.array([[1, 1, 1, np.inf]] * 3, np.float32))
    classes = np.array([[0, 0, 1, 3]] * 3, np.uint8)
    picture(scene / "mask_cat.png", classes)
    matrix = '<{0} type_id="opencv-matrix"><rows>3</rows><cols>4</cols><dt>d</dt><data>{1}</data></{0}>'
    parts = [matrix.format(f"proj_mat{side}", f"9 0 {cx} {t} 0 9 1 0 0 0 1 0") for side, cx, t in
             (("L", 1.5, 0), ("R", 1.75, -720))]  # fmt: skip
    xml = "".join(parts) + "<baselineLR>80.</baselineLR>"
    put(scene / "calib_00-02.xml", f'<?xml version="1.0"?>\n<opencv_storage>{xml}</opencv_storage>\n')

    def check(data):
        assert data.names == ["Bathroom/im0", "Bathroom/im1"]
        sample = data[1]
        same(sample.left, ramp(1))
        same(sample.right, ramp(11))
        same(sample.disparity.px, [[1, 1, 1, NAN]] * 3)
        same(sample.occluded, [[True, False, False, False]] * 3)  # left of the right image's edge
        same(sample.masks["class 3"], classes == 3)
        near(sample.rig.baseline_m, 0.08)
        assert sample.rig.doffs_px == 0.25

    return Written(lambda: gv.datasets.Booster(root), check)


@case
def in_stereo2k(root):
    scene = root / "train/part1/000000"
    for seed, side in enumerate(("left", "right")):
        picture(scene / f"{side}.png", ramp(seed))
        scaled(scene / f"{side}_disp.png", np.array([[NAN, 1, 1.25, 1]] * 3), 100)

    def check(data):
        assert data.names == ["train/part1/000000"]
        same(data[0].disparity.px, np.array([[NAN, 1, 1.25, 1]] * 3, np.float32))
        same(data[0].right, ramp(1))
        assert data[0].occluded is not None

    return Written(lambda: gv.datasets.InStereo2K(root), check)


@case
def holopix50k(root):
    for seed, side in enumerate(("left", "right")):
        picture(root / f"val/{side}/-L0abc_{side}.jpg", np.full((8, 8, 3), 40 * seed + 40, np.uint8))

    def check(data):
        assert data.names == ["val/-L0abc"]
        assert (data[0].left[0, 0, 0], data[0].right[0, 0, 0]) == (40, 80)
        assert data[0].rig is data[0].disparity is None

    return Written(lambda: gv.datasets.Holopix50k(root), check)


@case
def image_folder_stereo(root):
    for seed, side in enumerate(("left", "right")):
        picture(root / f"walk/{side}/001.png", ramp(seed))
    camera = gv.cameras.Camera(width=4, height=3, fx=9, fy=9, cx=1, cy=1)
    rig = gv.cameras.StereoRig.rectified(camera, 0.1)

    def check(data):
        assert data.names == ["walk/left/001.png"]
        same(data[0].right, ramp(1))
        assert data[0].rig is rig

    return Written(lambda: gv.datasets.ImageFolder(root, task="stereo", rig=rig), check)


def film(path, frames, size=(64, 48)):
    """Motion JPEG of frames of one colour each; the colour tells the number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    out = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10.0, size)
    for number in range(frames):
        image = np.full((size[1], size[0], 3), 30 * number + 20, np.uint8)
        image[:, size[0] // 2 :] += 10
        out.write(image)
    out.release()
    return path


@case
def wsvd(root):
    film(root / "wsvd/Z7p1Qiq6SkM.mp4.avi", 4).rename(root / "wsvd/Z7p1Qiq6SkM.mp4")
    listed = [{"name": "Z7p1Qiq6SkM.webm", "clips": [{"frames": [1, 3]}]}, {"name": "gone", "clips": [{"frames": [0]}]}]
    put(root / "wsvd_test_clip_frame_ids.pkl", pickle.dumps(listed))

    def check(data):
        assert data.names == ["Z7p1Qiq6SkM/0/000001", "Z7p1Qiq6SkM/0/000003"]
        sample = data[1]
        assert sample.left.shape == (48, 64, 3)
        assert abs(int(sample.left[20, 20, 1]) - 110) < 4
        assert abs(int(sample.right[20, 40, 1]) - 120) < 4

    return Written(lambda: gv.datasets.WSVD(root), check)


@case
def video(root):
    path = film(root / "clip.avi", 4)

    def check(data):
        assert data.names == ["000000", "000001", "000002"]
        levels = [(int(s.frame0[5, 5, 0]), int(s.frame1[5, 5, 0])) for s in data]
        assert np.abs(np.array(levels) - [(20, 50), (50, 80), (80, 110)]).max() < 4
        assert abs(int(data["000002"].frame1[5, 5, 0]) - 110) < 4
        assert len(gv.datasets.Video(path)) == 4

    return Written(lambda: gv.datasets.Video(path, task="flow"), check)
