"""How fast the command line answers: `safelight --help`, wall time of a fresh process. Target: ≤ 0.4 s.

python bench/cli.py
"""

# ruff: noqa: T201 a benchmark speaks by print

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 9
SAFELIGHT = Path(sys.executable).with_name("safelight")


def seconds(command: list[str]) -> float:
    """Wall time of one run, in seconds. Raises CalledProcessError where it fails."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def main() -> None:
    """Print median and best of RUNS for each command."""
    for name, command in {
        "safelight --help": [str(SAFELIGHT), "--help"],
        "import safelight": [sys.executable, "-c", "import safelight"],
        "bare python": [sys.executable, "-c", "pass"],
    }.items():
        seconds(command)  # the first run reads from the disk
        times = [seconds(command) for _ in range(RUNS)]
        print(f"{name:18} median {statistics.median(times):.3f} s   best {min(times):.3f} s   of {RUNS}")


if __name__ == "__main__":
    main()
