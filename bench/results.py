"""The tutorials' photo sets by our recipes, beside the figures that the tutorials report: docs/results.md.

python bench/results.py PHOTOS [--only ROW,...] [--seeds 0,1,2]

PHOTOS holds cats_and_dogs_small/, flowers5/, mnist/ and cifar10_jpg_6000/. What was measured is kept in
build/results.json, so that rows can be measured on different days; the page says of each row when and under which load.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import click

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "build" / "results.json"
PAGE = ROOT / "docs" / "results.md"


@dataclass(frozen=True)
class Row:
    """One figure to reach."""

    photos: str  # below PHOTOS
    what: str
    reported: str  # by the tutorial
    wanted: str
    options: tuple[str, ...]  # of `safelight train`
    held_out: str = "test"  # the folder whose photos are the test; "val" is handed to `train` under the name "test"


ROWS = {
    "scratch": Row("cats_and_dogs_small", "from scratch", "0.742", "≥ 0.85", ("--recipe", "small-resnet")),
    "features": Row("cats_and_dogs_small", "frozen features", "0.903", "≥ 0.99", ()),
    "fine-tune": Row("cats_and_dogs_small", "fine-tuned", "0.938", "≥ 0.993", ("--recipe", "fine-tune")),
    "flowers": Row("flowers5", "frozen features", "about 0.75", "≥ 0.93", (), "val"),
    "flowers-fine-tune": Row(
        "flowers5", "fine-tuned", "about 0.75", "≥ 0.93", ("--recipe", "fine-tune", "--backbone", "efficientnet_lite2"), "val"
    ),
    "mnist": Row("mnist", "digits", "0.9929", "≥ 0.995", ("--recipe", "mnist-augmented")),
    "cifar": Row("cifar10_jpg_6000", "the tutorial's network", "measured here", "", ("--recipe", "cifar")),
    "cifar-resnet": Row("cifar10_jpg_6000", "ours", "", "12 points more", ("--recipe", "cifar-resnet")),
}


@click.command()
@click.argument("photos", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--only", default=",".join(ROWS), show_default=True, help="Rows to measure now.")
@click.option("--seeds", default="0", show_default=True, help="Each row is measured with each of them.")
def main(photos: Path, only: str, seeds: str) -> None:
    """Measure rows and write the page."""
    names = only.split(",")
    if unknown := set(names) - set(ROWS):
        raise click.UsageError(f"--only knows {', '.join(ROWS)}, not {', '.join(sorted(unknown))}")
    kept: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.is_file() else {}
    for name in names:
        for seed in seeds.split(","):
            kept.setdefault(name, {})[seed] = measure(ROWS[name], photos, seed)
            click.echo(f"{name}, seed {seed}: {kept[name][seed]}")
            KEPT.parent.mkdir(exist_ok=True)
            KEPT.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    PAGE.write_text(page(kept), encoding="utf-8")


def measure(row: Row, photos: Path, seed: str) -> dict[str, Any]:
    """Train as a user does, without kept features, and read what the run says of its test photos."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, out = Path(scratch) / row.photos, Path(scratch) / "run"
        if row.held_out == "test":
            folder = photos / row.photos
        else:
            folder.mkdir()
            for name, called in (("train", "train"), (row.held_out, "test")):
                (folder / called).symlink_to((photos / row.photos / name).resolve())
        command = [sys.executable, "-m", "safelight", "train", folder, *row.options, "--seed", seed, "--no-cache", "--out", out]
        load, began, used = os.getloadavg()[0], time.monotonic(), processor_seconds()
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, cwd=ROOT)
        if done.returncode:
            sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        test = json.loads((out / "metrics.json").read_text(encoding="utf-8"))["test"]
        parameters = json.loads((out / "spec.json").read_text(encoding="utf-8"))["model"]["parameters"]
    seconds = round(time.monotonic() - began)
    processor = round(processor_seconds() - used)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return {
        "accuracy": test["accuracy"],
        "photos": test["photos"],
        "parameters": parameters,
        "seconds": seconds,
        "processor": processor,
        "load": load,
        "on": today,
    }


def processor_seconds() -> float:
    """What the commands have used until now, on all cores together: a busy machine stretches `seconds`, and this far less."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def page(kept: dict[str, Any]) -> str:
    """The page as markdown."""
    lines = [
        "# Results\n",
        "Test accuracy on the tutorials' photo sets. Written by `make results PHOTOS=…`; without `SEEDS=0,1,2` each row is one seed.\n",
        "| set | how | tutorial | wanted | ours | seeds | test photos | parameters | seconds (of processor; load) | `train …` | on |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---|---|",
    ]
    for name, row in ROWS.items():
        runs = list(kept.get(name, {}).values())
        command = f"`{row.photos}/ {' '.join(row.options)}`" if row.options else f"`{row.photos}/`"
        if not runs:
            cells = ["not measured", "", "", "", "", command, ""]
        else:
            found = [run["accuracy"] for run in runs]
            accuracy = f"{mean(found):.4f}" + (f" ({min(found):.4f} to {max(found):.4f})" if len(found) > 1 else "")
            seconds = ", ".join(f"{run['seconds']} ({run.get('processor', '?')}; {run['load']:.0f})" for run in runs)
            last = runs[-1]
            cells = [accuracy, ", ".join(kept[name]), f"{last['photos']}", f"{last['parameters']:,}", seconds, command, last["on"]]
        lines.append(f"| {' | '.join([row.photos, row.what, row.reported, row.wanted, *cells])} |")
    return re.sub(r"  +", " ", "\n".join(lines)) + "\n"


if __name__ == "__main__":
    main()
