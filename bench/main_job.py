"""The main job in figures: train cold and cached, export, verify in every runtime, as markdown tables.

`python bench/main_job.py [PHOTOS]`, or the variable SAFELIGHT_BENCH_PHOTOS; by default the demo set that comes with the
install. With train/, validation/ and test/ folders, parity is measured on photos of test/.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click

PARITY_PHOTOS = 200
KILOBYTES = 1 if sys.platform == "darwin" else 1024  # the unit of ru_maxrss in bytes


@dataclass(frozen=True)
class Ran:
    """A command that ended well."""

    said: str
    seconds: float
    peak_gb: float  # of its largest process, browsers not counted


def main() -> None:
    """Run the commands of the README one after the other, as a user does, and print the tables."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        named = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("SAFELIGHT_BENCH_PHOTOS", "")
        photos = Path(named) if named else demo(folder / "surfaces")
        held_out = photos / "test" if (photos / "test").is_dir() else photos
        run, bundle, report = folder / "run", folder / "pets.bundle", folder / "parity.json"
        train = ("train", photos, "--out", run, "--cache", folder / "cache")
        cold, cached = safelight(*train), safelight(*train)
        export = safelight("export", run, "--out", bundle)
        # As many photos for WebGL as for the others, slow or not: the golden ones come on top.
        many = ("--max-images", PARITY_PHOTOS, "--slow-images", 2 * PARITY_PHOTOS)
        verify = safelight("verify", bundle, "--images", held_out, *many, "--json", report)
        click.echo(f"Photos: {photos.name}. Test accuracy {accuracy(cold.said)}.\n")
        click.echo("| command | seconds | peak memory, GB |\n|---|---:|---:|")
        for name, ran in (("train", cold), ("train again, cached", cached), ("export", export), ("verify", verify)):
            click.echo(f"| {name} | {ran.seconds:.1f} | {ran.peak_gb:.2f} |")
        click.echo(table(report))


def demo(folder: Path) -> Path:
    """The set that comes with the install."""
    from train.demo import write_photos

    write_photos(folder)
    return folder


def safelight(*words: object) -> Ran:
    """A command line of ours in a process of its own. Ends the benchmark where it fails."""
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "safelight", *map(str, words)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None  # it is a pipe
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"safelight {words[0]} ended with {process.returncode}:\n{said}")
    return Ran(said, time.monotonic() - began, usage.ru_maxrss * KILOBYTES / 1e9)


def accuracy(said: str) -> str:
    """The test accuracy in what `safelight train` printed."""
    found = re.search(r"Test accuracy ([\d.]+)", said)
    return found[1] if found else "not printed"


def table(report: Path) -> str:
    """The parity report as markdown."""
    lines = ["", "| runtime and file | photos | max Δp | flips | pixels identical | ms a photo |", "|---|---:|---:|---:|---:|---:|"]
    for name, row in json.loads(report.read_text())["runtimes"].items():
        resize = row["stages"].get("resize")
        pixels = f"{resize['identical']} of {resize['files']}" if resize else "same code"
        lines.append(
            f"| {name} | {row['images']} | {row['max_abs_probability']:.1e} | {row['flips']} | {pixels} | {row['median_ms']:.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
