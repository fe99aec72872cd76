"""docs/parity.md: what was measured, from the bytes on, in every runtime of every browser, on ordinary and on awkward photos.

`make parity BUNDLE=… PHOTOS=… AWKWARD=…`. Takes about half an hour without a GPU: WebGL and WebGPU are then computed by the
processor. Every file below the awkward folder is tried, whatever its name.
"""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from export.parity.browsers import BROWSERS, ask, webkit
from export.parity.photos import Photo, Prepared, prepare
from export.parity.reference import Answer, of_bundle
from export.parity.report import ParityReport, Stages
from export.parity.stages import Seen, effect, see
from export.parity.verify import VerifyOptions, verify
from safelight import site
from safelight.bundle import Bundle, open_bundle
from safelight.cli.progress import progress

PHOTOS = 200  # ordinary ones, besides the golden ones of the bundle
GPU_PHOTOS = 10  # of them for WebGPU, which takes 1 to 10 s each on the processor


@dataclass(frozen=True)
class Awkward:
    """One browser on the awkward photos."""

    browser: str
    verdicts: list[tuple[str, str, str]]  # of every file: name, Python's, the browser's
    seen: list[tuple[Seen, float | None]]  # of every file that both accept: the pixels, and how far a probability moves


@click.command()
@click.argument("bundle", type=click.Path(exists=True, path_type=Path))
@click.option("--photos", type=click.Path(exists=True, path_type=Path), required=True, help="Ordinary photos.")
@click.option("--awkward", type=click.Path(exists=True, path_type=Path), required=True, help="Photos that break decoders.")
@click.option("--max-photos", type=click.IntRange(1), default=PHOTOS, show_default=True, help="How many ordinary ones.")
@click.option("--browsers", default=",".join(BROWSERS), show_default=True, help="Comma-separated.")
@click.option("--out", type=click.Path(path_type=Path), default="docs/parity.md", show_default=True)
def main(bundle: Path, photos: Path, awkward: Path, max_photos: int, browsers: str, out: Path) -> None:
    """Measure, and write the page."""
    warnings.simplefilter("ignore")  # Pillow's, about the damage that awkward photos have on purpose
    opened, names = open_bundle(bundle), tuple(browsers.split(","))
    with progress() as on_progress:
        reports = [verify(opened, options, on_progress) for options in plans(opened, photos, max_photos, names)]
    paths = sorted(path for path in awkward.rglob("*") if path.is_file() and path.name != "manifest.csv")
    prepared = list(prepare([Photo(path.relative_to(awkward).as_posix(), path) for path in paths], opened.spec.input))
    answer = of_bundle(opened)("fp32")
    found = [measure(name, opened, prepared, answer) for name in names]
    text = "\n".join([*heading(opened, reports[0], names), *ordinary(reports), *verdicts(found), *pixels(found)])
    out.write_text(text + "\n", encoding="utf-8")
    click.echo(f"{out}: {len(paths)} awkward files in {len(names)} browsers")


def plans(bundle: Bundle, photos: Path, count: int, browsers: Sequence[str]) -> Iterator[VerifyOptions]:
    """All photos for what a processor can run, few for WebGPU."""
    golden = len(bundle.spec.golden.photos) if bundle.spec.golden else 0
    runtimes = [(browser, name, file) for browser in browsers for name, file in BROWSERS[browser].RUNTIMES.items()]
    plain = tuple(f"{browser}/{name}/{file}-fp32" for browser, name, file in runtimes if "webgpu" not in name)
    gpu = tuple(f"{browser}/{name}/{file}-fp32" for browser, name, file in runtimes if "webgpu" in name)
    python = tuple(f"{name}-fp32" for name in ("onnxruntime/onnx", "litert/tflite", "tensorflow/tfjs"))
    yield VerifyOptions(photos, count, (*python, *plain), tuple(browsers), slow_images=golden + count)
    if gpu:
        yield VerifyOptions(photos, min(count, GPU_PHOTOS), gpu, tuple(browsers), slow_images=golden + GPU_PHOTOS)


def measure(name: str, bundle: Bundle, prepared: list[Prepared], answer: Answer) -> Awkward:
    """What one browser makes of the awkward photos."""
    answers = ask(BROWSERS[name], site.app_folder(), bundle, prepared, [])
    verdicts = [(one.photo.name, one.verdict, answers.stages[index]["verdict"]) for index, one in enumerate(prepared)]
    seen = see(name, prepared, answers, bundle.spec.input).values()
    return Awkward(name, verdicts, [(one, moved(one, answer)) for one in seen])


def moved(seen: Seen, answer: Answer) -> float | None:
    """How far the browser's pixels move PyTorch's probabilities; None where it can't be said."""
    if seen.is_alike:
        return 0.0
    reference = answer(seen.one.pixels)
    found = effect(seen, reference, answer)
    return None if found is None else float(np.abs(found.answer - reference).max())


def heading(bundle: Bundle, report: ParityReport, browsers: Sequence[str]) -> Iterator[str]:
    """When, with what and on what."""
    yield "# Parity, measured\n"
    yield "Written by `make parity BUNDLE=… PHOTOS=… AWKWARD=…` (`bench/parity.py`); don't edit it by hand.\n"
    yield f"- {datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d}, {machine()}"
    yield "- " + ", ".join(version(name) for name in browsers)
    yield "- " + ", ".join(f"{package} {number}" for package, number in report.versions.items())
    yield f"- {bundle.spec.model.architecture}, {len(bundle.spec.labels)} classes, fp32\n"


def version(name: str) -> str:
    """A browser's own word."""
    program = BROWSERS[name].find()
    if program is None:
        return f"no {name}"
    screen = [webkit.SCREEN, "--auto-servernum"] if name == webkit.NAME else []
    environment = os.environ | {"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}
    said = subprocess.run([*screen, program, "--version"], capture_output=True, text=True, check=True, env=environment).stdout
    return said.strip().partition(" built on")[0]


def machine() -> str:
    """The processor and the system, in words."""
    cpu = Path("/proc/cpuinfo")
    models = [line.partition(": ")[2] for line in cpu.read_text().splitlines() if line.startswith("model name")] if cpu.is_file() else []
    return f"{os.cpu_count()} cores ({models[0] if models else platform.processor()}), {platform.system()}, no GPU"


def ordinary(reports: Sequence[ParityReport]) -> Iterator[str]:
    """The table of the runtimes."""
    yield "## Ordinary photos: every runtime, from the bytes to the probabilities\n"
    yield "| runtime | | photos | max Δp | mean Δp | flips | decode identical | resize identical | network alone, max Δp |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|---:|"
    for name, row in ((name, row) for report in reports for name, row in report.runtimes.items()):
        if not row.images:
            yield f"| {name} | {row.status}: {row.reason} | | | | | | | |"
            continue
        figures = f"{row.images} | {row.max_abs_probability:.1e} | {row.mean_abs_probability:.1e} | {row.flips}"
        yield f"| {name} | {row.status} | {figures} | {stage_cells(row.stages)} |"
    for report in reports:
        yield from (f"\n{problem}" for problem in report.problems)


def stage_cells(stages: Stages | None) -> str:
    """Three cells; Python's runtimes are given Python's own pixels."""
    if stages is None:
        return "Python's own | Python's own | "
    decode, resize, network = stages.decode, stages.resize, stages.network
    alone = "" if network.max_abs_probability is None else f"{network.max_abs_probability:.1e}"
    return f"{decode.identical} of {decode.files} | {resize.identical} of {resize.files} | {alone}"


def verdicts(found: Sequence[Awkward]) -> Iterator[str]:
    """Accepted or refused, and for the same reason?"""
    yield "\n## Awkward files: the same verdict\n"
    yield "| browser | files | same verdict | share |"
    yield "|---|---:|---:|---:|"
    for one in found:
        agree = sum(python == browser for _, python, browser in one.verdicts)
        yield f"| {one.browser} | {len(one.verdicts)} | {agree} | {agree / len(one.verdicts):.1%} |"
    differ = [(one.browser, *verdict) for one in found for verdict in one.verdicts if verdict[1] != verdict[2]]
    if differ:
        yield "\n| file | browser | Python says | the browser says |"
        yield "|---|---|---|---|"
        yield from (f"| {file} | {browser} | {python} | {its} |" for browser, file, python, its in differ)


def pixels(found: Sequence[Awkward]) -> Iterator[str]:
    """The network's pixels, and the named causes of every difference."""
    yield "\n## Awkward files: the same pixels\n"
    yield "| browser | accepted by both | decoded identically | network's pixels identical | differ, named cause | differ, no known cause |"
    yield "|---|---:|---:|---:|---:|---:|"
    causes: dict[tuple[str, str], list[tuple[Seen, float | None]]] = defaultdict(list)
    for one in found:
        other = [(seen, off) for seen, off in one.seen if not seen.is_decoded_alike or seen.resize_max_abs]
        for seen, off in other:
            causes[(one.browser, seen.known.cause if seen.known and seen.is_explained else "unknown")].append((seen, off))
        decoded = sum(seen.is_decoded_alike for seen, _ in one.seen)
        named = sum(bool(seen.known) and seen.is_explained for seen, _ in other)
        alike = sum(np.array_equal(seen.pixels, seen.one.pixels) for seen, _ in one.seen)
        yield f"| {one.browser} | {len(one.seen)} | {decoded} | {alike} | {named} | {len(other) - named} |"
    yield "\n| cause | browser | files | largest difference after decode | in the network's pixels | largest Δp | bound |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    for (browser, cause), photos in causes.items():
        decoded = max(seen.decode_max_abs or 0 for seen, _ in photos)
        resized = max(int(np.abs(seen.pixels.astype(int) - seen.one.pixels).max()) for seen, _ in photos)
        effects = [off for _, off in photos if off is not None]
        bound = next((f"±{seen.known.bound}" for seen, _ in photos if seen.known), "none")
        yield f"| {cause} | {browser} | {len(photos)} | ±{decoded} | ±{resized} | {max(effects, default=float('nan')):.1e} | {bound} |"


if __name__ == "__main__":
    main()
