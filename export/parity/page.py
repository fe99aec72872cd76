"""The report as one self-contained HTML page: the answer in a sentence, a bar for each stage, the worst photos.

The page is bounded: a picture takes at most PICTURE_BYTES, an engine shows at most WRONG + EXCUSED photos.
"""

from __future__ import annotations

import io
import math
import re

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray
from PIL import Image

from export.parity.evidence import Evidence
from export.parity.report import ParityReport, explained, shows_own_photos
from export.parity.summary import bars, headline, hint, summaries
from safelight.data_uri import of_bytes

Pixels = NDArray[np.uint8]

PICTURE_SIDE = 256  # pixels; what is larger is reduced
PICTURE_BYTES = 16_000  # a photograph of 224 × 224 takes 8,000 at the best quality below
QUALITIES = (88, 70, 50, 30)
MAX_FACTOR = 128  # of the amplified difference: one step of 255 is then mid-grey


def as_html(report: ParityReport) -> str:
    """The page; the same report gives the same bytes."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    rows = report.runtimes
    measured = [row.max_abs_probability for row in rows.values() if row.images]
    environment = Environment(
        loader=PackageLoader("export.parity"), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    return environment.get_template("report.html.jinja").render(
        report=report,
        rows=rows,
        engines=sorted(summaries(report), key=lambda one: (one.status != "fail", not one.evidence)),
        headline=headline(report),
        hint=hint(report),
        worst=max(measured, default=None),
        explained=explained(report),
        is_private=shows_own_photos(report),
        count=lambda status: sum(row.status == status for row in rows.values()),
        bars=bars,
        prose=prose,
        position=position,
        picture=picture,
        amplified=amplified,
    )


def prose(sentence: str) -> Markup:
    """A sentence, with `commands` set as code and numbers such as 3.1e-06 kept on one line."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(sentence)))
    return Markup(re.sub(r"\d[\d.]*e-\d+", r'<span class="number">\g<0></span>', marked))  # escaped above


def position(value: float) -> float:
    """Where a difference stands on the logarithmic scale from 1e-9 (0 %) to 1 (100 %)."""
    return round(100 * min(1.0, max(0.0, 1 + math.log10(max(value, 1e-9)) / 9)), 1)


def picture(pixels: Pixels) -> str:
    """RGB uint8 [S,S,3] → a data: address of at most 4/3 · PICTURE_BYTES."""
    image = Image.fromarray(pixels)
    image.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
    for quality in QUALITIES:
        stream = io.BytesIO()
        image.save(stream, "WEBP", quality=quality)
        if stream.tell() <= PICTURE_BYTES:
            return of_bytes(stream.getvalue(), "webp")
    return picture(np.asarray(image)[::2, ::2])


def amplified(one: Evidence) -> tuple[Pixels, int] | None:
    """The difference of the pixels and the power of two that it is multiplied with; None where there is none to show.

    The factor makes the 99th percentile of what differs bright; what goes beyond 255 is white.
    """
    if not one.max_abs:
        return None
    difference = np.abs(one.came.astype(np.int16) - one.expected)
    typical = float(np.quantile(difference[difference > 0], 0.99))
    factor = 2 ** int(math.log2(min(MAX_FACTOR, max(1.0, 255 / typical))))
    return np.minimum(difference.astype(np.int32) * factor, 255).astype(np.uint8), factor
