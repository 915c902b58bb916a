"""Single images: DIODE, iBims-1, SYNS-Patches, ETH3D of many views, MegaDepth, ReDWeb, DIW; pairs of Map-free."""

import numpy as np
import pytest
from scipy.io import savemat

import geomvision as gv

from ._cases import NAN, SIZE, Written, bilevel, case, grey, hdf5, near, npy, picture, put, ramp, real, same, scaled


@case
def diode(root):
    for place, scene, scan in (("indoors", "scene_00019", "scan_00183"), ("outdoor", "scene_00022", "scan_00193")):
        stem = root / f"val/{place}/{scene}/{scan}/{scene[-5:]}_{scan[-5:]}_{place}_000_010"
        picture(stem.with_suffix(".png"), ramp(1))
        npy(stem.with_name(f"{stem.name}_depth.npy"), np.nan_to_num(real(3))[..., None])
        npy(stem.with_name(f"{stem.name}_depth_mask.npy"), (grey(0) % 2).astype(np.float32))

    def check(data):
        assert [sample.category for sample in data] == ["indoors", "outdoor"]
        assert data.names[0] == "val/indoors/scene_00019/scan_00183/00019_00183_indoors_000_010"
        same(data[0].depth.m, np.where(grey(0) % 2 == 1, real(3), NAN))
        assert data[0].camera is None  # of another size than the published

    return Written(lambda: gv.datasets.DIODE(root), check)


def masks():
    known, clear, edges = (np.ones(SIZE, np.uint8) for _ in range(3))
    known[0, 1], clear[0, 2] = 0, 0
    return known, clear, edges * (grey(0) % 3 == 0)


@case
def ibims1_raw(root):
    core, (known, clear, edges) = root / "ibims1_core_raw", masks()
    stored = np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000
    picture(core / "rgb/corridor_01.png", ramp(1))
    picture(core / "depth/corridor_01.png", stored)
    for room, values in (("mask_invalid", known), ("mask_transp", clear), ("edges", edges), ("mask_wall", edges)):
        bilevel(core / room / "corridor_01.png", values)
    put(core / "calib/corridor_01.txt", "9, 8, 1.5, 1\n")

    def check(data):
        sample = data["corridor_01"]
        wanted = (stored * (50 / 65535)).astype(np.float32)
        near(sample.depth.m, np.where((stored > 0) & (known > 0) & (clear > 0), wanted, NAN))
        assert sample.depth.valid.sum() == 9
        same(sample.masks["edges"], edges > 0)
        assert set(sample.masks) == {"edges", "wall"}
        assert (sample.camera.fx, sample.camera.fy, sample.camera.cx, sample.camera.cy) == (9, 8, 1.5, 1)
        assert sample.category == "corridor"

    return Written(lambda: gv.datasets.IBims1(root), check)


@case
def ibims1_mat(root):
    known, clear, edges = masks()
    data = {"rgb": ramp(1), "depth": np.nan_to_num(real(2)).astype(np.float64), "calib": [9.0, 8.0, 1.5, 1.0],
            "mask_invalid": known, "mask_transp": clear, "edges": edges, "mask_floor": edges * 2}  # fmt: skip
    (root / "ibims1_core_mat").mkdir()
    savemat(root / "ibims1_core_mat/office_02.mat", {"data": data})

    def check(found):
        sample = found["office_02"]
        same(sample.image, ramp(1))
        same(sample.depth.m, np.where((known > 0) & (clear > 0), real(2), NAN))
        same(sample.masks["floor"], edges > 0)
        assert (sample.camera.fx, sample.camera.fy, sample.camera.cx, sample.camera.cy) == (9, 8, 1.5, 1)

    return Written(lambda: gv.datasets.IBims1(root), check)


@case
def syns_patches(root):
    for number in (0, 1):
        picture(root / f"07/images/{number:02d}.png", ramp(number))
        npy(root / f"07/depths/{number:02d}.npy", np.nan_to_num(real(number)))
        picture(root / f"07/edges/{number:02d}.png", (grey(0) % 3 == 0).astype(np.uint8) * 255)
    put(root / "07/07_info.txt", "Scene 7\nScene Category: Agriculture: Orchard\n".encode("latin-1"))
    put(root / "splits/val_files.txt", "07 01.png\n")

    def check(data):
        assert data.names == ["07/01"]
        same(data[0].depth.m, real(1))
        same(data[0].masks["edges"], grey(0) % 3 == 0)
        assert data[0].category == "Agriculture"
        assert gv.datasets.SYNSPatches(root).names == ["07/00", "07/01"]

    return Written(lambda: gv.datasets.SYNSPatches(root, split="val"), check)


@case
def eth3d_multi_view(root):
    scene = root / "courtyard"
    for number in (286, 287):
        picture(scene / f"images/dslr_images_undistorted/DSC_0{number}.JPG", np.full((3, 4, 3), 60, np.uint8))
    poses = [f"{k} 1 0 0 0 {-k} 0 0 0 dslr_images_undistorted/DSC_0{285 + k}.JPG\n1.5 1.5 -1\n" for k in (1, 2)]
    put(scene / "dslr_calibration_undistorted/images.txt", "# images\n" + "".join(poses))
    put(scene / "dslr_calibration_undistorted/cameras.txt", "# cameras\n0 PINHOLE 4 3 9 9 2 1.5\n")
    # a lens of five rows and six columns with the axis one pixel further right and down, without any bend
    put(scene / "dslr_calibration_jpg/cameras.txt", f"0 THIN_PRISM_FISHEYE 6 5 9 9 3 2.5 {'0 ' * 8}\n")
    stored = np.arange(1, 31, dtype="<f4").reshape(5, 6)
    stored[1, 1] = np.inf
    put(scene / "ground_truth_depth/dslr_images/DSC_0286.JPG", stored.tobytes())

    def check(data):
        assert data.names == ["courtyard/DSC_0286", "courtyard/DSC_0287"]
        sample = data[0]
        # the middle columns see the same with either lens: arctan bends by less than half a pixel here
        wanted = np.where(np.isinf(stored), NAN, stored)[1:4, 1:5]
        same(sample.depth.m, wanted)
        assert (sample.camera.cx, sample.camera.cy) == (1.5, 1)
        assert len(sample.clip.frames) == 2
        near(sample.clip.T_world_cam[:, 0, 3], [1, 2])
        assert data[1].depth is None

    return Written(lambda: gv.datasets.ETH3DMultiView(root), check)


@case
def mega_depth(root):
    scene = root / "MegaDepth_v1/0000/dense0"
    for number in (1, 2):
        picture(scene / f"imgs/{number}_o.jpg", np.full((3, 4, 3), 60, np.uint8))
    hdf5(scene / "depths/1_o.h5", depth=np.nan_to_num(real(1)))
    hdf5(scene / "depths/2_o.h5", depth=np.full((3, 4), -1, np.float32))
    put(root / "SfM/0000/sparse/cameras.txt", "3 PINHOLE 4 3 9 9 2 1.5\n")
    put(root / "SfM/0000/sparse/images.txt", "1 1 0 0 0 0 0 0 3 1_o.jpg\n\n")

    def check(data):
        assert data.names == ["0000/dense0/1_o", "0000/dense0/2_o"]
        same(data[0].relative.values, real(1))
        assert data[0].relative.kind == "depth_scale"
        assert data[0].camera.cx == 1.5
        assert data[1].relative is data[1].camera is None

    return Written(lambda: gv.datasets.MegaDepth(root, models=root / "SfM"), check)


@case
def redweb(root):
    picture(root / "ReDWeb_V1/Imgs/a.jpg", np.full((3, 4, 3), 60, np.uint8))
    picture(root / "ReDWeb_V1/RDs/a.png", np.array([[0, 100, 254, 255]] * 3, np.uint8))

    def check(data):
        same(data["a"].relative.values, np.array([[255, 155, 1, NAN]] * 3, np.float32))
        assert data["a"].relative.kind == "disparity_affine"

    return Written(lambda: gv.datasets.ReDWeb(root), check)


@case
def diw(root):
    picture(root / "DIW_test/0a1b.thumb", np.full((3, 4, 3), 60, np.uint8))
    lines = "./DIW_test/0a1b.thumb\n1,2,3,4,>,4,3\n./DIW_test/gone.thumb\n1,1,2,2,<,4,3\n"
    put(root / "DIW_Annotations/DIW_test.csv", lines)

    def check(data):
        assert data.names == ["0a1b"]
        pairs = data[0].pairs
        assert (pairs.first.tolist(), pairs.second.tolist(), pairs.relation.tolist()) == ([[1, 0]], [[3, 2]], [1])

    return Written(lambda: gv.datasets.DIW(root), check)


@case
def map_free(root):
    scene, half = root / "val/s00460", 0.5**0.5
    for view in ("seq0/frame_00000", "seq1/frame_00000", "seq1/frame_00005"):
        picture(scene / f"{view}.jpg", np.full((3, 4, 3), 60, np.uint8))
    views = ("seq0/frame_00000", "seq1/frame_00000", "seq1/frame_00005")
    put(scene / "intrinsics.txt", "".join(f"{view}.jpg 9 8 1.5 1 4 3\n" for view in views))
    turned = f"seq1/frame_00000.jpg {half!r} 0 0 {half!r} 1 2 3\n"
    put(
        scene / "poses.txt",
        f"# frame\nseq0/frame_00000.jpg 1 0 0 0 0 0 0\n{turned}seq1/frame_00005.jpg 0 0 0 0 0 0 0\n",
    )

    def check(data):
        assert data.names == ["s00460/seq1/frame_00000.jpg", "s00460/seq1/frame_00005.jpg"]
        near(data[0].T_1_0[:3], [[0, -1, 0, 1], [1, 0, 0, 2], [0, 0, 1, 3]])
        assert (data[0].camera1.fx, data[0].camera1.fy) == (9, 8)
        assert data[1].T_1_0 is None
        assert (data[0].depth0, data[0].depth1) == (None, None)

    return Written(lambda: gv.datasets.MapFree(root), check)


@case
def map_free_with_depth(root):
    scene, metres = root / "s00461", np.round(real(1) * 1000) / 1000
    for k, view in enumerate(("seq0/frame_00000", "seq1/frame_00010")):
        picture(scene / f"{view}.jpg", np.full((3, 4, 3), 60, np.uint8))
        scaled(scene / f"{view}.dptnyu.png", metres + k, 1000)
    views = ("seq0/frame_00000", "seq1/frame_00010")
    put(scene / "intrinsics.txt", "".join(f"{view}.jpg 9 8 1.5 1 4 3\n" for view in views))

    def check(data):
        assert data.names == ["s00461/seq1/frame_00010.jpg"]
        near(data[0].depth0.m, metres)
        near(data[0].depth1.m, metres + 1)
        for wrong in ("../dptnyu", "dpt.nyu"):
            with pytest.raises(ValueError, match="it must be a word"):
                gv.datasets.MapFree(root, depth=wrong)
        with pytest.raises(gv.io.FormatError, match=r"seq0/frame_00000\.dptkitti\.png"):
            gv.datasets.MapFree(root, depth="dptkitti")[0]

    return Written(lambda: gv.datasets.MapFree(root, depth="dptnyu"), check)


@case
def image_folder(root):
    for seed, name in enumerate(("b.png", "a.png", "sub/c.png", "sub/d.png")):
        picture(root / name, ramp(seed))

    def check(data):
        assert data.names == ["a.png", "sub/c.png"]  # none leads from one folder into another
        same(data[0].frame1, ramp(0))
        same(data[1].frame1, ramp(3))
        assert gv.datasets.ImageFolder(root).names == ["a.png", "b.png", "sub/c.png", "sub/d.png"]

    return Written(lambda: gv.datasets.ImageFolder(root, task="flow"), check)
