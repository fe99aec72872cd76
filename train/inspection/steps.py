"""What to do next, most urgent first: the same sentences in the terminal, on the page and in the JSON."""

from __future__ import annotations

from dataclasses import dataclass

from train.inspection.inspection import IMBALANCE, Inspection
from train.inspection.quality import CHECKS


@dataclass(frozen=True)
class Step:
    """One thing that was found, and what to do about it."""

    anchor: str  # of the page's section
    count: int
    finding: str
    advice: str
    is_grave: bool  # `--strict` fails on it


def steps(found: Inspection) -> list[Step]:
    """Everything worth a line, most urgent first; empty: nothing was found."""
    rows: list[Step] = []

    def add(anchor: str, count: int, finding: str, advice: str, *, is_grave: bool = False) -> None:
        """`finding` is "singular|plural"."""
        if count:
            rows.append(Step(anchor, count, finding.split("|")[-1 if count > 1 else 0], advice, is_grave))

    if found.listing.refusal:
        rows.append(Step("folders", 1, "`safelight train` would refuse this folder", found.listing.refusal, True))
    add(
        "leaks",
        len(found.leaks),
        "picture in more than one split|pictures in more than one split",
        "Remove them from train, or test figures will flatter.",
        is_grave=True,
    )
    exact = sum(group.kind == "exact" for group in found.conflicts)
    add(
        "conflicts",
        exact,
        "photo, byte for byte, in two classes|photos, byte for byte, in two classes",
        "One label is wrong: decide which.",
        is_grave=True,
    )
    add(
        "conflicts",
        len(found.conflicts) - exact,
        "picture that looks the same in two classes|pictures that look the same in two classes",
        "Decide what they show.",
    )
    add("broken", len(found.broken), "broken file|broken files", "Copy them again, or remove them: training skips them.", is_grave=True)
    add(
        "labels",
        len(found.suspects),
        "label that is probably wrong|labels that are probably wrong",
        "Look at them: `safelight clean` shows one after the other.",
    )
    add(
        "skipped",
        len(found.listing.skipped),
        "file or folder passed over|files and folders passed over",
        "Save photos as JPEG, PNG or WebP.",
    )
    spare = sum(len(group.spare) for group in found.copies)
    add("copies", spare, "spare copy within a class|spare copies within a class", "Harmless, but they count twice.")
    for remark in found.remarks:
        check = CHECKS[remark.check]
        add(
            remark.check,
            len(remark.shots),
            f"photo: {check.title.lower()}|photos: {check.title.lower()}",
            check.advice.split(". ")[0].rstrip(".") + ".",
        )
    for shortcut in found.shortcuts:
        advice = (
            f"It alone is right {shortcut.accuracy:.0%} of the time, chance is {shortcut.chance:.0%}: a network may learn that instead."
        )
        rows.append(Step("shortcuts", 1, f"shortcut: the {shortcut.trait} gives the class away", advice, False))
    if found.imbalance >= IMBALANCE:
        rows.append(
            Step(
                "classes",
                1,
                f"the largest class has {found.imbalance:.1f} times the photos of the smallest",
                "Safelight weighs classes equally; more photos of the small one help more.",
                False,
            )
        )
    return rows
