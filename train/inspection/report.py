"""An inspection as one HTML page that asks nothing of the network, and as JSON for continuous integration.

The page shows photos: keep it where they may be seen. It is bounded, about 4 MB at most; the JSON lists everything.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from safelight.decode import Limits
from train.data import SPLITS
from train.inspection.inspection import Inspection
from train.inspection.pictures import Pictures, contact_sheet
from train.inspection.quality import CHECKS
from train.inspection.scan import Shot
from train.inspection.steps import steps

VERSION = 1  # of the JSON; raised when a name changes its meaning
MOST_PICTURES = 360  # different photos on the page, about 2 MB
MOST_GROUPS, MOST_IN_GROUP = 40, 8  # of duplicates, for each section
MOST_SUSPECTS, MOST_OF_A_REMARK = 60, 16
MOST_SHEETS = 30  # classes with a contact sheet
MOST_LINES = 200  # of a list without pictures


def write_html(path: Path, found: Inspection, limits: Limits) -> None:
    """Write the page."""
    path.write_text(render(found, limits), encoding="utf-8")


def write_json(path: Path, found: Inspection) -> None:
    """Write every finding as JSON."""
    path.write_text(json.dumps(as_json(found), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def render(found: Inspection, limits: Limits) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=PackageLoader("train.inspection", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = lambda share: f"{100 * share:.1f} %"
    environment.filters["size"] = _size
    environment.filters["code"] = _code
    own: dict[str, list[Shot]] = {label: [] for label in found.listing.classes}
    for shot in found.shots:
        own[shot.found.label].append(shot)
    sheets = [(label, len(shots), contact_sheet(shots, limits)) for label, shots in list(own.items())[:MOST_SHEETS] if shots]
    return environment.get_template("page.html.j2").render(
        found=found,
        steps=steps(found),
        checks=CHECKS,
        picture=Pictures(limits, MOST_PICTURES),
        sheets=sheets,
        splits=[split for split in (*SPLITS, "all") if any(split in row.counts for row in found.classes)],
        largest=max((row.photos for row in found.classes), default=1),
        bytes=sum(shot.bytes for shot in found.shots),
        formats=Counter(shot.format for shot in found.shots).most_common(),
        modes=Counter(shot.mode for shot in found.shots).most_common(),
        reasons=Counter(item.reason for item in found.broken).most_common(),
        most={"groups": MOST_GROUPS, "in_group": MOST_IN_GROUP, "suspects": MOST_SUSPECTS, "remark": MOST_OF_A_REMARK, "lines": MOST_LINES},
    )


def as_json(found: Inspection) -> dict[str, Any]:
    """Every finding; photos by their names relative to the folder."""
    return {
        "format": "safelight-inspection",
        "version": VERSION,
        "passed": found.passed,
        "photos": len(found.shots),
        "bytes": sum(shot.bytes for shot in found.shots),
        "seconds": round(found.seconds, 2),
        "refusal": found.listing.refusal,
        "classes": {
            row.label: {"photos": row.counts, "broken": row.broken, "median_size": [row.width, row.height], "formats": row.formats}
            for row in found.classes
        },
        "steps": [{"count": step.count, "finding": step.finding, "advice": step.advice, "grave": step.is_grave} for step in steps(found)],
        "broken": [{"photo": item.found.name, "reason": item.reason, "message": item.message} for item in found.broken],
        "skipped": [{"name": item.name, "reason": item.reason, "message": item.message} for item in found.listing.skipped],
        "duplicates": [
            {"kind": group.kind, "leak": group.is_leak, "conflict": group.is_conflict, "photos": [shot.found.name for shot in group.shots]}
            for group in found.groups
        ],
        "labels": {
            "not_asked": found.no_labels,
            "suspects": [
                {"photo": one.shot.found.name, "label": one.shot.found.label, "given": one.given, "answer": one.answer, "sure": one.sure}
                for one in found.suspects
            ],
        },
        "quality": {
            remark.check: [{"photo": shot.found.name, "figure": CHECKS[remark.check].figure(shot)} for shot in remark.shots]
            for remark in found.remarks
        },
        "shortcuts": [
            {"trait": one.trait, "accuracy": one.accuracy, "chance": one.chance, "values": one.values} for one in found.shortcuts
        ],
    }


def _code(text: str) -> Markup:
    """`text` with what stands between backticks as code."""
    return Markup("").join(Markup("<code>{}</code>").format(part) if odd % 2 else escape(part) for odd, part in enumerate(text.split("`")))


def _size(count: int) -> str:
    """Bytes as people read them."""
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
