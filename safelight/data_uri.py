"""A picture inside an HTML page: its encoded bytes as a data: address."""

from __future__ import annotations

import base64
import io
from typing import Any, Literal

from PIL import Image


def data_uri(image: Image.Image, kind: Literal["jpeg", "png"], **options: Any) -> str:
    """For an `<img>`; `options` are Pillow's of that format."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return of_bytes(stream.getvalue(), kind)


def of_bytes(data: bytes, kind: Literal["jpeg", "png", "webp"]) -> str:
    """A picture that is encoded already."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
