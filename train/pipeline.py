"""The main verb: a folder of photos in, a run out. Read `run` aloud; every step is a module of its own."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from rich.console import Console
from torch import nn

from safelight import models
from safelight.bundle import staged
from safelight.checkpoint import save_run
from safelight.errors import UsageError
from safelight.models.network import Network
from safelight.spec import DEFAULT_BANDS, InputSpec, Label, ModelSpec, OutputSpec, Provenance, Spec
from safelight.threads import one_thread
from train.cache import Features
from train.data import SPLITS, Photo, Skipped, Split, fingerprint, survey
from train.features import extract, progress
from train.fit import Examples, fit_head, install, temperature_of
from train.metrics import Metrics, measure
from train.options import Device, TrainOptions
from train.report import REPORT_NAME, Run, write
from train.split import Splits, cut, data_sha256


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
    interrupted: bool  # fine-tuning was stopped by hand
    seconds: float


def run(photos: Path, out: Path, options: TrainOptions | None = None, console: Console | None = None) -> TrainResult:
    """Learn a classifier from the folder `photos` and write the run `out`.

    Raises DataError, ModelError, UsageError or BundleError, each before long work is done where that is possible.
    """
    began = time.monotonic()
    options = options or TrainOptions()
    console = console or Console(quiet=True)
    _keep_apart(photos, out)
    with staged(out) as stage:
        found = survey(photos, options.limits.suffixes)
        with progress(console) as bar:
            reading = bar.add_task("Reading files", total=len(found.found))
            hashed, unread = fingerprint(found.found, options.limits, lambda count: bar.advance(reading, count))
        network = models.build(options.backbone, pretrained=True)
        spec = input_spec(options)
        device = choose_device(options.device)

        look = partial(
            extract, network=network, spec=spec, backbone=options.backbone, device=device, console=console, limits=options.limits
        )
        seen = look(hashed, cache=options.cache)
        refused = [
            Skipped(photo.name, seen.refused[photo.sha256].reason, seen.refused[photo.sha256].message)
            for photo in hashed
            if photo.sha256 in seen.refused
        ]
        readable = [photo for photo in hashed if photo.sha256 in seen.features]
        splits = cut(readable, found.classes, options.split, options.seed)
        skipped = (*found.skipped, *unread, *refused)
        _tell(console, splits, skipped)

        learner = [seen.features]
        if options.head.flips:
            used = [photo for _, photo in splits.everything() if photo in set(splits.photos["train"])]
            mirrored = look(used, cache=options.cache, view="flipped")
            learner.append(mirrored.features)
        train = _examples(splits.photos["train"], found.classes, learner)
        validation = _examples(splits.photos["validation"], found.classes, [seen.features])
        head = fit_head(train, validation, len(found.classes), options.head)
        network.head = nn.Linear(network.head.in_features, len(found.classes))
        install(head, network.head)
        history, interrupted, features = head.history, False, seen.features

        if options.fine_tune.blocks:
            from train.finetune import Task, fine_tune  # brings torchvision: seconds that frozen features don't need

            task = Task(splits.photos["train"], splits.photos["validation"], found.classes, spec, options.seed, options.limits)
            tuned = fine_tune(network, task, options.fine_tune, device, console)
            network, history, interrupted = tuned.network, (*history, *tuned.history), tuned.interrupted
            used = [photo for _, photo in splits.everything()]
            features = look(used, network=network, cache=None).features

        logits = {split: _logits(network, splits.photos[split], features) for split in SPLITS}
        labels = {split: _labels(splits.photos[split], found.classes) for split in SPLITS}
        temperature = temperature_of(torch.from_numpy(logits["validation"]), torch.from_numpy(labels["validation"]))
        figures = {split: measure(logits[split], labels[split], temperature, found.classes) for split in SPLITS}
        contract = _contract(out, found.classes, spec, network, temperature, splits, figures, options)
        save_run(stage, network, contract)
        record = Run(
            spec=contract,
            options=options,
            folder=photos,
            splits=splits,
            skipped=skipped,
            history=history,
            weight_decay=head.weight_decay,
            metrics=figures,
            logits=logits,
            interrupted=interrupted,
            device=device.type,
        )
        write(stage, record)
    return TrainResult(
        out=out,
        report=out / REPORT_NAME,
        classes=found.classes,
        photos={split: len(splits.photos[split]) for split in SPLITS},
        validation=figures["validation"],
        test=figures["test"],
        temperature=temperature,
        skipped=skipped,
        decoded=seen.computed,
        interrupted=interrupted,
        seconds=time.monotonic() - began,
    )


def input_spec(options: TrainOptions) -> InputSpec:
    """The backbone's preprocessing with what `options` change about it."""
    spec = models.input_of(options.backbone)
    if options.filter:
        spec = msgspec.structs.replace(spec, filter=options.filter)
    if options.geometry and options.geometry != spec.geometry:
        spec = InputSpec(size=spec.size, resize_to=spec.size, geometry=options.geometry, filter=spec.filter)
    return spec


def choose_device(wanted: Device) -> torch.device:
    """The device to compute on. Raises UsageError where one is asked for by name that isn't there."""
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return torch.device(next(name for name in ("cuda", "mps", "cpu") if there[name]))
    if not there[wanted]:
        raise UsageError(f"this machine has no {wanted} device that torch can use. Choose --device cpu, or auto.")
    return torch.device(wanted)


def _keep_apart(photos: Path, out: Path) -> None:
    """Replacing `out` must never remove photos, and a run inside the photo folder would be a class next time."""
    inner, outer = photos.resolve(), out.resolve()
    if inner.is_relative_to(outer) or outer.is_relative_to(inner):
        raise UsageError(
            f"--out {out} and the photos in {photos} lie inside each other. Choose an --out elsewhere, such as runs/{inner.name}."
        )


def _tell(console: Console, splits: Splits, skipped: Sequence[Skipped]) -> None:
    counts = ", ".join(f"{len(splits.photos[split])} {split}" for split in SPLITS)
    console.print(f"Photos: {counts}.", highlight=False)
    warnings = {
        "files that can't be used": len(skipped),
        "photos in more than one class": len(splits.conflicts),
        "photos in more than one split, kept in the later one": len(splits.straddling),
    }
    for text, count in warnings.items():
        if count:
            console.print(f"[yellow]Left out: {text} ({count}); the report lists them.[/]", highlight=False)


def _examples(photos: Sequence[Photo], classes: tuple[str, ...], views: Sequence[dict[str, Features]]) -> Examples:
    rows = np.stack([view[photo.sha256] for view in views for photo in photos])
    return Examples(torch.from_numpy(rows), torch.from_numpy(np.tile(_labels(photos, classes), len(views))))


def _labels(photos: Sequence[Photo], classes: tuple[str, ...]) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array([classes.index(photo.label) for photo in photos], np.int64)


@one_thread()
def _logits(network: Network, photos: Sequence[Photo], features: dict[str, Features]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """[N,C], before the temperature."""
    with torch.inference_mode():
        rows = torch.from_numpy(np.stack([features[photo.sha256] for photo in photos]))
        logits: np.ndarray[Any, np.dtype[np.float64]] = network.head(rows).double().numpy()
    return logits


def _contract(
    out: Path,
    classes: tuple[str, ...],
    spec: InputSpec,
    network: Network,
    temperature: float,
    splits: Splits,
    figures: dict[Split, Metrics],
    options: TrainOptions,
) -> Spec:
    """The run's spec.json: counts, fingerprints and figures, no file name and no path."""
    test = figures["test"]
    return Spec(
        name=out.resolve().name,
        labels=tuple(
            Label(id=label, names={"en": " ".join(label.replace("_", " ").replace("-", " ").split()) or label}) for label in classes
        ),
        input=spec,
        output=OutputSpec(temperature=temperature, bands=DEFAULT_BANDS),
        model=ModelSpec(
            architecture=options.backbone,
            parameters=sum(parameter.numel() for parameter in network.parameters()),
            heatmap=_heatmap(network, spec.size),
        ),
        provenance=Provenance(
            source="trained",
            recipe="fine-tune" if options.fine_tune.blocks else "features",
            seed=options.seed,
            photos={split: len(splits.photos[split]) for split in SPLITS},
            data_sha256=data_sha256(splits.everything()),
            versions=_versions(),
            metrics={
                "test_accuracy": test.accuracy,
                "test_balanced_accuracy": test.balanced_accuracy,
                "test_nll": test.nll,
                "test_calibration_error": test.calibration_error,
                "validation_accuracy": figures["validation"].accuracy,
            },
        ),
    )


def _display_name(label: str) -> str:
    """A folder's name as people read it: "german_shepherd" → "german shepherd"."""
    return " ".join(label.replace("_", " ").replace("-", " ").split()) or label


@one_thread()
def _heatmap(network: Network, size: int) -> tuple[int, int] | None:
    """Height and width of the feature map, where the head applies at each place of it."""
    if not network.has_heatmap:
        return None
    with torch.inference_mode():
        shape = network.trunk(torch.zeros(1, 3, size, size)).shape
    return int(shape[2]), int(shape[3])


def _versions() -> dict[str, str]:
    names = ("safelight", "torch", "torchvision", "numpy", "pillow")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}
