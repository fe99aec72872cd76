"""The long run: every target in a process of its own, a line each. Exit code 1 where something was found.

    python -m fuzz [TARGET …] [--seconds 600] [--out fuzz-findings]

An input that crashes, takes longer than 10 s or more than 1 GB is kept in the --out folder, with the command to repeat it.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fuzz.corpus import MAX_SEED_BYTES, ROOT, seeds
from fuzz.targets import TARGETS

ENDS = {0: "", 70: "hang", 71: "memory"}  # libFuzzer's exit codes; any other one is a crash
SHARES = {"decode": 3.0, "decode-png": 2.0}  # of the time; the others get 1


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


def fuzz(target: str, seconds: int, out: Path, limits: Limits | None = None) -> Outcome:
    """Fuzz one target from its seeds. What is found is left in `out`."""
    limits = limits or Limits()
    out.mkdir(parents=True, exist_ok=True)
    prefix = f"{target.replace(':', '-')}-"
    with tempfile.TemporaryDirectory(prefix="safelight-corpus-") as corpus:
        for number, seed in enumerate(seeds(target)):
            (Path(corpus) / f"{number:04}").write_bytes(seed)
        options = [
            f"-max_total_time={seconds}",
            f"-timeout={limits.seconds}",
            f"-rss_limit_mb={limits.megabytes}",
            f"-artifact_prefix={out / prefix}",
            "-print_final_stats=1",
            "-seed=1",
            f"-max_len={MAX_SEED_BYTES}",
        ]
        # A process's peak memory begins with that of its parent, which may be a test run of 2 GB: a shell stands between.
        command = ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-m", "fuzz.one", target, *options, corpus]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    figures = {name: int(value) for name, value in re.findall(r"^stat::(\w+):\s+(\d+)", done.stderr, re.MULTILINE)}
    elapsed = re.search(r"^Done \d+ runs in (\d+) second", done.stderr, re.MULTILINE)
    finding = None
    if done.returncode:
        kept = [path for path in out.glob(f"{prefix}*") if "slow-unit" not in path.name]
        path = max(kept, key=lambda path: path.stat().st_mtime, default=None)
        finding = Finding(ENDS.get(done.returncode, "crash"), path, _told(done.stdout, done.stderr))
    return Outcome(figures.get("number_of_executed_units", 0), int(elapsed[1]) if elapsed else 0, figures.get("peak_rss_mb", 0), finding)


def _told(out: str, err: str) -> str:
    """The end of Python's trace, and what libFuzzer says."""
    said = [line for line in err.splitlines() if line.startswith(("==", "SUMMARY"))]
    return "\n".join([*out.splitlines()[-12:], *said])


def main() -> int:
    """Run the targets and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Fuzz what reads somebody else's bytes.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"{', '.join(TARGETS)}, or module:function; default: all")
    parser.add_argument("--seconds", type=int, default=600, help="for all targets together (default 600)")
    parser.add_argument("--out", type=Path, default=Path("fuzz-findings"), help="where findings are kept (default fuzz-findings)")
    given = parser.parse_args()
    names = given.targets or list(TARGETS)
    whole = sum(SHARES.get(name, 1.0) for name in names)
    print(f"{'target':12} {'executions':>12} {'seconds':>8} {'peak MB':>8}  findings", flush=True)
    found = 0
    for name in names:
        seconds = max(1, round(given.seconds * SHARES.get(name, 1.0) / whole))
        outcome = fuzz(name, seconds, given.out.resolve())
        finding = outcome.finding
        print(
            f"{name:12} {outcome.executions:12,} {outcome.seconds:8} {outcome.peak_mb:8}  {finding.kind if finding else 'none'}", flush=True
        )
        if finding:
            found += 1
            print(finding.text)
            if finding.input:
                print(f"repeat it: {Path(sys.executable).name} -m fuzz.one {name} {finding.input}", flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
