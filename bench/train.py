"""Training in figures: accuracy, seconds with an empty and with a full cache, peak memory, as a markdown table.

`python bench/train.py [PHOTOS]`, or the variable SAFELIGHT_BENCH_PHOTOS; by default the demo set that comes with the install.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

RUNS = ("empty cache", "full cache")


def main() -> None:
    """Train twice through the command line, as a user does, and print the table."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        named = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("SAFELIGHT_BENCH_PHOTOS", "")
        photos = Path(named) if named else demo(folder / "surfaces")
        click.echo("| photos | run | test accuracy | seconds in all | peak memory of any run so far, GB |")
        click.echo("|---|---|---|---|---|")
        for name in RUNS:
            began = time.monotonic()
            accuracy = train(photos, folder / "run", folder / "cache")
            seconds = time.monotonic() - began
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9
            click.echo(f"| {photos.name} | {name} | {accuracy:.4f} | {seconds:.1f} | {peak:.2f} |")


def demo(folder: Path) -> Path:
    """The set that comes with the install, written by another process: in this one `import train` may find this very file."""
    code = "import pathlib, sys, train.demo; train.demo.write_photos(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)
    return folder


def train(photos: Path, out: Path, cache: Path) -> float:
    """`safelight train`; the test accuracy that it prints. Raises CalledProcessError where it fails."""
    code = "from safelight.cli import main; main()"
    command = [sys.executable, "-c", code, "train", str(photos), "--out", str(out), "--cache", str(cache)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = re.search(r"Test accuracy ([\d.]+)", said)
    if not found:
        raise SystemExit(f"safelight train said nothing of its accuracy: {said!r}")
    return float(found[1])


if __name__ == "__main__":
    main()
