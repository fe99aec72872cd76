"""A dump → what is wrong with it: the search's findings, judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from export.diagnose.dump import Dump, read_tensor
from export.diagnose.mistake import Platform
from export.diagnose.ranges import OTHER_RANGE
from export.diagnose.search import EXPLAINED, IDENTICAL, SHARE_LEFT, Finding, search
from export.diagnose.squares import Squares
from safelight.decode import read
from safelight.spec import InputSpec

Verdict = Literal["agrees", "close", "named", "unknown"]


@dataclass(frozen=True)
class Diagnosis:
    """The verdict on one tensor and the evidence, best first.

    agrees   the contract's own tensor
    close    the contract's within EXPLAINED, and no known mistake comes closer: another decoder or arithmetic
    named    `findings[0]` explains it
    unknown  nothing explains it; `findings` are the nearest
    """

    verdict: Verdict
    dump: Dump
    spec: InputSpec
    findings: tuple[Finding, ...]
    same: tuple[Finding, ...]  # as good as findings[0] with as many mistakes: this photo can't tell them apart

    @property
    def explained(self) -> float:
        """The share of the dump's variance that `findings[0]` explains, 0..1."""
        return 1 - self.findings[0].share_left

    @property
    def fixes(self) -> dict[str, Mapping[Platform, str]]:
        """Mistake → platform → one line, of what is named; {} where nothing is."""
        named = self.findings[0].mistakes if self.verdict == "named" else ()
        return {mistake.name: mistake.fixes_under(self.spec) for mistake in named}

    @property
    def sentence(self) -> str:
        """The verdict as one sentence."""
        best = self.findings[0]
        if self.verdict == "agrees":
            return "The tensor is identical to the contract's."
        if self.verdict == "close":
            return (
                f"The tensor is the contract's but for differences of at most {best.max_abs:.1f}/255: "
                "another decoder or another arithmetic, no known mistake."
            )
        if self.verdict == "named":
            others = f" On this photo {', '.join(one.name for one in self.same)} would give the same tensor." if self.same else ""
            empty = "" if self.dump.elements.any() else " Or was the tensor dumped before it was filled? Every value is 0."
            return f"{best.name}: {' '.join(mistake.sentence for mistake in best.mistakes)}{others}{empty}"
        if not self.dump.elements.any():
            return "Unknown: every value is 0. Was the tensor dumped before it was filled?"
        if np.ptp(self.dump.elements) == 0:
            return f"Unknown: every value is {self.dump.elements[0]:.6g}. Was the tensor dumped before it was filled?"
        if self.explained < 0.5:
            return f"Unknown: nothing explains even half of this tensor ({best.name}: {self.explained:.0%}). Is it a tensor of this photo?"
        return (
            f"Unknown: the nearest, {best.name}, explains {self.explained:.0%} and leaves {best.rms:.1f}/255. "
            "More than one thing may be wrong: mend this one and dump again."
        )


def diagnose_tensor(photo: Path, dump: Path, spec: InputSpec) -> Diagnosis:
    """Judge a dumped tensor of `photo`. Raises PhotoError for the photo, UsageError for the dump."""
    squares, plain = Squares(read(photo), spec), read_tensor(dump, spec.size)
    return min((judge(squares, reading) for reading in (plain, *plain.others)), key=lambda one: one.findings[0].rms)


def judge(squares: Squares, dump: Dump) -> Diagnosis:
    """The same for a photo and a dump that were read already."""
    findings = search(squares, dump)
    best = findings[0]
    same = tuple(
        one
        for one in findings[1:]
        if len(one.mistakes) == len(best.mistakes) and abs(one.rms - best.rms) < 1e-6 and OTHER_RANGE not in one.mistakes
    )
    return Diagnosis(_verdict(best), dump, squares.spec, findings, same)


def _verdict(best: Finding) -> Verdict:
    if not best.mistakes and best.max_abs <= IDENTICAL:
        return "agrees"
    if best.rms > EXPLAINED or (best.share_left > SHARE_LEFT and best.rms > IDENTICAL):
        return "unknown"
    return "named" if best.mistakes else "close"
