"""How long the C core takes to make a 12-megapixel photo the model's pixels, beside Pillow, and how large the library is.

python bench/mobile.py

Targets: 4000 × 3000 → 224 ≤ 25 ms upright and RGBX, as a phone's decoder hands it over; the library ≤ 60 kB stripped and
without the runtime. One thread. On a busy machine the least of the times is the one to look at.
"""

# ruff: noqa: T201 a benchmark speaks by print

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from safelight.resize import resize
from safelight.spec import parse
from tests.mobile.core import build

ROOT = Path(__file__).resolve().parents[1]
SPEC = ROOT / "tests" / "golden" / "spec" / "valid" / "full.json"
WIDTH, HEIGHT, ROUNDS = 4000, 3000, 31
WAYS = [("rgbx", 1), ("rgbx", 6), ("rgba", 1), ("rgb", 1), ("rgb", 6)]  # format, EXIF orientation


def timed(program: Path, spec: Path, pixels: str, orientation: int) -> list[float]:
    """Milliseconds of each round."""
    command: list[str | Path] = [program, "bench", spec, str(WIDTH), str(HEIGHT), pixels, str(orientation), str(ROUNDS)]
    times: list[float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return times


def by_pillow(spec: Path) -> list[float]:
    """The reference, for comparison."""
    pixels, times = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8), []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        resize(pixels, parse(spec.read_bytes()).input)
        times.append((time.perf_counter() - begin) * 1e3)
    return times


def main() -> int:
    """A markdown table."""
    if shutil.which("cmake") is None:
        print("bench/mobile.py needs a C compiler and CMake: make mobile")
        return 1
    with tempfile.TemporaryDirectory(prefix="safelight-bench-") as folder:
        vectors, plain = build(Path(folder) / "vectors"), build(Path(folder) / "plain", "SAFELIGHT_PLAIN=ON")
        spec = Path(folder) / "spec.json"
        document = json.loads(SPEC.read_text())
        document["input"] = {"size": 224, "resize_to": 256, "geometry": "crop", "filter": "bilinear", "pad_color": [0, 0, 0]}
        spec.write_text(json.dumps(document))
        print(f"| {WIDTH} × {HEIGHT} → 224, crop, bilinear | least ms | median ms |\n|---|--:|--:|")
        rows = [
            (f"C, vectors, {pixels}, orientation {turn}", timed(vectors / "safelight-core", spec, pixels, turn)) for pixels, turn in WAYS
        ]
        rows.append(("C, plain loops, rgbx, orientation 1", timed(plain / "safelight-core", spec, "rgbx", 1)))
        rows.append(("Pillow, two passes, whole picture, RGB", by_pillow(spec)))
        for name, times in rows:
            print(f"| {name} | {min(times):.1f} | {statistics.median(times):.1f} |")
        library, strip = next(vectors.glob("libsafelight.*")), shutil.which("strip")
        if strip:
            subprocess.run([strip, library], check=True)
            print(f"\nThe library without a runtime, stripped: {library.stat().st_size} bytes.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
