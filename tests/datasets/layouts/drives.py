"""Streets with lasers: KITTI raw and depth, DDAD."""

import numpy as np

import geomvision as gv

from ._cases import NAN, Written, case, near, picture, put, ramp, real, same, scaled

DATE, DRIVE = "2011_09_26", "2011_09_26_drive_0001_sync"
CAM_TO_CAM = (
    "calib_time: 09-Jan-2012 13:57:47\nS_rect_02: 4 3\nR_rect_00: 1 0 0 0 1 0 0 0 1\n"
    "P_rect_02: 2 0 1 1 0 2 1 0 0 0 1 0\nP_rect_03: 2 0 1 0 0 2 1 0 0 0 1 0\n"
)
#: The laser's x is forward, y to the left, z up.
VELO = "calib_time: 15-Mar-2012 11:37:16\nR: 0 -1 0 0 0 -1 1 0 0\nT: 0 0 0\n"


@case
def kitti_raw(root):
    drive = root / DATE / DRIVE
    for number in (4, 5):
        for seed, camera in ((0, "02"), (1, "03")):
            picture(drive / f"image_{camera}/data/{number:010d}.png", ramp(10 * seed + number))
    # camera 2 stands half a metre to the left: x = (2 X + Z + 1) / Z, y = (2 Y + Z) / Z
    points = [(4, 0, 0, 0.5), (2, 0, 0, 0.5), (-3, 0, 0, 0.5), (4, 100, 0, 0.5)]
    put(drive / "velodyne_points/data/0000000005.bin", np.array(points, "<f4").tobytes())
    put(root / DATE / "calib_cam_to_cam.txt", CAM_TO_CAM)
    put(root / DATE / "calib_velo_to_cam.txt", VELO)
    listed = f"{DATE}/{DRIVE} 0000000005 l\n{DATE}/{DRIVE} 0000000004 r\n{DATE}/{DRIVE} 0000000009 l\n"
    split = put(root / "eigen_test_files.txt", listed)

    def check(data):
        assert data.names == [f"{DRIVE}/0000000005"]
        sample = data[0]
        wanted = np.full((3, 4), NAN, np.float32)
        wanted[1, 1] = 4  # at x = 5/4, before which nothing nearer falls
        wanted[1, 2] = 2  # at x = 3/2, rounded to even
        same(sample.depth.m, wanted)
        same(sample.stereo.right, ramp(15))
        near(sample.stereo.rig.baseline_m, 0.5)
        assert gv.datasets.KITTIRaw(root / DATE).names == [f"{DRIVE}/000000000{n}" for n in (4, 5)]
        assert gv.datasets.KITTIRaw(root)[0].depth is None

    return Written(lambda: gv.datasets.KITTIRaw(root, split=split), check)


@case
def kitti_depth_selection(root):
    folder, stem = root / "val_selection_cropped", f"{DRIVE}_{{}}_0000000005_image_02"
    picture(folder / "image" / f"{stem.format('image')}.png", ramp(1))
    scaled(folder / "groundtruth_depth" / f"{stem.format('groundtruth_depth')}.png", real(2), 256)
    scaled(folder / "velodyne_raw" / f"{stem.format('velodyne_raw')}.png", real(2, holes=9), 256)
    put(folder / "intrinsics" / f"{stem.format('image')}.txt", "9.5 0 1.5 0 9.25 1 0 0 1")

    def check(data):
        assert data.names == [stem.format("image")]
        same(data[0].depth.m, real(2))
        same(data[0].sparse.m, real(2, holes=9))
        assert (data[0].camera.fx, data[0].camera.fy, data[0].camera.cx) == (9.5, 9.25, 1.5)

    return Written(lambda: gv.datasets.KITTIDepth(root), check)


@case
def kitti_depth_drives(root):
    truths = root / "val" / DRIVE / "proj_depth"
    scaled(truths / "groundtruth/image_02/0000000005.png", real(2), 256)
    scaled(truths / "groundtruth/image_02/0000000006.png", real(3), 256)
    scaled(truths / "velodyne_raw/image_02/0000000005.png", real(2, holes=9), 256)
    picture(root / "raw" / DATE / DRIVE / "image_02/data/0000000005.png", ramp(1))
    put(root / "raw" / DATE / "calib_cam_to_cam.txt", CAM_TO_CAM)

    def check(data):
        assert data.names == [f"{DRIVE}/image_02/0000000005"]
        same(data[0].depth.m, real(2))
        same(data[0].sparse.m, real(2, holes=9))
        assert data[0].camera.fx == 2

    return Written(lambda: gv.datasets.KITTIDepth(root / "val", raw=root / "raw"), check)


def placed(x=0.0, y=0.0, z=0.0, q=(1.0, 0.0, 0.0, 0.0)):
    rotation = dict(zip(("qw", "qx", "qy", "qz"), q, strict=True))
    return {"translation": {"x": x, "y": y, "z": z}, "rotation": rotation}


@case
def ddad(root):
    scene = root / "ddad_train_val/000150"
    picture(scene / "rgb/CAMERA_01/1.png", ramp(1))
    (scene / "point_cloud/LIDAR").mkdir(parents=True)
    np.savez(scene / "point_cloud/LIDAR/1.npz", data=np.array([[0, 0, 4, 9], [0, 0, 3, 9.0], [0, 0, -5, 9]]))
    half = 0.5**0.5
    data = [
        {"id": {"name": "CAMERA_01"}, "key": "a",
         "datum": {"image": {"filename": "rgb/CAMERA_01/1.png", "pose": placed(z=1, q=(half, 0, 0, half))}}},
        {"id": {"name": "LIDAR"}, "key": "b",
         "datum": {"point_cloud": {"filename": "point_cloud/LIDAR/1.npz", "pose": placed()}}},
        {"id": {"name": "CAMERA_01"}, "key": "z", "datum": {"image": {"filename": "../../gone.png"}}},
    ]  # fmt: skip
    moments = [{"id": {"name": "x"}, "datum_keys": ["a", "b"], "calibration_key": "k"}]
    put(scene / "scene_5c.json", {"name": "x", "samples": moments, "data": data})
    intrinsics = [{"fx": 9, "fy": 8, "cx": 1, "cy": 2, "skew": 0}, {"fx": 0, "fy": 0, "cx": 0, "cy": 0, "skew": 0}]
    put(scene / "calibration/k.json", {"names": ["CAMERA_01", "LIDAR"], "intrinsics": intrinsics})
    put(root / "ddad_train_val/ddad.json", {"scene_splits": {"1": {"filenames": ["000150/scene_5c.json"]}}})

    def check(data):
        assert data.names == ["000150/00000"]
        sample = data[0]
        wanted = np.full((3, 4), NAN, np.float32)
        wanted[2, 1] = 2  # the nearer of two on the axis, from a camera one metre on
        near(sample.depth.m, wanted)
        assert (sample.camera.fx, sample.camera.fy, sample.camera.cy) == (9, 8, 2)
        near(sample.clip.T_world_cam[0][:3], [[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1]])
        assert gv.datasets.DDAD(root).names == data.names

    return Written(lambda: gv.datasets.DDAD(root, split="val"), check)
