"""The report in plain words: one sentence an engine that says whether its answers differ, and at which stage that enters."""

from __future__ import annotations

from dataclasses import dataclass

from export.parity.evidence import Evidence, worst
from export.parity.report import Explained, ParityReport, Row, Status, explained

PYTHON = "python"  # the runtimes that are given the reference's own pixels
TITLES = {PYTHON: "Python", "chromium": "Chromium", "firefox": "Firefox", "webkit": "WebKit"}
HINT = "Dump what the app feeds to its network, and `safelight diagnose` can name the mistake."
NAMED = 3  # runtimes in a sentence; the table has all of them


@dataclass(frozen=True)
class Summary:
    """An engine: its sentence, the row that shows it best, and its photos to look at."""

    engine: str
    title: str
    status: Status
    sentence: str
    name: str
    row: Row
    evidence: tuple[Evidence, ...]


def summaries(report: ParityReport) -> list[Summary]:
    """Every engine of the report, in its order; rows "runtime/file" are Python's."""
    engines: dict[str, dict[str, Row]] = {}
    for name, row in report.runtimes.items():
        engine, _, run = name.partition("/") if name.count("/") == 2 else (PYTHON, "", name)
        engines.setdefault(engine, {})[run] = row
    return [_summary(engine, rows) for engine, rows in engines.items()]


def hint(report: ParityReport) -> str:
    """What to do about a failure that has a stage to blame; "" where there is none."""
    return HINT if any(row.blame for row in report.runtimes.values()) else ""


def headline(report: ParityReport) -> list[str]:
    """The answer to "is the model worse on the device?", a sentence or one for each engine that fails."""
    measured = [row for row in report.runtimes.values() if row.status == "pass"]
    if report.passed:
        largest = max(row.max_abs_probability for row in measured)
        off = f"no probability is off by more than {largest:.1e}"
        devices = [one.title for one in summaries(report) if one.status == "pass" and one.engine != PYTHON]
        if not devices:
            return [f"Python's runtimes give PyTorch's answers: {off}. No browser and no phone was measured."]
        return [f"The model is not worse in {_listed(devices)}: from the photos' bytes on, {off} from PyTorch's.", *_excused(report)]
    failed = [one.sentence for one in summaries(report) if one.status == "fail"]
    if report.problems:
        failed.append("The bundle itself is not what it says: see below." if not failed else "The bundle has faults of its own, too.")
    return failed or ["Nothing was measured, so nothing is proven."]


def _excused(report: ParityReport) -> list[str]:
    """A sentence for each engine with known differences."""
    known: dict[str, list[Explained]] = {}
    for engine, one in explained(report):
        known.setdefault(engine, []).append(one)
    return [
        f"Excepted: {len(found)} photo{'s' if len(found) > 1 else ''} in {TITLES.get(engine, engine)}, where a probability moves by up to "
        f"{max(one.max_abs_probability for one in found):.1e} for a known cause ({'; '.join(sorted({one.cause for one in found}))})."
        for engine, found in known.items()
    ]


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def bars(row: Row) -> list[tuple[str, float | None, str]]:
    """(stage, what enters there as a difference of a probability, what became of the pixels) of a measured row."""
    if row.stages is None:
        return [("network", row.max_abs_probability, "")]  # it was given the reference's own pixels
    found: list[tuple[str, float | None, str]] = []
    for name, stage in (("decode", row.stages.decode), ("resize", row.stages.resize)):
        by = "" if stage.identical == stage.files else f", up to {stage.max_abs}/255" if stage.max_abs else ", others differ"
        found.append((name, stage.max_abs_probability, f"{stage.identical} of {stage.files} identical{by}"))
    return [*found, ("network", row.stages.network.max_abs_probability, "")]


def _summary(engine: str, rows: dict[str, Row]) -> Summary:
    title = TITLES.get(engine, f"the {engine}")
    name = max(rows, key=lambda run: _weight(rows[run]))
    row = rows[name]
    if row.status == "fail":
        sentence = _failed(title, name, rows)
    elif row.status == "skipped":
        sentence = f"{title} was not measured: {row.reason.rstrip('.')}."
    else:
        sentence = _agrees(title, rows)
    return Summary(
        engine,
        title,
        row.status,
        sentence[0].upper() + sentence[1:],
        name,
        row,
        worst(one for each in rows.values() for one in each.evidence),
    )


def _weight(row: Row) -> tuple[bool, bool, float]:
    """Failures first, then what was measured, then what is furthest off."""
    return row.status == "fail", row.images > 0, row.max_abs_probability / row.tolerance if row.tolerance else 0.0


def _failed(title: str, name: str, rows: dict[str, Row]) -> str:
    row, failing = rows[name], [run for run, row in rows.items() if row.status == "fail"]
    where = ", ".join(failing[:NAMED]) + (f" and {len(failing) - NAMED} more" if len(failing) > NAMED else "")
    if not row.images or row.blame is None:
        return f"{title} fails in {where}: {row.reason.rstrip('.')}."
    shares = {stage: value for stage, value, _ in bars(row)}
    share = shares[row.blame]
    entering = ", ".join(_share(stage, shares[stage], row.tolerance) for stage in sorted(shares, key=lambda stage: -(shares[stage] or 0.0)))
    if row.blame == "network":
        if share is None or share <= row.tolerance:  # a label, or another answer the second time
            return f"{title} fails at the network in {where}: {row.reason.rstrip('.')}."
        return f"{title}'s answers differ because the network computes otherwise in {where}: {entering}."
    if share is None and shares["resize"] is None:
        return f"{title}'s {row.blame} makes other pixels. Without PyTorch it can't be said how far they move its answers."
    if (row.max_abs_probability if share is None else share) <= row.tolerance:
        return f"{title}'s {row.blame} makes other pixels, even if they move no answer beyond the tolerance: {entering}."
    return f"{title}'s answers differ because its {row.blame} makes other pixels: {entering}."


def _share(stage: str, value: float | None, tolerance: float) -> str:
    at = "at the network" if stage == "network" else f"at {stage}"
    if value is None:
        return f"an unknown share {at}"
    if value == 0:
        return f"nothing {at}"
    if value <= tolerance:
        return f"{value:.1e} {at} (within the tolerance)"
    return f"{value:.2g} of a probability enters {at}"


def _agrees(title: str, rows: dict[str, Row]) -> str:
    passing = [row for row in rows.values() if row.status == "pass"]
    largest = max(row.max_abs_probability for row in passing)
    skipped = f" {len(rows) - len(passing)} of its {len(rows)} runtimes were skipped." if len(passing) < len(rows) else ""
    maps = max((row.max_rel_map for row in passing if row.max_rel_map is not None), default=None)
    shown = "" if maps is None else f" Heat map and feature maps are off by at most {maps:.1e} of their largest value."
    stages = passing[0].stages
    if stages is None:
        given = f"{title}'s runtimes give PyTorch's answers: on the same pixels no probability is off by more than {largest:.1e}."
        return given + shown + skipped
    files = stages.decode.files
    same = min(stages.decode.identical, stages.resize.identical)
    pixels = f"all {files} photos are" if same == files else f"{same} of {files} photos are"
    others = "" if same == files else " (the others differ for a known cause)"
    return (
        f"{title} gives PyTorch's answers: {pixels} identical to the last pixel through decode and resize{others}, and at the network "
        f"no probability is off by more than {largest:.1e}.{shown}{skipped}"
    )
