"""A browser's answers → its rows of the report: each runtime of the self-testing page, with its stages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from export.formats import FORMATS
from export.parity.browsers import BROWSERS, Answers, ask
from export.parity.browsers.server import PlannedRun, pixels_of
from export.parity.compare import Answers as Probabilities
from export.parity.compare import compare, disagreement
from export.parity.photos import Prepared
from export.parity.report import Row, Stage, Verdicts
from safelight import site
from safelight.bundle import Bundle
from safelight.errors import RuntimeUnavailable, SafelightError, UsageError
from safelight.spec import Precision


def measure(
    browser_name: str,
    bundle: Bundle,
    prepared: Sequence[Prepared],
    reference: Callable[[Precision], Probabilities],
    *,
    wanted: Callable[[str], bool],
    slow_images: int,
    on_progress: Callable[[str, int, int], None],
) -> tuple[dict[str, Row], Verdicts | None]:
    """The rows "browser/runtime/file" and the verdicts of one browser; skipped rows where it isn't there.

    Raises UsageError for an unknown browser.
    """
    if browser_name not in BROWSERS:
        raise UsageError(f"there is no browser named {browser_name!r}. Known: {', '.join(BROWSERS)}")
    browser = BROWSERS[browser_name]
    runs: dict[str, PlannedRun] = {}
    for file in bundle.spec.files:
        for runtime in (name for name, opens in browser.RUNTIMES.items() if opens == file.format):
            name = f"{browser_name}/{runtime}/{file.key}"
            count = min(slow_images, len(prepared)) if runtime in browser.SLOW_RUNTIMES else len(prepared)
            if count and wanted(name):
                runs[name] = PlannedRun(f"{runtime}/{file.key}", runtime, file.key, count)
    if not runs:
        return {}, None
    steps = len(prepared) + len(runs)
    done = iter(range(1, steps + 1))
    try:
        answers = ask(
            browser,
            site.app_folder(),
            bundle,
            [one.photo for one in prepared],
            list(runs.values()),
            on_event=lambda: on_progress(f"{browser_name}", next(done, steps), steps),
        )
    except RuntimeUnavailable as error:
        return {name: Row("skipped", str(error)) for name in runs}, None
    except SafelightError as error:
        return {name: Row("fail", str(error)) for name in runs}, None
    stages = _stages(prepared, answers)
    accepted = {index for index, stage in answers.stages.items() if stage["verdict"] == "ok"}
    rows = {name: _row(bundle, run, prepared, reference, answers.runs.get(run.id), accepted, stages) for name, run in runs.items()}
    return rows, _verdicts(prepared, answers)


def _row(
    bundle: Bundle,
    run: PlannedRun,
    prepared: Sequence[Prepared],
    reference: Callable[[Precision], Probabilities],
    found: dict[str, Any] | None,
    accepted: set[int],
    stages: dict[str, Stage],
) -> Row:
    file = bundle.file(run.file)
    tolerance = FORMATS[file.format].TOLERANCE[file.precision]
    if found is None:
        return Row("fail", "the page never reported this runtime", tolerance=tolerance)
    if found["status"] != "ok":
        return Row("skipped" if found["status"] == "skipped" else "fail", str(found["reason"]), tolerance=tolerance)
    position = {index: row for row, index in enumerate(i for i, one in enumerate(prepared) if one.verdict == "ok")}
    answered = {int(index): values for index, values in found["probabilities"].items() if int(index) in position}
    if not answered:
        return Row("fail", "the page answered for no photo", tolerance=tolerance)
    silent = [index for index in sorted(accepted & position.keys()) if index < run.photos and index not in answered]
    if silent:
        return Row("fail", f"no answer for {len(silent)} photos, the first is {prepared[silent[0]].photo.name}", tolerance=tolerance)
    expected = reference(file.precision)[[position[index] for index in answered]]
    measured = compare(expected, np.array(list(answered.values()), np.float32), tolerance)
    reason = "; ".join(filter(None, (_other_pixels(stages), disagreement(measured, tolerance), _changed(found, tolerance))))
    return Row(
        status="fail" if reason else "pass",
        reason=reason,
        images=measured.images,
        max_abs_probability=measured.max_abs_probability,
        mean_abs_probability=measured.mean_abs_probability,
        flips=measured.flips,
        near_ties=measured.near_ties,
        median_ms=float(found["median_ms"]),
        tolerance=tolerance,
        worst=prepared[list(answered)[measured.worst]].photo.name,
        stages=stages,
    )


def _changed(found: dict[str, Any], tolerance: float) -> str:
    """A GPU that is right on its first inference can be wrong on the next: the first photos are run again at the end."""
    for index, again in found["again"].items():
        off = float(np.abs(np.array(again) - np.array(found["probabilities"][index])).max())
        if not off <= tolerance:
            return f"the same photo gives another answer the second time, off by {off:.3g}"
    return ""


def _other_pixels(stages: dict[str, Stage]) -> str:
    resize = stages["resize"]
    if resize.identical == resize.files:
        return ""
    blame = "decode" if stages["decode"].identical < stages["decode"].files else "resize"
    other = resize.files - resize.identical
    return f"{other} of {resize.files} photos become other pixels, by up to {resize.max_abs}/255: {blame} is to blame"


def _stages(prepared: Sequence[Prepared], answers: Answers) -> dict[str, Stage]:
    decoded = identical = worst = files = 0
    for index, one in enumerate(prepared):
        stage = answers.stages.get(index, {"verdict": "missing"})
        if one.verdict != "ok" or stage["verdict"] != "ok":
            continue
        files += 1
        decoded += stage["decoded_sha256"] == one.decoded_sha256
        pixels = pixels_of(stage, one.pixels.shape[0])
        same = np.array_equal(pixels, one.pixels)
        identical += same
        if not same:
            worst = max(worst, int(np.abs(pixels.astype(int) - one.pixels).max()) if pixels.shape == one.pixels.shape else 255)
    return {"decode": Stage(files, decoded, 0 if decoded == files else None), "resize": Stage(files, identical, worst)}


def _verdicts(prepared: Sequence[Prepared], answers: Answers) -> Verdicts:
    found = [(one, answers.stages.get(index, {"verdict": "missing"})["verdict"]) for index, one in enumerate(prepared)]
    differ = tuple({"file": one.photo.name, "python": one.verdict, "engine": verdict} for one, verdict in found if verdict != one.verdict)
    return Verdicts(len(found), len(found) - len(differ), differ)
