"""This library's own layout: scenes in folders with a meta.json, and posed clips."""

import numpy as np

import geomvision as gv

from ._cases import NAN, SIZE, Written, bilevel, case, flo, grey, motion, pfm, picture, put, ramp, real, same, scaled

POSES = np.stack([np.eye(4)] * 3)
POSES[1:, :3, 3] = [[0.5, 0, 0], [1, 0, 0.25]]
CAMERA = gv.cameras.Camera(width=4, height=3, fx=9, fy=9, cx=1.5, cy=1)
MORE = "baseline=500\nwidth=4\nheight=3\nndisp=3\n"
INTRINSICS = {"fx": 9, "fy": 9, "cx": 1.5, "cy": 1}


def lines(poses):
    return "# camera to world\n" + "".join(" ".join(map(str, pose.ravel())) + "\n" for pose in poses)


def coco(image):
    """The left two columns are glass."""
    shape = {"image_id": 1, "category_id": 4, "segmentation": [[0, 0, 2, 0, 2, 3, 0, 3]]}
    described = {"id": 1, "file_name": image, "height": SIZE[0], "width": SIZE[1]}
    return {"images": [described], "annotations": [shape], "categories": [{"id": 4, "name": "glass"}]}


GLASS = np.tile(np.array([True, True, False, False]), (3, 1))


@case
def folder_stereo(root):
    scene = root / "stereo" / "metres"
    picture(scene / "left.png", ramp(1))
    picture(scene / "right.png", ramp(2))
    pfm(scene / "disp.pfm", real(1))
    pfm(scene / "disp_right.pfm", real(2))
    seen = np.full(SIZE, 255, np.uint8)
    seen[0, 0], seen[1, 1] = 0, 128
    picture(scene / "mask_nonocc.png", seen)
    bilevel(scene / "mask_disc.png", GLASS)
    put(scene / "objects.json", coco("left.png"))
    put(scene / "meta.json", {"focal_px": 9, "baseline_m": 0.5, "doffs_px": 1})
    scene = root / "stereo" / "pixels"
    picture(scene / "left.png", grey(3))
    picture(scene / "right.png", grey(4))
    scaled(scene / "disp.png", real(2), 64)
    scaled(scene / "disp_noc.png", real(2, holes=3), 64)
    put(scene / "meta.json", {"disparity_scale": 64, "category": "table"})

    def check(data):
        assert data.names == ["metres", "pixels"]
        first, second = data
        same(first.left, ramp(1))
        same(first.right, ramp(2))
        same(first.disparity.px, real(1))
        same(first.disparity_right.px, real(2))
        same(first.occluded, seen == 128)
        same(first.masks["glass"], GLASS)
        same(first.masks["discontinuities"], GLASS)
        assert (first.rig.baseline_m, first.rig.doffs_px, first.rig.left.fx) == (0.5, 1, 9)
        same(second.disparity.px, real(2))
        assert second.occluded.sum() == 2
        assert second.rig is None

    return Written(lambda: gv.datasets.Folder(root), check)


@case
def folder_calibrated(root):
    """Rigs of Middlebury's and KITTI's text beside the images."""
    for name, text in (
        ("middlebury", f"cam0=[9 0 1.5; 0 9 1; 0 0 1]\ncam1=[9 0 2.5; 0 9 1; 0 0 1]\ndoffs=1\n{MORE}"),
        ("kitti", "P2: 9 0 1.5 0 0 9 1 0 0 0 1 0\nP3: 9 0 1.5 -4.5 0 9 1 0 0 0 1 0\n"),
    ):
        scene = root / name
        picture(scene / "left.jpg", ramp(1))
        picture(scene / "right.png", ramp(2))
        put(scene / "calib.txt", text)

    def check(data):
        assert data.names == ["kitti", "middlebury"]
        assert data["kitti"].rig.baseline_m == 0.5
        rig = data["middlebury"].rig
        assert (rig.baseline_m, rig.doffs_px, data["middlebury"].max_disparity) == (0.5, 1, 3)

    return Written(lambda: gv.datasets.Folder(root, task="stereo"), check)


@case
def folder_flow(root):
    for stem, seed in (("frame0", 1), ("frame1", 2), ("frame0_final", 3), ("frame1_final", 4)):
        picture(root / f"alley/{stem}.png", ramp(seed))
    flo(root / "alley/flow.flo", motion(1))
    invalid = np.zeros(SIZE, bool)
    invalid[2, 3] = True
    bilevel(root / "alley/invalid.png", invalid)
    bilevel(root / "alley/occlusion.png", GLASS)
    put(root / "alley/meta.json", {"intrinsics": INTRINSICS})

    def check(data):
        sample = data["alley"]
        same(sample.frame0, ramp(3))
        same(sample.frame1, ramp(4))
        expected = motion(1)
        expected[2, 3] = NAN
        same(sample.flow.px, expected)
        same(sample.occluded, GLASS)
        assert sample.camera.fx == 9
        same(gv.datasets.Folder(root)[0].frame1, ramp(2))

    return Written(lambda: gv.datasets.Folder(root, final_pass=True), check)


@case
def folder_depth(root):
    scene = root / "depth" / "room"
    for k in range(3):
        picture(scene / f"color_{k:03}.png", ramp(k))
        scaled(scene / f"depth_{k:03}.png", real(k), 64)
    bilevel(scene / "edges_001.png", GLASS)
    put(scene / "poses.txt", lines(POSES))
    put(scene / "meta.json", {"intrinsics": INTRINSICS, "depth_scale": 64, "category": "office"})

    def check(data):
        assert data.names == ["room/000", "room/001", "room/002"]
        sample = data["room/001"]
        same(sample.image, ramp(1))
        same(sample.depth.m, real(1))
        same(sample.masks["edges"], GLASS)
        assert (sample.category, sample.camera.cx, sample.clip.reference) == ("office", 1.5, 1)
        same(sample.clip.T_world_cam, POSES)
        same(sample.clip.frames[2], ramp(2))

    return Written(lambda: gv.datasets.Folder(root), check)


@case
def folder_pose(root):
    scene, T = root / "twoview" / "temple", np.eye(4)
    T[:3, 3] = [0.5, 0, -0.25]
    picture(scene / "image0.png", ramp(1))
    picture(scene / "image1.png", grey(2, (5, 6)))
    pfm(scene / "depth0.pfm", real(1))
    scaled(scene / "depth1.png", real(2, (5, 6)), 64)
    first, second = [[9, 0, 1.5], [0, 9, 1], [0, 0, 1]], [[8.5, 0, 2.5], [0, 8, 2], [0, 0, 1]]
    put(scene / "meta.json", {"K0": first, "K1": second, "T_0to1": T.tolist(), "depth_scale": 64})

    def check(data):
        assert data.names == ["temple"]
        (sample,) = data
        same(sample.image0, ramp(1))
        same(sample.image1, grey(2, (5, 6)))
        same(sample.camera0.K, np.array(first, float))
        same(sample.camera1.K, np.array(second, float))
        assert (sample.camera1.width, sample.camera1.height) == (6, 5)
        same(sample.T_1_0, T)
        same(sample.depth0.m, real(1))
        same(sample.depth1.m, real(2, (5, 6)))

    return Written(lambda: gv.datasets.Folder(root, task="pose"), check)


@case
def posed_clip(root):
    for k in range(3):
        picture(root / f"frame-{k:06}.color.png", ramp(k))
        scaled(root / f"frame-{k:06}.depth.png", np.round(real(k) * 1000) / 1000, 1000)
        put(root / f"frame-{k:06}.pose.txt", lines(POSES[k : k + 1]))

    def check(data):
        assert data.names == ["000000", "000001", "000002"]
        sample = data["000001"]
        same(sample.depth.m, (np.round(real(1) * 1000) / 1000).astype(np.float32))
        same(sample.clip.T_world_cam, POSES)
        assert (len(sample.clip.frames), sample.clip.reference) == (3, 1)

    return Written(lambda: gv.datasets.PosedClip(root, CAMERA), check)
