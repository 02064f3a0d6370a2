"""The picture with its map, as PNG. Nothing in the file depends on when it was made."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw

from app.export.finding import Finding
from app.export.overlay import laid
from app.export.sheet import laid_out
from app.export.words import font
from app.views import colours


def written(finding: Finding) -> bytes:
    sheet = laid_out(finding)
    page = Image.new("RGB", (sheet.width, sheet.height), "white")
    left, top, width, height = sheet.picture
    page.paste(laid(finding.attribution, finding.pixels, max(width, height), finding.hand), (left, top))
    left, top, width, height = sheet.scale
    low, high = finding.limits
    ramp = np.linspace(low, high, width, dtype=np.float32)[None].repeat(height, 0)
    page.paste(Image.fromarray(colours.paint(ramp, signed=sheet.signed)), (left, top))
    pen = ImageDraw.Draw(page)
    for line in sheet.lines:
        pen.text((line.x, line.y), line.text, line.colour, font(line.size, line.weight), line.anchor)
    buffer = io.BytesIO()
    page.save(buffer, "PNG", optimize=False)
    return buffer.getvalue()
