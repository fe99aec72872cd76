"""One run of a libFuzzer program, Python's or C's: its seeds in a folder, its limits, its figures and what it found."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fuzz.corpus import ROOT

ENDS = {0: "", 70: "hang", 71: "memory"}  # libFuzzer's exit codes; any other one is a crash
HEADING = f"{'target':12} {'executions':>12} {'seconds':>8} {'peak MB':>8}  findings"


@dataclass(frozen=True)
class Limits:
    """What one input may cost."""

    seconds: int = 10
    megabytes: int = 1024  # of the whole process


@dataclass(frozen=True)
class Finding:
    """What ended a target's run early."""

    kind: str  # "crash", "hang" or "memory"
    input: Path | None  # None where the process died without leaving one
    text: str  # the last lines of the process


@dataclass(frozen=True)
class Outcome:
    """A target's run in figures."""

    executions: int
    seconds: int
    peak_mb: int
    finding: Finding | None

    def line(self, name: str) -> str:
        """A line below HEADING."""
        found = self.finding.kind if self.finding else "none"
        return f"{name:12} {self.executions:12,} {self.seconds:8} {self.peak_mb:8}  {found}"


def attack(
    program: Sequence[str | Path], name: str, seeds: Iterable[bytes], seconds: int, out: Path, max_bytes: int, limits: Limits | None = None
) -> Outcome:
    """Fuzz for some seconds, 0 for the seeds alone. What is found is left in `out`, under names that begin with `name`."""
    limits = limits or Limits()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="safelight-corpus-") as corpus:
        for number, seed in enumerate(seeds):
            (Path(corpus) / f"{number:04}").write_bytes(seed)
        options = [
            f"-max_total_time={seconds}" if seconds else "-runs=0",
            f"-timeout={limits.seconds}",
            f"-rss_limit_mb={limits.megabytes}",
            f"-artifact_prefix={out / name}-",
            "-print_final_stats=1",
            "-seed=1",
            f"-max_len={max_bytes}",
        ]
        # A process's peak memory begins with that of its parent, which may be a test run of 2 GB: a shell stands between.
        command = ["sh", "-c", '"$@"; exit $?', "sh", *program, *options, corpus]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    figures = {name: int(value) for name, value in re.findall(r"^stat::(\w+):\s+(\d+)", done.stderr, re.MULTILINE)}
    elapsed = re.search(r"^Done \d+ runs in (\d+) second", done.stderr, re.MULTILINE)
    finding = None
    if done.returncode:
        kept = [path for path in out.glob(f"{name}-*") if "slow-unit" not in path.name]
        path = max(kept, key=lambda path: path.stat().st_mtime, default=None)
        finding = Finding(ENDS.get(done.returncode, "crash"), path, _told(done.stdout, done.stderr))
    return Outcome(figures.get("number_of_executed_units", 0), int(elapsed[1]) if elapsed else 0, figures.get("peak_rss_mb", 0), finding)


def _told(out: str, err: str) -> str:
    """The end of Python's trace, and what libFuzzer and the sanitizers say."""
    said = [line for line in err.splitlines() if line.startswith(("==", "SUMMARY")) or ": runtime error: " in line]
    return "\n".join([*out.splitlines()[-12:], *said])
