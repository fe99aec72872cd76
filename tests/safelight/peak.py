"""What a decode costs, measured in a process of its own: `python -m tests.safelight.peak PHOTO PIXELS_A_BAND` → one line of JSON."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from safelight import flatten
from safelight.decode import decode
from safelight.errors import PhotoError

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Cost:
    """Of one decode, interpreter and libraries included."""

    verdict: str  # "ok" or a reason
    seconds: float
    peak_bytes: int


def cost(photo: Path, band_pixels: int = flatten._BAND_PIXELS) -> Cost:
    """Decode a file in a fresh process."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.safelight.peak", str(photo), str(band_pixels)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    return Cost(**json.loads(done.stdout))


def peak_bytes() -> int:
    """The most memory that this process had. Not `ru_maxrss` where there is /proc: it begins with the parent's."""
    status = Path("/proc/self/status")
    if status.is_file():
        return 1024 * int(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    flatten._BAND_PIXELS = int(sys.argv[2])
    start, verdict = time.perf_counter(), "ok"
    try:
        decode(Path(sys.argv[1]))
    except PhotoError as error:
        verdict = error.reason
    sys.stdout.write(json.dumps({"verdict": verdict, "seconds": time.perf_counter() - start, "peak_bytes": peak_bytes()}))
