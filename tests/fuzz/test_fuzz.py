"""The short run: every target holds on its corpus and on mutations of it, and a planted mistake is found; so does the long run's driver."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from export.diagnose import dump
from fuzz.__main__ import fuzz
from fuzz.corpus import FOUND, ROOT, seeds
from fuzz.libfuzzer import Limits
from fuzz.targets import TARGETS, with_sums
from safelight import exif, flatten, png, spec
from tests.fuzz.mutations import mutated

SLOWEST = 10.0  # seconds for one input
EXAMPLES = 150

needs_atheris = pytest.mark.skipif(
    not sys.platform.startswith("linux") or sys.version_info >= (3, 14), reason="atheris is for Linux, Python below 3.14"
)


def attack(name: str, examples: int) -> None:
    """Mutations of the target's corpus; raises what the target raises, at the smallest input that does it."""

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],  # a finding is printed as it is: shrinking takes minutes
        suppress_health_check=list(HealthCheck),
    )
    @given(mutated(seeds(name)))
    def hold(data: bytes) -> None:
        start = time.perf_counter()
        TARGETS[name](data)
        assert time.perf_counter() - start < SLOWEST

    hold()


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_itself_holds(name: str) -> None:
    assert len(seeds(name)) > 1
    for seed in seeds(name):
        TARGETS[name](seed)


@pytest.mark.parametrize("name", TARGETS)
def test_mutations_hold(name: str) -> None:
    attack(name, EXAMPLES)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_hold(name: str, data: bytes) -> None:
    TARGETS[name](data)


@pytest.mark.parametrize(
    "path", [path for path in sorted(FOUND.rglob("*")) if path.is_file()], ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_what_was_found_stays_mended(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize(
    ("name", "module", "attribute", "wrong"),
    [
        ("walk-png", png, "_HEADER_BYTES", 17),  # a header that ends early is read on
        ("decode", flatten, "over_white", None),  # decode says "corrupt" of any error, of its own mistakes too
        ("walk-jpeg", exif, "_ENTRY_BYTES", 0),
        ("spec", spec, "SpecError", ZeroDivisionError),  # another error than the promised one
        ("dump", dump, "UsageError", ZeroDivisionError),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_planted_mistake_is_found(monkeypatch: pytest.MonkeyPatch, name: str, module: object, attribute: str, wrong: object) -> None:
    monkeypatch.setattr(module, attribute, wrong)
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the mistake leads to
        attack(name, 1000)


def test_sums_are_put_right() -> None:
    whole = seeds("decode-png")[0]
    assert with_sums(whole) == whole
    broken = whole.replace(b"IDAT", b"IDAT\xff", 1)[:-1]
    assert with_sums(bytes([*whole[:-1], 0])) == whole
    assert with_sums(broken)[:33] == whole[:33]


@needs_atheris
@pytest.mark.slow
@pytest.mark.parametrize(("mistake", "kind"), [("crash", "crash"), ("hang", "hang"), ("leak", "memory")])
def test_the_long_run_finds_crashes_hangs_and_memory_and_keeps_the_input(tmp_path: Path, mistake: str, kind: str) -> None:
    target = f"tests.fuzz.planted:{mistake}"
    outcome = fuzz(target, 60, tmp_path, Limits(seconds=2, megabytes=512))
    assert outcome.finding is not None
    assert outcome.finding.kind == kind, outcome.finding.text
    assert outcome.finding.input is not None
    assert outcome.finding.input.parent == tmp_path
    if kind == "crash":
        assert "planted" in outcome.finding.text
        again = subprocess.run(
            [sys.executable, "-m", "fuzz.one", target, outcome.finding.input], cwd=ROOT, capture_output=True, check=False
        )
        assert b"planted" in again.stdout + again.stderr


@needs_atheris
@pytest.mark.slow
def test_the_long_run_says_what_it_did() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fuzz", "walk-png", "--seconds", "2"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    _, line = done.stdout.splitlines()
    name, executions, _, megabytes, found = line.split()
    assert (name, found) == ("walk-png", "none")
    assert int(executions.replace(",", "")) > 100
    assert 0 < int(megabytes) < 1024
