"""The C core under libFuzzer for some seconds, with what the long runs found; and data races looked for by the thread sanitizer."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fuzz.core import CORE, MISSING, TARGETS, build, can_build, fuzz
from safelight.spec import SPEC_NAME
from tests.mobile import core as cores

SECONDS = 4

pytestmark = pytest.mark.slow
needs_clang = pytest.mark.skipif(not can_build(), reason=MISSING)


@pytest.fixture(scope="session")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz")
    build(folder)
    return folder


@needs_clang
@pytest.mark.parametrize("target", TARGETS)
def test_hostile_input_does_no_harm(targets: Path, tmp_path: Path, target: str) -> None:
    outcome = fuzz(targets, target, SECONDS, tmp_path)
    assert not outcome.finding
    assert outcome.executions > 100


@needs_clang
def test_a_mistake_that_was_mended_would_be_found_again(tmp_path: Path) -> None:
    """Turned RGB whose columns lie four bytes apart was read as RGBX: one byte behind the photo."""
    copy = tmp_path / "core"
    shutil.copytree(CORE, copy)
    file, mended = copy / "src" / "orient.c", "view->step_x == 4 && view->format != SAFELIGHT_RGB && !turned"
    assert file.read_text().count(mended) == 1
    file.write_text(file.read_text().replace(mended, "view->step_x == 4 && !turned"))
    build(tmp_path / "build", copy)
    finding = fuzz(tmp_path / "build", "image", 0, tmp_path).finding
    assert finding is not None
    assert "heap-buffer-overflow" in finding.text


def test_threads_share_a_spec_without_a_race(tmp_path: Path) -> None:
    """Four threads, one spec, a resizer each: the same bytes, and nothing for the sanitizer to report."""
    program = cores.build(tmp_path / "build", "SAFELIGHT_SANITIZE=thread", "CMAKE_BUILD_TYPE=Debug") / "safelight-core"
    spec = Path(__file__).resolve().parents[1] / "golden" / "spec" / "valid" / "full.json"
    assert spec.is_file(), SPEC_NAME
    assert cores.run(program, "threads", spec) == "4 threads agree\n"
