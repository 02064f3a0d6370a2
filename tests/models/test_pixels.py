"""What the model sees, against torchvision's and timm's own transforms, and against images whose pixels are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from timm.data.transforms_factory import create_transform
from torchvision.transforms import InterpolationMode
from torchvision.transforms._presets import ImageClassification

from models.card import Fit, Interpolation, ModelCard
from models.pixels import Box, ImageLike, prepare, rgb, window

CARD = ModelCard(name="a", size=(24, 24), resize=(28, 28))


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * width).integers(0, 256, (height, width, 3), dtype=np.uint8)


SHAPES = [(40, 40), (41, 63), (63, 41), (28, 29), (24, 24), (9, 13), (300, 201), (100, 31)]


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("shape", SHAPES)
def test_is_torchvisions_evaluation_transform(shape: tuple[int, int], interpolation: Interpolation) -> None:
    card = ModelCard(name="a", size=(24, 24), resize=(28, 28), interpolation=interpolation)
    theirs = ImageClassification(
        crop_size=24, resize_size=28, interpolation=InterpolationMode(interpolation), mean=(0.0,) * 3, std=(1.0,) * 3
    )
    image = Image.fromarray(noise(*shape))
    assert torch.equal(prepare(image, card), theirs(image))


@pytest.mark.parametrize("mode", ["center", "squash"])
@pytest.mark.parametrize("shape", SHAPES)
def test_is_timms_evaluation_transform(shape: tuple[int, int], mode: str) -> None:
    card = ModelCard(name="a", size=(224, 224), resize=(235, 235), fit="cover" if mode == "center" else "squash")
    theirs = create_transform(
        (3, 224, 224), crop_pct=0.95, crop_mode=mode, interpolation="bicubic", mean=(0.0,) * 3, std=(1.0,) * 3
    )
    image = Image.fromarray(noise(*shape))
    assert torch.equal(prepare(image, card), theirs(image))


def test_tensor_of_the_models_size_is_the_input() -> None:
    x = torch.rand(3, 24, 24)
    seen = prepare(x, CARD)
    assert torch.equal(seen, x)
    seen[0, 0, 0] = 7
    assert x[0, 0, 0] != 7  # a copy


def test_one_image_in_every_form() -> None:
    bytes_ = noise(50, 40)
    as_floats = prepare(bytes_ / 255, CARD)
    assert torch.equal(prepare(Image.fromarray(bytes_), CARD), prepare(bytes_, CARD))
    assert torch.equal(prepare(torch.from_numpy(bytes_ / 255).permute(2, 0, 1), CARD), as_floats)
    assert torch.equal(
        prepare(torch.from_numpy(bytes_).permute(2, 0, 1), CARD), prepare(bytes_.astype("f4") / 255, CARD)
    )
    smooth = ModelCard(name="a", size=(24, 24), resize=(28, 28), interpolation="bilinear")
    # bytes are rounded after each of the two passes of the resize: each moves the result by half a level
    assert (prepare(bytes_, smooth) - prepare(bytes_ / 255, smooth)).abs().max() <= 1.01 / 255


def test_floats_are_not_rounded_to_bytes() -> None:
    seen = prepare(np.full((60, 60, 3), 0.12345, dtype=np.float32), CARD)
    assert torch.allclose(seen, torch.tensor(0.12345), atol=1e-6)  # float32 rounding of the filter's sum


def test_wide_input_keeps_its_aspect_and_its_middle() -> None:
    card = ModelCard(name="a", size=(10, 30), resize=(10, 30), interpolation="nearest")
    image = np.zeros((30, 30, 3), dtype=np.uint8)
    image[10:20] = 255
    assert prepare(image, card).shape == (3, 10, 30)
    assert prepare(image, card).min() == 1


def test_a_long_strip_is_cut_before_it_is_enlarged() -> None:
    strip = np.zeros((1, 1_000_000, 3), dtype=np.uint8)
    strip[:, 499_000:501_000] = 255
    card = ModelCard(name="a", size=(224, 224), resize=(256, 256))
    assert prepare(strip, card).min() == 1
    assert prepare(strip.swapaxes(0, 1), card).min() == 1


def grey(mode: str, value: object) -> Image.Image:
    return Image.new(mode, (1, 1), value)  # type: ignore[arg-type]  # Pillow's colour type depends on the mode


@pytest.mark.parametrize(
    ("image", "colour"),
    [
        (grey("RGB", (1, 2, 3)), (1, 2, 3)),
        (grey("L", 9), (9, 9, 9)),
        (grey("1", 1), (255, 255, 255)),
        (grey("LA", (9, 0)), (255, 255, 255)),
        (grey("RGBA", (9, 9, 9, 255)), (9, 9, 9)),
        (grey("RGBA", (255, 0, 0, 0)), (255, 255, 255)),
        (grey("CMYK", (0, 0, 0, 255)), (0, 0, 0)),
        (grey("I;16", 0x8000), (0x80, 0x80, 0x80)),
        (grey("I", 0xFFFF), (255, 255, 255)),
    ],
)
def test_rgb_of_every_mode(image: Image.Image, colour: tuple[int, int, int]) -> None:
    assert rgb(image).getpixel((0, 0)) == colour


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        (np.full((4, 4, 3), 1.5), r"must lie in \[0, 1\]; got values in \[1.5, 1.5\]"),
        (np.full((4, 4, 3), -0.1), r"got values in \[-0.1, -0.1\]"),
        (np.full((4, 4, 3), np.nan), r"got values in \[nan, nan\]"),
        (torch.full((3, 4, 4), torch.inf), r"got values in \[inf, inf\]"),
        (np.zeros((4, 4)), r"\(h, w, 3\) array; got shape \(4, 4\)"),
        (np.zeros((4, 4, 4), dtype=np.uint8), r"\(h, w, 3\) array; got shape \(4, 4, 4\)"),
        (np.zeros((0, 4, 3), dtype=np.uint8), r"got shape \(0, 4, 3\)"),
        (torch.zeros(4, 4, 3), r"\(3, h, w\) tensor; got shape \(4, 4, 3\)"),
        (torch.zeros(1, 3, 4, 4), r"\(3, h, w\) tensor; got shape \(1, 3, 4, 4\)"),
        (np.zeros((4, 4, 3), dtype=np.int64), r"uint8, or floats in \[0, 1\]; got int64"),
        (np.zeros((4, 4, 3), dtype=object), r"got object"),
        (grey("F", 0.5), r"no agreed range"),
        (grey("I", 70_000), r"\[0, 65535\]; got \[70000, 70000\]"),
    ],
)
def test_says_what_it_was_given(x: ImageLike, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        prepare(x, CARD)


@pytest.mark.parametrize("shape", [(300, 500), (500, 300), (400, 400), (100, 9000)])
@pytest.mark.parametrize("fit", ["cover", "squash"])
def test_the_window_is_what_is_seen(shape: tuple[int, int], fit: Fit) -> None:
    """Two ramps over the whole picture: the input reads off where it lies in it."""
    h, w = shape
    card = ModelCard(name="any", size=(40, 56), resize=(50, 60), fit=fit, interpolation="bilinear")
    ramps = np.zeros((h, w, 3), np.float32)
    ramps[..., 0] = (np.arange(w) + 0.5) / w
    ramps[..., 1] = ((np.arange(h) + 0.5) / h)[:, None]
    seen = prepare(ramps, card)
    box = window(w, h, card.size, card.resize, card.fit)
    columns = box.left + box.width * (np.arange(56) + 0.5) / 56
    rows = box.top + box.height * (np.arange(40) + 0.5) / 40
    assert seen[0, 20, 5:-5].numpy() == pytest.approx(columns[5:-5], abs=2e-3)  # off the edges, where filters are cut
    assert seen[1, 5:-5, 28].numpy() == pytest.approx(rows[5:-5], abs=2e-3)


def test_what_two_windows_have_in_common() -> None:
    assert Box(0, 0.1, 1, 0.9).within(Box(0.2, 0, 0.8, 1)) == Box(0.2, 0.1, 0.8, 0.9)
