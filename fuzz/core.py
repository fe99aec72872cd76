"""The C core's two targets, spec and image, by libFuzzer under the address and undefined-behaviour sanitizers.

    python -m fuzz.core [--seconds 60] [--out fuzz-findings]

They want clang and CMake; without them the line says "skipped". What is found is kept in the --out folder; mended, it
goes into mobile/core/fuzz/found/TARGET/, as hexadecimal digits.
"""

# ruff: noqa: T201 a run speaks by print

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from fuzz.corpus import GOLDEN, ROOT

CORE = ROOT / "mobile" / "core"
TARGETS = ("spec", "image")
MAX_BYTES = {"spec": 20_000, "image": 2_000}
MISSING = "needs clang with libFuzzer, and CMake (on Debian: apt install clang cmake)"


def can_build() -> bool:
    """Whether clang and CMake are there."""
    return shutil.which("clang") is not None and shutil.which("cmake") is not None


def build(folder: Path, sources: Path = CORE) -> None:
    """Make fuzz-spec and fuzz-image in `folder`. Raises CalledProcessError with the compiler's words."""
    options = [
        "-DCMAKE_C_COMPILER=clang",
        "-DSAFELIGHT_FUZZ=ON",
        "-DSAFELIGHT_SANITIZE=address,undefined",
        "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
    ]
    steps: tuple[list[str | Path], ...] = (
        ["cmake", "-S", sources, "-B", folder, *options],
        ["cmake", "--build", folder, "--parallel", "2"],
    )
    for command in steps:
        subprocess.run(command, check=True, capture_output=True, text=True)


def seeds(target: str) -> list[bytes]:
    """The golden specs, a plain picture, and what was found before."""
    made = [path.read_bytes() for path in sorted(GOLDEN.glob("*/*.json"))] if target == "spec" else [bytes(range(64))]
    return made + [bytes.fromhex(path.read_text()) for path in sorted((CORE / "fuzz" / "found" / target).glob("*.hex"))]


def attack(program: Path, target: str, seconds: int, out: Path) -> tuple[int, str]:
    """Fuzz for some seconds, 0 for the seeds alone: how many executions, and what was found, "" for nothing."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="safelight-corpus-") as corpus:
        files = []
        for number, seed in enumerate(seeds(target)):
            files.append(Path(corpus) / f"{number:04}")
            files[-1].write_bytes(seed)
        limits = ["-timeout=10", "-rss_limit_mb=4096", f"-max_len={MAX_BYTES[target]}", "-seed=1", "-print_final_stats=1"]
        work = [f"-max_total_time={seconds}", corpus] if seconds else [str(file) for file in files]
        done = subprocess.run(
            [program, *limits, f"-artifact_prefix={out}/core-{target}-", *work],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    executions = re.search(r"number_of_executed_units:\s+(\d+)", done.stderr)
    count = int(executions[1]) if executions else 0
    return (count if seconds else len(files)), done.stderr[-3000:] if done.returncode else ""


def main() -> int:
    """Run both targets and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.core", description="Fuzz the C core.")
    parser.add_argument("--seconds", type=int, default=60, help="for both together (default 60)")
    parser.add_argument("--out", type=Path, default=Path("fuzz-findings"), help="where findings are kept (default fuzz-findings)")
    given = parser.parse_args()
    if not can_build():
        print(f"{'core':12} skipped: {MISSING}")
        return 0
    found = 0
    with tempfile.TemporaryDirectory(prefix="safelight-fuzz-") as folder:
        build(Path(folder))
        for target in TARGETS:
            executions, finding = attack(
                Path(folder) / f"fuzz-{target}", target, max(1, given.seconds // len(TARGETS)), given.out.resolve()
            )
            print(f"{'core-' + target:12} {executions:12,} executions  {finding or 'none'}", flush=True)
            found += bool(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
