"""The main verb: a folder of photos in, a run out. Read `run` aloud; every step is a module of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console

from safelight.bundle import staged
from safelight.checkpoint import save_run
from safelight.errors import UsageError
from train.contract import describe, input_spec
from train.data import SPLITS, Skipped, Split, fingerprint, survey
from train.fit import temperature_of
from train.learnt import Learnt, Task, labels_of
from train.metrics import Figures, Metrics, abstentions, measure, softmax
from train.options import Device, TrainOptions
from train.progress import progress
from train.report import REPORT_NAME, Run, settings, write
from train.resume import keep
from train.tensorboard import logging


@dataclass(frozen=True)
class TrainResult:
    """What a training came to."""

    out: Path
    report: Path
    classes: tuple[str, ...]
    photos: dict[Split, int]
    validation: Metrics
    test: Metrics
    temperature: float
    skipped: tuple[Skipped, ...]
    decoded: int  # photos that went through decoder and backbone now; 0 where the cache had them all
    interrupted: bool  # training was stopped by hand
    seconds: float


def run(photos: Path, out: Path, options: TrainOptions | None = None, console: Console | None = None) -> TrainResult:
    """Learn a classifier from the folder `photos` and write the run `out`.

    Raises DataError, ModelError, UsageError or BundleError, each before long work is done where that is possible; a
    checkpoint beside `out` survives whatever ends a training early.
    """
    began = time.monotonic()
    options = options or TrainOptions()
    console = console or Console(quiet=True)
    _keep_apart(photos, out)
    log = options.tensorboard and _log_of(options.tensorboard, photos, out)
    spec, device = input_spec(options), choose_device(options.device)
    keeper = keep(out, decisive(options, device), resume=options.resume)
    with staged(out) as stage, logging(log) as watch:
        found = survey(photos, options.limits.suffixes)
        with progress(console) as bar:
            reading = bar.add_task("Reading files", total=len(found.found))
            hashed, unread = fingerprint(found.found, options.limits, lambda count: bar.advance(reading, count))
        task = Task(hashed, (*found.skipped, *unread), found.classes, spec, options, device, keeper, console, watch)
        learnt = _learner(options)(task)

        logits, splits = learnt.logits, learnt.splits
        labels = {split: labels_of(splits.photos[split], found.classes) for split in SPLITS}
        temperature = temperature_of(torch.from_numpy(logits["validation"]), torch.from_numpy(labels["validation"]))
        measured = {split: measure(logits[split], labels[split], temperature, found.classes) for split in SPLITS}
        sure = {split: softmax(logits[split] / temperature) for split in SPLITS}
        abstain = abstentions(sure["validation"], labels["validation"], sure["test"], labels["test"])
        contract = describe(out.resolve().name, task, learnt, temperature, measured)
        save_run(stage, learnt.network, contract)
        write(stage, Run(contract, options, photos, learnt, Figures(temperature, **measured, abstain=abstain), device.type))
    if not learnt.interrupted:
        keeper.clear()
    return TrainResult(
        out=out,
        report=out / REPORT_NAME,
        classes=found.classes,
        photos={split: len(learnt.splits.photos[split]) for split in SPLITS},
        validation=measured["validation"],
        test=measured["test"],
        temperature=temperature,
        skipped=learnt.skipped,
        decoded=learnt.decoded,
        interrupted=learnt.interrupted,
        seconds=time.monotonic() - began,
    )


def _learner(options: TrainOptions) -> Callable[[Task], Learnt]:
    """The one of the two ways that `options` ask for; neither costs the other's imports."""
    if options.scratch:
        from train import scratch

        return scratch.learn
    from train import transfer

    return transfer.learn


def choose_device(wanted: Device) -> torch.device:
    """The device to compute on. Raises UsageError where one is asked for by name that isn't there."""
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return torch.device(next(name for name in ("cuda", "mps", "cpu") if there[name]))
    if not there[wanted]:
        raise UsageError(f"this machine has no {wanted} device that torch can use. Choose --device cpu, or auto.")
    return torch.device(wanted)


def decisive(options: TrainOptions, device: torch.device) -> dict[str, str]:
    """What a resumed training must find as it was: everything that a result depends on but the photos."""
    named = dict(settings(options))
    return {name: value for name, value in named.items() if name not in ("resume", "device")} | {"device": device.type}


def _log_of(folder: Path, photos: Path, out: Path) -> Path:
    """Where this run's log goes. Raises UsageError where it would be a class next time, or be replaced with the run."""
    log = folder / out.resolve().name
    for taken in (photos, out):
        if log.resolve().is_relative_to(taken.resolve()):
            raise UsageError(f"--tensorboard {folder} would write to {log}, which lies in {taken}. Choose another folder, such as logs.")
    return log


def _keep_apart(photos: Path, out: Path) -> None:
    """Replacing `out` must never remove photos, and a run inside the photo folder would be a class next time."""
    inner, outer = photos.resolve(), out.resolve()
    if inner.is_relative_to(outer) or outer.is_relative_to(inner):
        raise UsageError(
            f"--out {out} and the photos in {photos} lie inside each other. Choose an --out elsewhere, such as runs/{inner.name}."
        )
