"""A map as a picture to send: drawn over the model's real input, with its scale."""

from __future__ import annotations

import io

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from app.views import colours
from explainers.types import Attribution

SIDE = 448  # pixels of the longer side: enough for a slide
OPACITY = 0.85
MARGIN, BAR, TEXT = 16, 14, 72


def draw(attribution: Attribution, pixels: UInt8[np.ndarray, "h w 3"]) -> bytes:
    """PNG. Where the evidence is weak the picture shows through, as on the page."""
    low, high = colours.limits(attribution.values, signed=attribution.signed)
    strength = np.abs(attribution.values) / max(abs(low), abs(high))
    alpha = OPACITY * (strength * (2 - strength))[..., None]
    grey = np.asarray(Image.fromarray(pixels).convert("L"))[..., None]  # colour means evidence, and only that
    blended = grey * (1 - alpha) + colours.paint(attribution.values, signed=attribution.signed) * alpha
    h, w = attribution.values.shape
    scale = SIDE / max(h, w)
    width, height = round(w * scale), round(h * scale)
    sheet = Image.new("RGB", (width + 3 * MARGIN + BAR + TEXT, height + 2 * MARGIN), "white")
    over = Image.fromarray(blended.round().astype(np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    sheet.paste(over, (MARGIN, MARGIN))
    ramp = np.linspace(high, low, height, dtype=np.float32)[:, None].repeat(BAR, 1)
    left = width + 2 * MARGIN
    sheet.paste(Image.fromarray(colours.paint(ramp, signed=attribution.signed)), (left, MARGIN))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for value in sorted({low, 0.0, high}):
        y = MARGIN + height * (high - value) / (high - low)
        pen.text((left + BAR + 6, y), f"{value:+.3g}" if value else "0", fill="black", font=font, anchor="lm")
    buffer = io.BytesIO()
    sheet.save(buffer, format="PNG")
    return buffer.getvalue()
