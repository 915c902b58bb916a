"""Depth nets of transformers and diffusers a few channels wide, as their packages save them, and what these say."""

import json

import numpy as np
import torch


def image(height=40, width=60, seed=0):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (-(-height // 8), -(-width // 8), 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((8, 8, 1), np.uint8))[:height, :width]


def lively(net, seed=0):
    """Random parameters so large that answers vary over the image; the last convolution before it stays positive."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in net.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * 0.15
    return net.eval()


def dpt(folder, **settings):
    from transformers import DPTConfig, DPTForDepthEstimation, DPTImageProcessorPil

    config = DPTConfig(
        hidden_size=16, num_hidden_layers=4, num_attention_heads=2, intermediate_size=16, image_size=32, patch_size=16,
        backbone_out_indices=[0, 1, 2, 3], neck_hidden_sizes=[8] * 4, fusion_hidden_size=8,
    )  # fmt: skip
    net = lively(DPTForDepthEstimation(config))
    net.head.head[4].bias.data.fill_(1.0)
    return saved(net, DPTImageProcessorPil(**({"size": {"height": 32, "width": 32}} | settings)), folder)


def depth_anything(folder, kind="relative", **settings):
    from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, DPTImageProcessorPil

    config = DepthAnythingConfig(
        backbone_config=backbone("dinov2", image_size=28, patch_size=14), reassemble_hidden_size=16,
        neck_hidden_sizes=[8] * 4, fusion_hidden_size=8, head_hidden_size=4, depth_estimation_type=kind,
        max_depth=20 if kind == "metric" else 1,
    )  # fmt: skip
    net = lively(DepthAnythingForDepthEstimation(config))
    net.head.conv3.bias.data.fill_(1.0)
    seen = {"size": {"height": 56, "width": 56}, "keep_aspect_ratio": True, "ensure_multiple_of": 14}
    return saved(net, DPTImageProcessorPil(**(seen | settings)), folder)


def zoedepth(folder):
    from transformers import ZoeDepthConfig, ZoeDepthForDepthEstimation, ZoeDepthImageProcessorPil

    config = ZoeDepthConfig(
        backbone_config=backbone("beit", image_size=32, patch_size=16, use_relative_position_bias=True),
        neck_hidden_sizes=[8] * 4, fusion_hidden_size=8, bottleneck_features=8, num_relative_features=8,
        bin_embedding_dim=8, num_attractors=[4, 3, 2, 1],
        bin_configurations=[{"n_bins": 8, "min_depth": 0.001, "max_depth": 10.0}],
    )  # fmt: skip
    seen = ZoeDepthImageProcessorPil(size={"height": 32, "width": 48}, ensure_multiple_of=16, keep_aspect_ratio=True)
    return saved(lively(ZoeDepthForDepthEstimation(config)), seen, folder)


def depth_pro(folder, fov=True):
    from transformers import DepthProConfig, DepthProForDepthEstimation

    vit = backbone("dinov2", image_size=16, patch_size=4, num_hidden_layers=2)
    del vit["out_indices"], vit["reshape_hidden_states"]
    config = DepthProConfig(
        patch_size=16, fusion_hidden_size=16, intermediate_hook_ids=[1, 0], intermediate_feature_dims=[8, 8],
        scaled_images_ratios=[0.5, 1], scaled_images_overlap_ratios=[0.0, 0.25], scaled_images_feature_dims=[8, 8],
        merge_padding_value=1, num_fov_head_layers=0, use_fov_model=fov, image_model_config=dict(vit),
        patch_model_config=dict(vit), fov_model_config=dict(vit),
    )  # fmt: skip
    net = lively(DepthProForDepthEstimation(config))
    net.head.layers[-2].bias.data.fill_(1.0)
    if fov:
        net.fov_model.head.layers[-1].bias.data.fill_(60.0)
    saved(net, None, folder)
    half = [0.5, 0.5, 0.5]  # as apple/DepthPro-hf has it
    settings = {"image_processor_type": "DepthProImageProcessor", "image_mean": half, "image_std": half}
    settings |= {"rescale_factor": 1 / 255, "size": {"height": 32, "width": 32}, "resample": 2}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    return folder


def marigold(folder, **settings):
    from diffusers import AutoencoderKL, DDIMScheduler, MarigoldDepthPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    vocabulary = folder / "vocabulary"
    vocabulary.mkdir(parents=True)
    words = {"<|startoftext|>": 0, "<|endoftext|>": 1}
    (vocabulary / "vocab.json").write_text(json.dumps(words))
    (vocabulary / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer.from_pretrained(vocabulary, model_max_length=8)
    text = CLIPTextConfig(
        vocab_size=2, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2, bos_token_id=0,
        eos_token_id=1, max_position_embeddings=8,
    )  # fmt: skip
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=4, in_channels=8, out_channels=4, layers_per_block=1, block_out_channels=(8, 16), norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=8, attention_head_dim=4,
    )  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=(8, 8), norm_num_groups=4, latent_channels=4, sample_size=16,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )  # fmt: skip
    scheduler = DDIMScheduler(clip_sample=False, prediction_type="v_prediction", timestep_spacing="trailing")
    entries = {"prediction_type": "depth", "default_denoising_steps": 2, "default_processing_resolution": 16}
    pipeline = MarigoldDepthPipeline(
        unet, vae.eval(), scheduler, CLIPTextModel(text), tokenizer, **(entries | settings)
    )
    pipeline.save_pretrained(folder)
    return folder


def backbone(model_type, **settings):
    plain = {"hidden_size": 16, "num_hidden_layers": 4, "num_attention_heads": 2, "intermediate_size": 16}
    outputs = {"out_indices": [1, 2, 3, 4], "reshape_hidden_states": False}
    return {"model_type": model_type, **plain, **outputs} | settings


def saved(net, processor, folder):
    net.save_pretrained(folder)
    if processor is not None:
        processor.save_pretrained(folder)
    return folder


def by_transformers(folder, picture):
    """What transformers says, by its own classes where these need no torchvision."""
    import transformers

    config = json.loads((folder / "config.json").read_text())
    net = getattr(transformers, config["architectures"][0]).from_pretrained(folder).eval()
    size = picture.shape[:2]
    resize = torch.nn.functional.interpolate
    with torch.no_grad():
        if config["model_type"] == "zoedepth":
            processor = transformers.ZoeDepthImageProcessorPil.from_pretrained(folder)
            depth = net(**processor(images=picture, return_tensors="pt")).predicted_depth
            top, left = (int(3 * np.sqrt(side / 2)) for side in size)  # of the mirrored border
            depth = resize(depth[:, None], (size[0] + 2 * top, size[1] + 2 * left), mode="bicubic")[0, 0]
            return depth[top:-top, left:-left].numpy()
        if config["model_type"] == "depth_pro":
            seen = (torch.from_numpy(picture / 255).float().permute(2, 0, 1)[None] - 0.5) / 0.5
            said = net(resize(seen, (32, 32), mode="bilinear"))
            focal = 0.5 * size[1] / np.tan(0.5 * np.deg2rad(said.field_of_view.item()))
            return 1 / resize(said.predicted_depth[:, None] * size[1] / focal, size, mode="bilinear")[0, 0].numpy()
        processor = transformers.DPTImageProcessorPil.from_pretrained(folder)
        said = net(**processor(images=picture, return_tensors="pt"))
        return processor.post_process_depth_estimation(said, target_sizes=[size])[0]["predicted_depth"].numpy()
