"""HEIC and HEIF, which the contract leaves out because Safari is the only browser that reads them: an option in Python alone.

The plugin is called by name and never registered: Pillow stays as it was for whoever shares the process.
"""

from __future__ import annotations

import importlib.util
import io

from PIL import Image

from safelight.errors import UsageError

KINDS = ("HEIC", "HEIF")
INSTALL = "pip install 'safelight[heic]'"


def require() -> None:
    """Raise UsageError, with the command that helps, where the extra isn't installed."""
    if importlib.util.find_spec("pillow_heif") is None:
        raise UsageError(f"HEIC needs a decoder that isn't installed. Run: {INSTALL}")


def open_heic(data: bytes) -> Image.Image:
    """The primary picture, not decoded yet. Raises what a decoder raises on damaged data, ImportError without the extra."""
    from pillow_heif import HeifImageFile

    image: Image.Image = HeifImageFile(io.BytesIO(data))  # type: ignore[no-untyped-call]
    image.info.pop("exif", None)  # the decoder turns by irot and imir, which overrule EXIF: not a second time
    return image
