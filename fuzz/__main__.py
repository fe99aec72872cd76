"""The long run: every target in a process of its own, a line each. Exit code 1 where something was found.

    python -m fuzz [TARGET …] [--seconds 600] [--out fuzz-findings]

An input that crashes, takes longer than 10 s or more than 1 GB is kept in the --out folder, with the command to repeat it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fuzz.corpus import MAX_SEED_BYTES, seeds
from fuzz.libfuzzer import HEADING, Limits, Outcome, attack
from fuzz.targets import TARGETS

SHARES = {"decode": 3.0, "decode-png": 2.0}  # of the time; the others get 1


def fuzz(target: str, seconds: int, out: Path, limits: Limits | None = None) -> Outcome:
    """Fuzz one target from its seeds. What is found is left in `out`."""
    program = [sys.executable, "-m", "fuzz.one", target]
    return attack(program, target.replace(":", "-"), seeds(target), seconds, out, MAX_SEED_BYTES, limits)


def main() -> int:
    """Run the targets and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Fuzz what reads somebody else's bytes.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"{', '.join(TARGETS)}, or module:function; default: all")
    parser.add_argument("--seconds", type=int, default=600, help="for all targets together (default 600)")
    parser.add_argument("--out", type=Path, default=Path("fuzz-findings"), help="where findings are kept (default fuzz-findings)")
    given = parser.parse_args()
    names = given.targets or list(TARGETS)
    whole = sum(SHARES.get(name, 1.0) for name in names)
    print(HEADING, flush=True)
    found = 0
    for name in names:
        seconds = max(1, round(given.seconds * SHARES.get(name, 1.0) / whole))
        outcome = fuzz(name, seconds, given.out.resolve())
        finding = outcome.finding
        print(outcome.line(name), flush=True)
        if finding:
            found += 1
            print(finding.text)
            if finding.input:
                print(f"repeat it: {Path(sys.executable).name} -m fuzz.one {name} {finding.input}", flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
