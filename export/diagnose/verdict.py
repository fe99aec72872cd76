"""A dump → what is wrong with it: the search's findings, judged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from export.diagnose.dump import Dump, read_tensor
from export.diagnose.ranges import OTHER_RANGE
from export.diagnose.search import EXPLAINED, IDENTICAL, Finding, search
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
    findings: tuple[Finding, ...]
    same: tuple[Finding, ...]  # as good as findings[0] with as many mistakes: this photo can't tell them apart

    @property
    def sentence(self) -> str:
        """The verdict as one sentence."""
        best = self.findings[0]
        if self.verdict == "agrees":
            return "The tensor is identical to the contract."
        if self.verdict == "close":
            return f"The tensor is the contract's within {best.max_abs:.1f}/255: another decoder or another arithmetic, no known mistake."
        if self.verdict == "named":
            others = f" This photo can't tell it from {', '.join(one.name for one in self.same)}." if self.same else ""
            return f"{best.name}: {' '.join(mistake.sentence for mistake in best.mistakes)}{others}"
        if not self.dump.elements.any():
            return "Unknown: every value is 0. Was it dumped before it was filled?"
        return f"Unknown: the nearest, {best.name}, leaves {best.share_left:.0%} unexplained. Is it a tensor of this photo?"


def diagnose_tensor(photo: Path, dump: Path, spec: InputSpec) -> Diagnosis:
    """Judge a dumped tensor of `photo`. Raises PhotoError for the photo, UsageError for the dump."""
    return judge(read(photo), read_tensor(dump, spec.size), spec)


def judge(data: bytes, dump: Dump, spec: InputSpec) -> Diagnosis:
    """The same for bytes and a dump that were read already."""
    findings = search(data, spec, dump)
    best = findings[0]
    same = tuple(
        one
        for one in findings[1:]
        if len(one.mistakes) == len(best.mistakes) and abs(one.rms - best.rms) < 1e-6 and OTHER_RANGE not in one.mistakes
    )
    return Diagnosis(_verdict(best), dump, findings, same)


def _verdict(best: Finding) -> Verdict:
    if not best.mistakes and best.max_abs <= IDENTICAL:
        return "agrees"
    if best.rms > EXPLAINED:
        return "unknown"
    return "named" if best.mistakes else "close"
