"""Optical flow: Sintel, FlyingChairs, HD1K, and Freiburg's and Spring's with stereo and scene flow."""

import struct

import numpy as np

import geomvision as gv

from ._cases import (
    NAN,
    Written,
    case,
    flo,
    grey,
    hdf5,
    kitti_flow,
    motion,
    near,
    pfm,
    picture,
    put,
    ramp,
    real,
    same,
    scaled,
)  # fmt: skip


@case
def sintel_flow(root):
    for number in (1, 2):
        picture(root / f"training/clean/alley_1/frame_{number:04d}.png", ramp(number))
        picture(root / f"training/final/alley_1/frame_{number:04d}.png", ramp(number + 9))
    hidden, unknown = grey(0) % 2 == 0, np.zeros((3, 4), bool)
    unknown[2, 3] = True
    flo(root / "training/flow/alley_1/frame_0001.flo", motion(1, holes=0))
    picture(root / "training/occlusions/alley_1/frame_0001.png", hidden.astype(np.uint8) * 255)
    picture(root / "training/invalid/alley_1/frame_0001.png", unknown.astype(np.uint8) * 255)

    def check(data):
        assert data.names == ["alley_1/frame_0001"]
        sample = data[0]
        same(sample.frame0, ramp(1))
        same(sample.frame1, ramp(2))
        same(sample.flow.px, np.where(unknown[..., None], NAN, motion(1, holes=0)))
        same(sample.occluded, hidden)
        same(gv.datasets.Sintel(root / "training", render="final")[0].frame1, ramp(11))

    return Written(lambda: gv.datasets.Sintel(root), check)


def sintel_disparity(path, values):
    """As sintel_io writes it: red holds whole fours, green the rest in 64ths; blue what 8 more bits would be."""
    red = np.floor(values / 4)
    green = np.floor(values * 64) % 256
    blue = np.floor(values * 16384) % 256
    picture(path, np.stack([red, green, blue], axis=-1).astype(np.uint8))


def sintel_camera(path, K, T):
    put(path, b"PIEH" + np.concatenate([K.ravel(), T[:3].ravel()]).astype("<f8").tobytes())


K = np.array([[1120.0, 0, 1.5], [0, 1120.0, 1.0], [0, 0, 1]])


@case
def sintel_stereo(root):
    for seed, side in enumerate(("left", "right")):
        picture(root / f"training/clean_{side}/alley_1/frame_0001.png", ramp(seed))
    exact = np.round(real(100, holes=0) * 64) / 64
    sintel_disparity(root / "training/disparities/alley_1/frame_0001.png", exact)
    hidden, outside = grey(0) % 2 == 0, grey(0) % 3 == 0
    picture(root / "training/occlusions/alley_1/frame_0001.png", hidden.astype(np.uint8) * 255)
    picture(root / "training/outofframe/alley_1/frame_0001.png", outside.astype(np.uint8) * 255)
    sintel_camera(root / "training/camdata_left/alley_1/frame_0001.cam", K, np.eye(4))

    def check(data):
        sample = data["alley_1/frame_0001"]
        same(sample.right, ramp(1))
        same(sample.disparity.px, exact)
        same(sample.occluded, hidden | outside)
        assert (sample.rig.left.fx, sample.rig.baseline_m) == (1120, 0.1)

    return Written(lambda: gv.datasets.Sintel(root, task="stereo"), check)


@case
def sintel_depth(root):
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]], [1, 2, 3]
    picture(root / "training/clean/alley_1/frame_0001.png", ramp(1))
    depth = real(5)
    header = b"PIEH" + struct.pack("<ii", 4, 3)
    put(root / "training/depth/alley_1/frame_0001.dpt", header + np.nan_to_num(depth).astype("<f4").tobytes())
    sintel_camera(root / "training/camdata_left/alley_1/frame_0001.cam", K, T)

    def check(data):
        sample = data[0]
        same(sample.depth.m, depth)
        assert (sample.camera.fx, sample.camera.cx, sample.camera.cy) == (1120, 1.5, 1.0)
        near(sample.clip.T_world_cam[0] @ T, np.eye(4))

    return Written(lambda: gv.datasets.Sintel(root, task="depth"), check)


@case
def flying_chairs(root):
    for number in (1, 2, 3):
        for view in (1, 2):
            picture(root / f"data/{number:05d}_img{view}.ppm", ramp(3 * number + view))
        flo(root / f"data/{number:05d}_flow.flo", motion(number))
    put(root / "FlyingChairs_train_val.txt", "1\n2\n1\n")

    def check(data):
        assert data.names == ["00001", "00003"]
        sample = data["00003"]
        same(sample.frame0, ramp(10))
        same(sample.frame1, ramp(11))
        same(sample.flow.px, motion(3))
        assert gv.datasets.FlyingChairs(root, split="val").names == ["00002"]
        assert len(gv.datasets.FlyingChairs(root / "data")) == 3

    return Written(lambda: gv.datasets.FlyingChairs(root, split="train"), check)


@case
def hd1k(root):
    for name in ("000000_0010", "000000_0011", "000001_0004"):
        picture(root / f"hd1k_input/image_2/{name}.png", ramp(int(name[-2:])))
    kitti_flow(root / "hd1k_flow_gt/flow_occ/000000_0010.png", motion(2))

    def check(data):
        assert data.names == ["000000_0010"]
        same(data[0].frame1, ramp(11))
        same(data[0].flow.px, motion(2))

    return Written(lambda: gv.datasets.HD1K(root), check)


def freiburg(root, scene, ending="png"):
    frames = "frames_cleanpass" + ("_webp" if ending == "webp" else "")
    for number in (6, 7):
        for seed, side in enumerate(("left", "right")):
            picture(root / frames / scene / side / f"{number:04d}.{ending}", ramp(10 * number + seed))
        pfm(root / "disparity" / scene / "left" / f"{number:04d}.pfm", real(number, holes=0))
    flow = root / "optical_flow" / scene / "into_future/left/OpticalFlowIntoFuture_0006_L.pfm"
    pfm(flow, motion(3, holes=0))
    pfm(root / "disparity_change" / scene / "into_future/left/0006.pfm", np.full((3, 4), -0.25, np.float32))
    step = np.eye(4)
    step[:3, 3] = [0, 0, -2]  # Blender's camera looks along -z: two units forwards
    lines = [f"Frame {n}\nL {' '.join(map(str, T.ravel()))}\nR {' '.join(map(str, T.ravel()))}\n"
             for n, T in ((6, np.eye(4)), (7, step))]  # fmt: skip
    put(root / "camera_data" / scene / "camera_data.txt", "\n".join(lines))


@case
def flying_things3d(root):
    scene = "TRAIN/A/0000"
    freiburg(root, scene)

    def check(data):
        assert data.names == [f"{scene}/0006"]
        sample = data[0]
        for image, seed in ((sample.left0, 60), (sample.right0, 61), (sample.left1, 70), (sample.right1, 71)):
            same(image, ramp(seed))
        same(sample.disparity0.px, real(6, holes=0))
        same(sample.disparity1.px, real(6, holes=0) - 0.25)
        same(sample.disparity_of_left1.px, real(7, holes=0))
        same(sample.flow.px, motion(3, holes=0))
        same(sample.T_1_0[:3, 3], [0, 0, -2])  # what stands still comes nearer
        assert sample.rig is None  # of images of another size than the published

    return Written(lambda: gv.datasets.FlyingThings3D(root, task="scene_flow"), check)


@case
def driving(root):
    scene = "15mm_focallength/scene_forwards/fast"
    freiburg(root, scene)

    def check(data):
        same(data[f"{scene}/0006"].flow.px, motion(3, holes=0))
        same(data[0].frame1, ramp(70))

    return Written(lambda: gv.datasets.Driving(root, task="flow"), check)


@case
def monkaa(root):
    freiburg(root, "a_rain_of_stones_x2", "webp")

    def check(data):
        assert data.names == ["a_rain_of_stones_x2/0006", "a_rain_of_stones_x2/0007"]
        same(data[1].right, ramp(71))
        same(data[1].disparity.px, real(7, holes=0))

    return Written(lambda: gv.datasets.Monkaa(root), check)


def doubled(values):
    """Twice the size; what lies between is noise that no one may read."""
    found = np.full((2 * values.shape[0], 2 * values.shape[1], *values.shape[2:]), -7, np.float32)
    found[::2, ::2] = values
    return found


def spring(root):
    scene = root / "train/0001"
    for number in (1, 2):
        for seed, side in enumerate(("left", "right")):
            picture(scene / f"frame_{side}/frame_{side}_{number:04d}.png", ramp(10 * number + seed))
        hdf5(scene / f"disp1_left/disp1_left_{number:04d}.dsp5", disparity=doubled(real(number)))
    hdf5(scene / "disp2_FW_left/disp2_FW_left_0001.dsp5", disparity=doubled(real(9)))
    hdf5(scene / "flow_FW_left/flow_FW_left_0001.flo5", flow=doubled(motion(4)))
    scaled(scene / "maps/skymap_left/skymap_left_0001.png", doubled(np.eye(3, 4)), 1, bits=8)
    put(scene / "cam_data/intrinsics.txt", "100 101 1.5 1.0\n110 111 1.5 1.0\n")


@case
def spring_stereo(root):
    spring(root)

    def check(data):
        assert data.names == ["0001/0001", "0001/0002"]
        same(data[0].disparity.px, real(1))
        same(data[0].masks["sky"], np.eye(3, 4) > 0)
        rig = data[1].rig
        assert (rig.left.fx, rig.left.fy, rig.baseline_m) == (110, 111, 0.065)

    return Written(lambda: gv.datasets.Spring(root), check)


@case
def spring_scene_flow(root):
    spring(root)

    def check(data):
        sample = data["0001/0001"]
        same(sample.right1, ramp(21))
        same(sample.disparity1.px, real(9))
        same(sample.disparity_of_left1.px, real(2))
        same(sample.flow.px, motion(4))
        same(gv.datasets.Spring(root, task="flow")[0].flow.px, motion(4))

    return Written(lambda: gv.datasets.Spring(root, task="scene_flow"), check)
