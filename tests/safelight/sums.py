"""SHA-256 of what decode and resize make of photos: `python -m tests.safelight.sums FOLDER` → JSON.

Needs Pillow, NumPy and msgspec alone, so that it runs under any version of them.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import get_args

import PIL

from safelight.decode import decode
from safelight.errors import PhotoError
from safelight.resize import resize
from safelight.spec import Filter, Geometry, InputSpec


def sums(folder: Path) -> dict[str, str]:
    """By photo, and by photo, geometry and filter."""
    found = {}
    for path in sorted(folder.iterdir()):
        try:
            pixels = decode(path)
        except PhotoError as error:
            found[path.name] = error.reason
            continue
        found[path.name] = hashlib.sha256(pixels).hexdigest()
        for geometry in get_args(Geometry):
            for name in get_args(Filter):
                spec = InputSpec(size=48, resize_to=55 if geometry == "crop" else 48, geometry=geometry, filter=name)
                found[f"{path.name} {geometry} {name}"] = hashlib.sha256(resize(pixels, spec)).hexdigest()
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"pillow": PIL.__version__, "sums": sums(Path(sys.argv[1]))}))
