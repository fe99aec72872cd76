"""The parity run: photos → reference → every runtime of every file → report. Nothing here swallows a failure."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from export import golden
from export.formats import FORMATS
from export.parity import browser_rows
from export.parity.browser_rows import Ask, Engine, Measured, with_maps
from export.parity.browsers import BROWSERS, ask, phone
from export.parity.compare import Answers, compare, disagreement, map_difference
from export.parity.evidence import Evidence, off, top, worst
from export.parity.photos import Prepared, golden_photos, photos_below, prepare
from export.parity.reference import Answer, AnswerMaps, maps_of_bundle, of_bundle
from export.parity.report import ParityReport, Row, Verdicts
from safelight.bundle import Bundle
from safelight.errors import RuntimeUnavailable, UsageError
from safelight.runtimes import RUNTIMES, Runtime, load, load_maps
from safelight.spec import ModelFile, Precision

T = TypeVar("T")
Progress = Callable[[str, int, int], None]  # what is being done, how many are done, of how many

REFERENCE = "pytorch"
MAP_PHOTOS = 3  # whose maps are compared, golden ones: a map is 3,000 to 800,000 bytes


@dataclass(frozen=True)
class VerifyOptions:
    """What to verify with. The command line reads its defaults from here."""

    images: Path | None = None  # a folder of photos besides the golden ones; nothing of it is stored
    max_images: int = 200  # of that folder, spread evenly
    runtimes: tuple[str, ...] = ()  # names or beginnings of row names; () means all
    browsers: tuple[str, ...] = ("chromium",)
    phone: phone.PhoneOptions | None = None  # to ask a phone, too: before all others, while somebody is there to hold it
    slow_images: int = 24  # photos for runtimes that are slow without a GPU; 0 leaves those runtimes out
    require: tuple[str, ...] = ()  # names or beginnings that must pass: a skip becomes a failure
    overlap: bool = False  # browsers beside Python: sooner done, but the milliseconds a photo are then of no use


def verify(bundle: Bundle, options: VerifyOptions, on_progress: Progress = lambda *_: None) -> ParityReport:
    """Hold every runtime to PyTorch on the golden photos and on `options.images`.

    Raises RuntimeUnavailable where photos are given but PyTorch isn't installed, BundleError for a bad folder, UsageError for a
    browser that we don't know or a phone's address that isn't this machine's.
    """
    unknown = [name for name in options.browsers if name not in BROWSERS]
    if unknown:
        raise UsageError(f"there is no browser named {unknown[0]!r}. Known: {', '.join(BROWSERS)}")
    photos = golden_photos(bundle) + (photos_below(options.images, options.max_images) if options.images else [])
    prepared = [*_watched(prepare(photos, bundle.spec.input), "decode and resize", len(photos), on_progress)]
    accepted = [one for one in prepared if one.verdict == "ok"]
    stored = _stored_answers(bundle, accepted)
    reference, answer, without = _reference(bundle, accepted, stored, options, on_progress)
    maps = functools.cache(maps_of_bundle(bundle)) if answer and bundle.spec.model.feature_maps else None
    browsers = _Browsers(bundle, prepared, reference, answer, maps, options, on_progress)
    found = browsers.ask_phone()
    with ThreadPoolExecutor(max_workers=1) as pool:
        ahead = pool.submit(browsers.measure) if options.overlap else None
        rows: dict[str, Row] = {}
        if _wanted(f"{REFERENCE}/pytorch-fp32", options):
            rows[f"{REFERENCE}/pytorch-fp32"] = without or _reference_row(accepted, stored, reference("fp32"))
        for file in bundle.spec.files:
            for runtime in RUNTIMES.values():
                name = f"{runtime.NAME}/{file.key}"
                if file.format in runtime.FORMATS and _wanted(name, options):
                    rows[name] = _python_row(name, runtime, bundle, file, accepted, reference(file.precision), maps, on_progress)
        found |= ahead.result() if ahead else browsers.measure()
    for measured in found.values():
        rows |= measured.rows
    verdicts = {name: measured.verdicts for name, measured in found.items() if measured.verdicts is not None}
    return ParityReport(
        bundle=bundle.spec.name,
        photos=len(accepted),
        refused={one.photo.name: one.verdict for one in prepared if one.verdict != "ok"},
        runtimes=rows,
        verdicts=verdicts,
        devices={name: phone.describe(found[name].about) for name in (phone.NAME,) if name in found and found[name].about},
        versions=_versions(),
        problems=(*_golden_problems(bundle, prepared), *_golden_refusals(bundle, verdicts), *_missing(options.require, rows)),
    )


@dataclass(frozen=True)
class _Browsers:
    """What the browsers of a run need to know."""

    bundle: Bundle
    prepared: Sequence[Prepared]
    reference: Callable[[Precision], Answers]
    answer: Callable[[Precision], Answer] | None
    maps: Callable[[Precision], AnswerMaps] | None
    options: VerifyOptions
    on_progress: Progress

    def measure(self) -> dict[str, Measured]:
        """What was measured, by browser."""
        return {name: self._of(BROWSERS[name], functools.partial(ask, BROWSERS[name])) for name in self.options.browsers}

    def ask_phone(self) -> dict[str, Measured]:
        """The same of the phone, if it is to be asked."""
        options = self.options.phone
        if options is None:
            return {}

        def on_wait(seconds: float) -> None:
            self.on_progress("waiting for a phone to open the address", round(seconds), round(options.wait))

        return {phone.NAME: self._of(phone, functools.partial(phone.ask, options, on_wait=on_wait), kin=phone.engine)}

    def _of(self, browser: Engine, ask: Ask, kin: Callable[[dict[str, Any]], str] | None = None) -> Measured:
        def wanted(name: str) -> bool:
            runtime = name.split("/")[1]
            is_named = any(runtime in pick.split("/") for pick in self.options.runtimes)
            return _wanted(name, self.options) and (is_named or runtime not in browser.ON_REQUEST)

        return browser_rows.measure(
            browser,
            ask,
            self.bundle,
            self.prepared,
            self.reference,
            self.answer,
            self.maps,
            wanted=wanted,
            slow_images=self.options.slow_images,
            on_progress=self.on_progress,
            kin=kin,
        )


def _wanted(name: str, options: VerifyOptions) -> bool:
    return not options.runtimes or any(
        name == pick or name.startswith((f"{pick}/", f"{pick}-")) or f"/{pick}/" in name for pick in options.runtimes
    )


def _reference(
    bundle: Bundle, accepted: Sequence[Prepared], stored: Mapping[Precision, Answers], options: VerifyOptions, on_progress: Progress
) -> tuple[Callable[[Precision], Answers], Callable[[Precision], Answer] | None, Row | None]:
    """The answers to hold runtimes to, by precision, and PyTorch to ask for more: or the stored ones and the row that says why."""
    try:
        of_precision = functools.cache(of_bundle(bundle))
    except RuntimeUnavailable as error:
        if options.images is not None:
            raise
        return stored.__getitem__, None, Row("skipped", f"{error} The bundle's stored answers are the reference")

    @functools.cache
    def today(precision: Precision) -> Answers:
        answer = of_precision(precision)
        return np.array([answer(one.pixels) for one in _watched(accepted, f"PyTorch {precision}", len(accepted), on_progress)])

    return today, of_precision, None


def _reference_row(accepted: Sequence[Prepared], stored: Mapping[Precision, Answers], today: Answers) -> Row:
    """PyTorch's own row: today's answers on the golden photos, which come first, against the stored ones."""
    if not stored:
        return Row("skipped", "the bundle has no stored answers")
    names = [one.photo.name for one in accepted]
    return _judge(names, stored["fp32"], today[: len(stored["fp32"])], FORMATS["pytorch"].TOLERANCE["fp32"], 0.0)


def _stored_answers(bundle: Bundle, accepted: Sequence[Prepared]) -> dict[Precision, Answers]:
    if bundle.spec.golden is None:
        return {}
    _, probabilities = golden.read_answers(bundle.folder, bundle.spec.golden.probabilities)
    names = [one.photo.name for one in accepted if one.photo.name in probabilities["fp32"]]
    precisions: list[Precision] = [precision for precision in ("fp32", "fp16") if precision in probabilities]
    return {precision: np.array([probabilities[precision][name] for name in names], np.float32) for precision in precisions}


def _python_row(
    name: str,
    runtime: Runtime,
    bundle: Bundle,
    file: ModelFile,
    accepted: Sequence[Prepared],
    reference: Answers,
    maps: Callable[[Precision], AnswerMaps] | None,
    on_progress: Progress,
) -> Row:
    tolerance = FORMATS[file.format].TOLERANCE[file.precision]
    answers, elapsed = [], []
    try:
        model = load(runtime, bundle, file)
        for one in _watched(accepted, name, len(accepted), on_progress):
            start = time.perf_counter()
            answers.append(model(one.pixels))
            elapsed.append(1000 * (time.perf_counter() - start))
        off = _maps_off(runtime, bundle, file, accepted[:MAP_PHOTOS], maps(file.precision)) if maps else None
    except RuntimeUnavailable as error:
        return Row("skipped", str(error), tolerance=tolerance)
    except Exception as error:  # whatever a runtime throws at our file is that runtime's failure, and the run goes on
        return Row("fail", f"{type(error).__name__}: {error}", tolerance=tolerance)
    row = _judge([one.photo.name for one in accepted], reference, np.array(answers), tolerance, statistics.median(elapsed))
    row = with_maps(row, off)
    if row.status == "pass" or not row.images:
        return row
    return replace(row, blame="network", evidence=worst(_other_answers(name, bundle, accepted, reference, answers, tolerance)))


def _maps_off(
    runtime: Runtime, bundle: Bundle, file: ModelFile, photos: Sequence[Prepared], reference: AnswerMaps
) -> tuple[float, str] | None:
    """How far the runtime's heat and feature maps are off at worst, and which. A model of its own: the times are of probabilities alone."""
    model = load_maps(runtime, bundle, file)
    return max((map_difference(reference(one.pixels), model(one.pixels)) for one in photos), default=None)


def _other_answers(
    name: str, bundle: Bundle, accepted: Sequence[Prepared], reference: Answers, answers: Sequence[Answers], tolerance: float
) -> Iterator[Evidence]:
    """The photos that a runtime in Python answers otherwise: it is given the reference's own pixels."""
    labels = bundle.spec.labels
    for one, expected, came in zip(accepted, reference, answers, strict=True):
        if (moved := off(came, expected)) > tolerance:
            best = top(expected, labels), top(came, labels)
            yield Evidence(name, one.photo.name, one.photo.is_golden, one.pixels, one.pixels, 0.0, 0.0, moved, moved, *best)


def _judge(names: Sequence[str], reference: Answers, answers: Answers, tolerance: float, median_ms: float) -> Row:
    if reference.shape != answers.shape:
        return Row("fail", f"the answers have the shape {answers.shape}, PyTorch's {reference.shape}", tolerance=tolerance)
    found = compare(reference, answers, tolerance)
    reason = disagreement(found, tolerance)
    return Row(
        status="fail" if reason else "pass",
        reason=reason,
        images=found.images,
        max_abs_probability=found.max_abs_probability,
        mean_abs_probability=found.mean_abs_probability,
        flips=found.flips,
        near_ties=found.near_ties,
        median_ms=median_ms,
        tolerance=tolerance,
        worst=names[found.worst],
    )


def _golden_problems(bundle: Bundle, prepared: Sequence[Prepared]) -> list[str]:
    """What is wrong between the contract and the bundle's own photos and answers."""
    if bundle.spec.golden is None:
        return []
    labels, _ = golden.read_answers(bundle.folder, bundle.spec.golden.probabilities)
    problems = []
    if labels != [label.id for label in bundle.spec.labels]:
        problems.append(f"the labels of spec.json are not in the order of the network's outputs, which is {', '.join(labels[:10])}")
    wrong = []
    for expected, one in zip(bundle.spec.golden.photos, prepared, strict=False):
        if hashlib.sha256(one.pixels.tobytes()).hexdigest() != expected.pixels_sha256:
            wrong.append(expected.name)
    if wrong:
        problems.append(
            f"decode or resize gives other pixels than the bundle was proven with for {len(wrong)} of "
            f"{len(bundle.spec.golden.photos)} golden photos: {', '.join(wrong)}"
        )
    return problems


def _golden_refusals(bundle: Bundle, verdicts: Mapping[str, Verdicts]) -> list[str]:
    """Photos in the wild may be judged otherwise and are listed; a golden photo must be read everywhere."""
    names = {photo.name for photo in golden_photos(bundle)}
    return [
        f"{engine} says {one['engine']!r} of the golden photo {one['file']}"
        for engine, found in verdicts.items()
        for one in found.differ
        if one["file"] in names
    ]


def _missing(require: Iterable[str], rows: dict[str, Row]) -> list[str]:
    problems = []
    for name in require:
        found = [row for key, row in rows.items() if _wanted(key, VerifyOptions(runtimes=(name,)))]
        if not any(row.status == "pass" for row in found):
            reasons = "; ".join(sorted({row.reason for row in found if row.reason})) or "it is no runtime of this run"
            problems.append(f"{name} is required and did not pass: {reasons}")
    return problems


def _versions() -> dict[str, str]:
    versions = {}
    for package in ("safelight", "numpy", "pillow", "torch", "onnxruntime", "ai-edge-litert", "tensorflow"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _watched(items: Iterable[T], what: str, total: int, on_progress: Progress) -> Iterator[T]:
    for done, item in enumerate(items):
        on_progress(what, done, total)
        yield item
    on_progress(what, total, total)
