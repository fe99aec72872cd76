"""What a parity run found: one row a runtime. Here as JSON and JUnit; in page.py as HTML, in the command line as text."""

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from export.parity.evidence import Evidence

Status = Literal["pass", "fail", "skipped"]
StageName = Literal["decode", "resize", "network"]


@dataclass(frozen=True)
class Stage:
    """A stage before the network, against the reference: how many photos came out identical."""

    files: int
    identical: int
    max_abs: int | None  # of 255; None where only checksums were compared and they differ
    max_abs_probability: float | None = None  # what the stage alone moves PyTorch's answers by; None where not measured


@dataclass(frozen=True)
class Network:
    """The network alone: the runtime against PyTorch on the same pixels, the runtime's own."""

    max_abs_probability: float | None  # None where no pixels were alike and PyTorch is not there


@dataclass(frozen=True)
class Task:
    """The label: how many differ where the reference is no near tie."""

    flips: int


@dataclass(frozen=True)
class Stages:
    """A row's four stages, where the runtime has a decoder of its own."""

    decode: Stage
    resize: Stage
    network: Network
    task: Task


@dataclass(frozen=True)
class Explained:
    """A photo that becomes other pixels for a known cause; its network was held to PyTorch on these pixels."""

    file: str
    cause: str
    max_abs: int  # of 255, after decode
    max_abs_probability: float  # from the bytes to the probability, cause included


@dataclass(frozen=True)
class Verdicts:
    """Which photos an engine accepts, against Python. `differ` holds {"file", "python", "engine"}."""

    files: int
    agree: int
    differ: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True)
class Row:
    """One runtime executing one file of the bundle."""

    status: Status
    reason: str = ""
    images: int = 0
    max_abs_probability: float = 0.0
    mean_abs_probability: float = 0.0
    flips: int = 0
    near_ties: int = 0
    median_ms: float = 0.0  # one photo through the network, without decode and resize
    tolerance: float = 0.0
    max_rel_map: float | None = None  # of a heat map or feature map, as a share of its largest value; None where not compared
    worst: str = ""  # the name of the photo with the largest difference
    stages: Stages | None = None
    blame: StageName | None = None  # where most of a failure enters; None where nothing failed or nothing was measured
    explained: tuple[Explained, ...] = ()
    evidence: tuple[Evidence, ...] = ()  # for people: it is in the HTML page and nowhere else


@dataclass(frozen=True)
class ParityReport:
    """The whole run. `runtimes` is keyed "runtime/file", in a browser "browser/runtime/file"."""

    bundle: str
    photos: int
    refused: dict[str, str]  # photo → reason code, the same in every runtime or the run fails
    runtimes: dict[str, Row]
    verdicts: dict[str, Verdicts] = field(default_factory=dict)  # browser → verdicts
    versions: dict[str, str] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)  # "phone" → what its browser says of itself
    problems: tuple[str, ...] = ()  # failures of the bundle itself or of --require

    @property
    def passed(self) -> bool:
        """True if at least one runtime passed, none failed and nothing required is missing."""
        statuses = [row.status for row in self.runtimes.values()]
        return "pass" in statuses and "fail" not in statuses and not self.problems


def as_json(report: ParityReport) -> str:
    """The report as JSON; the keys are stable, what is no number is null, and there are no pictures in it."""
    without = replace(report, runtimes={name: replace(row, evidence=()) for name, row in report.runtimes.items()})
    content = {"passed": report.passed, **asdict(without)}
    for row in content["runtimes"].values():
        row["stages"] = row["stages"] or {}
        del row["evidence"]
    return json.dumps(_finite(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    """JSON has neither NaN nor infinity."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_junit(report: ParityReport) -> str:
    """The report as JUnit XML, one test case a runtime, for CI servers."""
    rows = report.runtimes
    failures = sum(row.status == "fail" for row in rows.values()) + len(report.problems)
    suite = ET.Element(
        "testsuite",
        name=f"safelight verify {report.bundle}",
        tests=str(len(rows) + len(report.problems)),
        failures=str(failures),
        skipped=str(sum(row.status == "skipped" for row in rows.values())),
    )
    if report.devices:
        properties = ET.SubElement(suite, "properties")
        for name, device in report.devices.items():
            ET.SubElement(properties, "property", name=f"device.{name}", value=device)
    for name, row in rows.items():
        case = ET.SubElement(suite, "testcase", classname="parity", name=name, time=f"{row.median_ms * row.images / 1000:.3f}")
        if row.status == "fail":
            ET.SubElement(case, "failure", message=row.reason).text = f"worst photo: {row.worst}"
        elif row.status == "skipped":
            ET.SubElement(case, "skipped", message=row.reason)
    for problem in report.problems:
        ET.SubElement(ET.SubElement(suite, "testcase", classname="bundle", name="contract"), "failure", message=problem)
    ET.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"


def explained(report: ParityReport) -> list[tuple[str, Explained]]:
    """Every photo with a known difference once an engine, with its largest effect on a probability."""
    found: dict[tuple[str, str], Explained] = {}
    for name, row in report.runtimes.items():
        for one in row.explained:
            key = (name.partition("/")[0], one.file)
            found[key] = max(found.get(key, one), one, key=lambda each: each.max_abs_probability)
    return [(engine, one) for (engine, _), one in found.items()]


def shows_own_photos(report: ParityReport) -> bool:
    """Whether the HTML page has pictures of photos that don't travel with the bundle."""
    return any(not one.is_golden for row in report.runtimes.values() for one in row.evidence)


def write(report: ParityReport, *, json_path: Path | None = None, junit_path: Path | None = None, html_path: Path | None = None) -> None:
    """Write the report in the forms that were asked for."""
    from export.parity.page import as_html

    for path, render in ((json_path, as_json), (junit_path, as_junit), (html_path, as_html)):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(render(report), encoding="utf-8")
