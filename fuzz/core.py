"""The C core's two targets, spec and image, by libFuzzer under the address and undefined-behaviour sanitizers.

    python -m fuzz.core [--seconds 60] [--out fuzz-findings]

They want clang and CMake; without them the line says "skipped". What is found is kept in the --out folder; mended, it
goes into mobile/core/fuzz/found/TARGET/, as hexadecimal digits.
"""

# ruff: noqa: T201 a run speaks by print

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from fuzz.corpus import GOLDEN, ROOT
from fuzz.libfuzzer import HEADING, Outcome, attack

CORE = ROOT / "mobile" / "core"
TARGETS = ("spec", "image")
MAX_BYTES = {"spec": 20_000, "image": 2_000}
MISSING = "needs clang with libFuzzer, and CMake (on Debian: apt install clang cmake)"


def can_build() -> bool:
    """Whether clang and CMake are there."""
    return shutil.which("clang") is not None and shutil.which("cmake") is not None


def cmake(folder: Path, *options: str, sources: Path = CORE) -> str:
    """Configure with these -D options, compile, and return what was said. Raises CalledProcessError with the compiler's words."""
    steps: tuple[list[str | Path], ...] = (
        ["cmake", "-S", sources, "-B", folder, *(f"-D{option}" for option in options)],
        ["cmake", "--build", folder, "--parallel", "2"],
    )
    said = ""
    for command in steps:
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
        said += done.stdout
    return said


def build(folder: Path, sources: Path = CORE) -> None:
    """Make fuzz-spec and fuzz-image in `folder`."""
    sanitized = ("SAFELIGHT_FUZZ=ON", "SAFELIGHT_SANITIZE=address,undefined", "CMAKE_BUILD_TYPE=RelWithDebInfo")
    cmake(folder, "CMAKE_C_COMPILER=clang", *sanitized, sources=sources)


def seeds(target: str) -> list[bytes]:
    """The golden specs, a plain picture, and what was found before."""
    made = [path.read_bytes() for path in sorted(GOLDEN.glob("*/*.json"))] if target == "spec" else [bytes(range(64))]
    return made + [bytes.fromhex(path.read_text()) for path in sorted((CORE / "fuzz" / "found" / target).glob("*.hex"))]


def fuzz(folder: Path, target: str, seconds: int, out: Path) -> Outcome:
    """Fuzz one target that `build` made in `folder`, for 0 seconds with its seeds alone. What is found is left in `out`."""
    return attack([folder / f"fuzz-{target}"], f"core-{target}", seeds(target), seconds, out, MAX_BYTES[target])


def main() -> int:
    """Run both targets and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.core", description="Fuzz the C core.")
    parser.add_argument("--seconds", type=int, default=60, help="for both together (default 60)")
    parser.add_argument("--out", type=Path, default=Path("fuzz-findings"), help="where findings are kept (default fuzz-findings)")
    given = parser.parse_args()
    if not can_build():
        print(f"{'core':12} skipped: {MISSING}")
        return 0
    print(HEADING, flush=True)
    found = 0
    with tempfile.TemporaryDirectory(prefix="safelight-fuzz-") as folder:
        build(Path(folder))
        for target in TARGETS:
            outcome = fuzz(Path(folder), target, max(1, given.seconds // len(TARGETS)), given.out.resolve())
            print(outcome.line(f"core-{target}"), flush=True)
            if outcome.finding:
                found += 1
                print(outcome.finding.text, flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
