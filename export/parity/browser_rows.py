"""A browser's answers → its rows of the report: each runtime of the self-testing page, with its stages.

The browser may be one that this machine launches or a phone's: `Engine` is what both modules have.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from export.formats import FORMATS
from export.parity.browsers.answers import Answers, maps_of
from export.parity.browsers.server import PlannedRun
from export.parity.compare import Answers as Probabilities
from export.parity.compare import compare, disagreement, map_difference, map_disagreement
from export.parity.evidence import Evidence, off, top, worst
from export.parity.gpu import changed, same_as_cpu
from export.parity.photos import Prepared
from export.parity.reference import Answer, AnswerMaps
from export.parity.report import Explained, Network, Row, Stages, Task, Verdicts
from export.parity.stages import Effect, Seen, blame, decode_stage, effect, resize_stage, see, stage_of_pixels
from safelight import site
from safelight.bundle import Bundle
from safelight.errors import BundleError, RuntimeUnavailable, SafelightError, UsageError
from safelight.spec import ModelFile, Precision


class Engine(Protocol):
    """A browser's or a phone's module, as far as rows are concerned; the fields are described in `browsers.Browser`."""

    NAME: str
    RUNTIMES: dict[str, str]
    ON_REQUEST: frozenset[str]
    SLOW_RUNTIMES: frozenset[str]


class Ask(Protocol):
    """Opens the self-testing page and waits for its numbers."""

    def __call__(
        self, page: Path, bundle: Bundle, photos: Sequence[Prepared], runs: Sequence[PlannedRun], *, on_event: Callable[[], None]
    ) -> Answers:
        """Raises RuntimeUnavailable where nobody can open it, UsageError, or ParityFailure where it doesn't finish."""


@dataclass(frozen=True)
class Measured:
    """A browser's rows "browser/runtime/file"; `verdicts` and what it says `about` itself where it ran."""

    rows: dict[str, Row]
    verdicts: Verdicts | None = None
    about: dict[str, Any] = field(default_factory=dict)


def measure(
    browser: Engine,
    ask: Ask,
    bundle: Bundle,
    prepared: Sequence[Prepared],
    reference: Callable[[Precision], Probabilities],
    answer: Callable[[Precision], Answer] | None,
    maps: Callable[[Precision], AnswerMaps] | None = None,
    *,
    wanted: Callable[[str], bool],
    slow_images: int,
    on_progress: Callable[[str, int, int], None],
    kin: Callable[[dict[str, Any]], str] | None = None,
) -> Measured:
    """The rows of one browser; skipped where it isn't there, or the page isn't built.

    `reference` has PyTorch's answers on `prepared`'s accepted photos, in order; `answer` is PyTorch itself, if it is there, and `maps`
    the same for heat and feature maps, where they are to be compared.
    `kin` names the engine whose known differences are excused, from what the page says about itself; else it is the browser's name.
    """
    runs: dict[str, PlannedRun] = {}
    for file in bundle.spec.files:
        for runtime in (name for name, opens in browser.RUNTIMES.items() if opens == file.format):
            name = f"{browser.NAME}/{runtime}/{file.key}"
            count = min(slow_images, len(prepared)) if runtime in browser.SLOW_RUNTIMES else len(prepared)
            if count and wanted(name):
                runs[name] = PlannedRun(f"{runtime}/{file.key}", runtime, file.key, count)
    if not runs:
        return Measured({})
    try:
        page = site.app_folder()
    except BundleError as error:  # of this install, not of the bundle: there is no page to run anything in
        return Measured({name: Row("skipped", str(error)) for name in runs})
    steps = len(prepared) + len(runs)
    done = iter(range(1, steps + 1))
    try:
        answers = ask(
            page,
            bundle,
            prepared,
            list(runs.values()),
            on_event=lambda: on_progress(browser.NAME, next(done, steps), steps),
        )
    except UsageError:
        raise
    except RuntimeUnavailable as error:
        return Measured({name: Row("skipped", str(error)) for name in runs})
    except SafelightError as error:
        return Measured({name: Row("fail", str(error)) for name in runs})
    engine = kin(answers.about) if kin else browser.NAME
    judge = _Judge(bundle, prepared, see(engine, prepared, answers, bundle.spec.input), reference, answer, maps)
    rows = {name: judge.row(run, answers.runs.get(run.id)) for name, run in runs.items()}
    rows = {name: _doubted(row, same_as_cpu(runs[name], answers.runs)) for name, row in rows.items()}
    return Measured(rows, _verdicts(prepared, answers), answers.about)


@dataclass(frozen=True)
class _Judge:
    """What every row of a browser is judged by."""

    bundle: Bundle
    prepared: Sequence[Prepared]
    seen: dict[int, Seen]
    reference: Callable[[Precision], Probabilities]
    answer: Callable[[Precision], Answer] | None
    maps: Callable[[Precision], AnswerMaps] | None

    def row(self, run: PlannedRun, found: dict[str, Any] | None) -> Row:
        """A runtime's row from what the page reported of its run."""
        file = self.bundle.file(run.file)
        tolerance = FORMATS[file.format].TOLERANCE[file.precision]
        if found is None:
            return Row("fail", "the page never reported this runtime", tolerance=tolerance)
        if found["status"] != "ok":
            return Row("skipped" if found["status"] == "skipped" else "fail", str(found["reason"]), tolerance=tolerance)
        answered = {int(index): np.array(values, np.float32) for index, values in found["probabilities"].items() if int(index) in self.seen}
        if not answered:
            return Row("fail", "the page answered for no photo", tolerance=tolerance)
        silent = [index for index in self.seen if index < run.photos and index not in answered]
        if silent:
            first = self.prepared[silent[0]].photo.name
            return Row("fail", f"no answer for {len(silent)} photos, the first is {first}", tolerance=tolerance)
        return with_maps(self._measured(run.id, file.precision, tolerance, found, answered), self._maps_off(file, found))

    def _measured(self, run: str, precision: Precision, tolerance: float, found: dict[str, Any], answered: dict[int, Probabilities]) -> Row:
        effects = {index: self._effects(precision)[index] for index in answered}
        # A photo with a known difference is held to PyTorch on the pixels that it became; without PyTorch it can't be judged.
        expected = {
            index: effect.answer if effect and self.seen[index].is_explained else self._reference(precision, index)
            for index, effect in effects.items()
            if effect or not self.seen[index].is_explained
        }
        if not expected:
            return Row("skipped", "every photo becomes other pixels, and PyTorch is not there to be held to", tolerance=tolerance)
        answers = np.array([answered[index] for index in expected])
        measured = compare(np.array(list(expected.values())), answers, tolerance)
        alone = [off(answered[index], effect.answer) for index, effect in effects.items() if effect]
        photos = list(self.seen.values())
        stages = Stages(
            decode_stage(photos, list(effects.values())),
            resize_stage(photos, list(effects.values())),
            Network(max(alone, default=None)),
            Task(measured.flips),
        )
        largest = list(expected)[measured.worst]
        reason = "; ".join(filter(None, (_other_pixels(photos), disagreement(measured, tolerance), changed(found, tolerance))))
        return Row(
            status="fail" if reason else "pass",
            reason=reason + (_shares(effects[largest], answered[largest]) if measured.max_abs_probability > tolerance else ""),
            images=measured.images,
            max_abs_probability=measured.max_abs_probability,
            mean_abs_probability=measured.mean_abs_probability,
            flips=measured.flips,
            near_ties=measured.near_ties,
            median_ms=float(found["median_ms"]),
            tolerance=tolerance,
            worst=self.prepared[largest].photo.name,
            stages=stages,
            blame=blame(self.seen, effects, stages.network, tolerance) if reason else None,
            explained=tuple(self._explained(precision, answered)),
            evidence=worst(self._evidence(run, precision, tolerance, answered, expected)),
        )

    def _maps_off(self, file: ModelFile, found: dict[str, Any]) -> tuple[float, str] | None:
        """How far the maps of the first photo are off at worst, and which: PyTorch is given the page's own pixels."""
        index = found.get("maps_of")
        if self.maps is None or index not in self.seen or self.seen[index].pixels.shape != self.seen[index].one.pixels.shape:
            return None
        return map_difference(self.maps(file.precision)(self.seen[index].pixels), maps_of(found, file))

    def _explained(self, precision: Precision, answered: dict[int, Probabilities]) -> Iterator[Explained]:
        for index, probabilities in answered.items():
            seen = self.seen[index]
            if seen.known and seen.is_explained and seen.decode_max_abs is not None:
                moved = off(probabilities, self._reference(precision, index))
                yield Explained(seen.one.photo.name, seen.known.cause, seen.decode_max_abs, moved)

    def _evidence(
        self, run: str, precision: Precision, tolerance: float, answered: dict[int, Probabilities], expected: dict[int, Probabilities]
    ) -> Iterator[Evidence]:
        """Every photo that became other pixels, or whose answer is off by more than the tolerance."""
        labels = self.bundle.spec.labels
        for index, probabilities in answered.items():
            seen, effect, reference = self.seen[index], self._effects(precision)[index], self._reference(precision, index)
            if seen.is_alike and off(probabilities, expected.get(index, reference)) <= tolerance:
                continue
            yield Evidence(
                run=run,
                file=seen.one.photo.name,
                is_golden=seen.one.photo.is_golden,
                expected=seen.one.pixels,
                came=seen.pixels,
                decode=effect.decode if effect else None,
                resize=effect.resize if effect else None,
                network=off(probabilities, effect.answer) if effect else None,
                off=off(probabilities, reference),
                reference=top(reference, labels),
                answer=top(probabilities, labels),
                cause=seen.known.cause if seen.known and seen.is_explained else "",
            )

    @functools.cached_property
    def _position(self) -> dict[int, int]:
        """A photo's index → its row in the reference, which has the accepted photos only."""
        return {index: row for row, index in enumerate(i for i, one in enumerate(self.prepared) if one.verdict == "ok")}

    def _reference(self, precision: Precision, index: int) -> Probabilities:
        row: Probabilities = self.reference(precision)[self._position[index]]
        return row

    @functools.cached_property
    def _by_precision(self) -> dict[Precision, dict[int, Effect | None]]:
        return {}

    def _effects(self, precision: Precision) -> dict[int, Effect | None]:
        """What decode and resize do to every photo's answer, computed once a precision."""
        if precision not in self._by_precision:
            ask_torch = self.answer(precision) if self.answer else None
            self._by_precision[precision] = {
                index: effect(seen, self._reference(precision, index), ask_torch) for index, seen in self.seen.items()
            }
        return self._by_precision[precision]


def with_maps(row: Row, off: tuple[float, str] | None) -> Row:
    """The row with its maps' largest difference, and the output that has it; a row that was measured fails where that is too far."""
    if off is None or not row.images:
        return row
    wrong = map_disagreement(*off)
    reason = "; ".join(filter(None, (row.reason, wrong)))
    blame = row.blame or ("network" if wrong else None)
    return replace(row, max_rel_map=off[0], reason=reason, status="fail" if wrong else row.status, blame=blame)


def _shares(effect: Effect | None, answered: Probabilities) -> str:
    """Where the difference of the worst photo enters, the largest share first."""
    if effect is None:
        return ""
    network = off(answered, effect.answer)
    before = "resize" if effect.decode is not None else "decode and resize"
    shares = sorted([(effect.decode or 0.0, "decode"), (effect.resize, before), (network, "the network")], reverse=True)
    return ": " + ", ".join(f"{share:.2g} enters at {stage}" for share, stage in shares if share > 0)


def _doubted(row: Row, doubt: str) -> Row:
    """The row with a doubt about it, which is no failure: two classes can be so clear that every runtime says 0 and 1."""
    return replace(row, reason="; ".join(filter(None, (row.reason, doubt)))) if row.images else row


def _other_pixels(photos: Sequence[Seen]) -> str:
    """Which stage makes other pixels, and by how much; "" where every difference has a known cause."""
    wrong = [one for one in photos if not one.is_explained]
    if not wrong:
        return ""
    largest = max(max(one.decode_max_abs or 0, one.resize_max_abs) for one in wrong)
    return f"{len(wrong)} of {len(photos)} photos become other pixels, by up to {largest}/255: {stage_of_pixels(wrong)} is to blame"


def _verdicts(prepared: Sequence[Prepared], answers: Answers) -> Verdicts:
    found = [(one, answers.stages.get(index, {"verdict": "missing"})["verdict"]) for index, one in enumerate(prepared)]
    differ = tuple({"file": one.photo.name, "python": one.verdict, "engine": verdict} for one, verdict in found if verdict != one.verdict)
    return Verdicts(len(found), len(found) - len(differ), differ)
