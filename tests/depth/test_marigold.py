"""Depth by diffusers' Marigold, a few channels wide, in a folder as the package writes it."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import geomvision as gv
from geomvision.method import BackendError, OptionError
from geomvision.weights import WeightsError

torch = pytest.importorskip("torch")

sys.path.append(str(Path(__file__).parent))
import tiny_hub  # noqa: E402
from tiny_hub import image  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pytest.importorskip("diffusers")
    return tiny_hub.marigold(tmp_path_factory.mktemp("marigold") / "net")


def by_diffusers(folder, picture, seed, **settings):
    from diffusers import MarigoldDepthPipeline

    pipeline = MarigoldDepthPipeline.from_pretrained(folder, local_files_only=True, low_cpu_mem_usage=False)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline(picture / np.float32(255), generator=torch.Generator().manual_seed(seed), **settings)


def test_a_draw_is_that_of_diffusers_with_this_seed(folder):
    adapter, picture = gv.depth.Marigold(weights=str(folder), seed=3), image(20, 30)
    depth = adapter(picture)
    expected = by_diffusers(folder, picture, 3).prediction[0, ..., 0]
    assert expected.std() > 0.01
    np.testing.assert_allclose(depth.values, expected, atol=1e-6)
    assert depth.kind == adapter.kind == "depth_affine"
    assert depth.confidence is None
    np.testing.assert_array_equal(adapter(picture).values, depth.values)
    assert np.abs(adapter.with_options(seed=4)(picture).values - depth.values).max() > 0.01
    expected = by_diffusers(folder, picture, 3, num_inference_steps=1, processing_resolution=24).prediction[0, ..., 0]
    np.testing.assert_allclose(adapter.with_options(steps=1, side_px=24)(picture).values, expected, atol=1e-6)


def test_the_median_of_draws_knows_how_sure_it_is(folder):
    picture = image(20, 30)
    depth = gv.depth.Marigold(weights=str(folder), draws=3)(picture)
    expected = by_diffusers(folder, picture, 0, ensemble_size=3, output_uncertainty=True)
    np.testing.assert_allclose(depth.values, expected.prediction[0, ..., 0], atol=1e-6)
    np.testing.assert_allclose(depth.confidence, 1 - expected.uncertainty[0, ..., 0], atol=1e-6)
    with pytest.raises(OptionError, match="draws is 2; allowed are 1, and 3 and more"):
        gv.depth.Marigold(draws=2)


def test_any_size_and_dtype_is_taken(folder):
    adapter = gv.depth.Marigold(weights=str(folder), steps=1)
    for size in ((1, 1), (3, 200)):
        assert adapter(image(*size)).size == size
    picture = image(9, 7)
    np.testing.assert_array_equal(adapter(picture.astype(np.uint16) * 257).values, adapter(picture).values)


def test_the_pipeline_says_what_it_predicts(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    index = json.loads((copy / "model_index.json").read_text())
    adapter = gv.depth.Marigold(weights=str(copy), steps=1)
    for entries, kind in (
        ({"prediction_type": "disparity"}, "disparity_affine"),
        ({"shift_invariant": False}, "depth_scale"),
        ({"prediction_type": None}, "depth_affine"),
    ):
        (copy / "model_index.json").write_text(json.dumps(index | entries))
        assert adapter.kind == kind
    (copy / "model_index.json").write_text(json.dumps(index | {"prediction_type": "normals"}))
    with pytest.raises(WeightsError, match=r"predicts 'normals' .* which is no kind of depth"):
        assert adapter.kind
    (copy / "model_index.json").write_text(json.dumps(index | {"_class_name": "MarigoldNormalsPipeline"}))
    with pytest.raises(WeightsError, match=r"holds a 'MarigoldNormalsPipeline' .* must be 'MarigoldDepthPipeline'"):
        adapter(image(9, 9))
    (copy / "model_index.json").write_text(json.dumps(index | {"default_denoising_steps": None}))
    with pytest.raises(BackendError, match="`num_inference_steps` is not specified"):
        adapter.with_options(steps=0)(image(9, 9))
    (copy / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(WeightsError, match="diffusers gives no MarigoldDepthPipeline from"):
        adapter(image(9, 9))
