"""What Chromium's fake camera sees: a film of one photo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Rgb = NDArray[np.uint8]  # [H,W,3]

FAKE, ALLOWED = "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"


def seeing(film: Path) -> list[str]:
    """Chromium's switches for a camera that sees a film, and for a person who allows it."""
    return [FAKE, ALLOWED, f"--use-file-for-fake-video-capture={film}"]


def rgb_of(path: Path) -> Rgb:
    return np.asarray(Image.open(path).convert("RGB"))


def film(path: Path, rgb: Rgb) -> Path:
    """An endless film of one picture, of even sides: YUV4MPEG2 with the studio range of BT.601, which Chromium takes it for."""
    height, width, _ = rgb.shape
    red, green, blue = np.moveaxis(rgb.astype(np.float64) / 255, 2, 0)
    planes = [
        16 + 65.481 * red + 128.553 * green + 24.966 * blue,
        *(
            plane.reshape(height // 2, 2, width // 2, 2).mean((1, 3))
            for plane in (128 - 37.797 * red - 74.203 * green + 112 * blue, 128 + 112 * red - 93.786 * green - 18.214 * blue)
        ),
    ]
    frame = b"FRAME\n" + b"".join(np.round(plane).astype(np.uint8).tobytes() for plane in planes)
    path.write_bytes(f"YUV4MPEG2 W{width} H{height} F30:1 Ip A1:1 C420\n".encode() + frame * 2)
    return path
