"""A vision transformer that tells what its tokens are between its blocks (Dosovitskiy et al., ICLR 2021)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._mono import resized


class VisionTransformer(nn.Module):
    """Tokens of patches, and one more that reads the whole image."""

    def __init__(self, *, channels: int, depth: int, heads: int, patch: int, grid: tuple[int, int]) -> None:
        """The net.

        Args:
            channels: of a token.
            depth: number of blocks.
            heads: of the attention in each.
            patch: height and width of what a token stands for, pixels.
            grid: rows and columns of patches that positions are learnt for; for others they are interpolated.
        """
        super().__init__()
        self.embed = nn.Conv2d(3, channels, patch, stride=patch)
        self.readout = nn.Parameter(torch.zeros(1, 1, channels))
        self.place_of_readout = nn.Parameter(torch.zeros(1, 1, channels))
        self.places = nn.Parameter(torch.zeros(1, channels, *grid))
        self.blocks = nn.ModuleList(_Block(channels, heads) for _ in range(depth))
        for table in (self.readout, self.place_of_readout, self.places):
            nn.init.trunc_normal_(table, std=0.02)

    def forward(self, images: Tensor, after: Sequence[int]) -> list[Tensor]:
        """Normalised (B, 3, H, W), sides multiples of `patch` → tokens after these blocks.

        Each is (B, 1 + rows · columns, channels), the token that reads the whole image first.
        """
        x = self.embed(images)
        x = (x + resized(self.places, (x.shape[2], x.shape[3]))).flatten(2).transpose(1, 2)
        x = torch.cat([(self.readout + self.place_of_readout).expand(len(x), -1, -1), x], dim=1)
        found = []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in after:
                found.append(x)
        return found


class _Block(nn.Module):
    """Attention among all tokens, then two layers on each alone."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_of_attention, self.norm_of_layers = (nn.LayerNorm(channels, eps=1e-6) for _ in range(2))
        self.ask = nn.Linear(channels, 3 * channels)
        self.answer = nn.Linear(channels, channels)
        self.widen, self.narrow = nn.Linear(channels, 4 * channels), nn.Linear(4 * channels, channels)
        for layer in (self.ask, self.answer, self.widen, self.narrow):
            nn.init.trunc_normal_(layer.weight, std=layer.in_features**-0.5)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, channels) → the same shape."""
        x = x + self._attended(self.norm_of_attention(x))
        y: Tensor = self.narrow(functional.gelu(self.widen(self.norm_of_layers(x))))
        return x + y

    def _attended(self, x: Tensor) -> Tensor:
        count, tokens, channels = x.shape
        query, key, value = self.ask(x).view(count, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        y: Tensor = self.answer(mixed.transpose(1, 2).reshape(count, tokens, channels))
        return y
