"""Node, the web app's packages and its build: what is missing skips the tests that need it, with the reason."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from export.parity.browsers import chromium
from safelight import site as sites
from tests.webapp.served import photos, site, url

__all__ = ["photos", "site", "url"]
HERE = Path(__file__).resolve().parent
WEBAPP = HERE.parents[1] / "webapp"
CONTRACT = WEBAPP / "src" / "contract"

Node = Callable[[str, dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="session")
def packages() -> str:
    """Node's program, where the web app's packages are there too."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("needs Node: no node on the PATH")
    if not (WEBAPP / "node_modules" / "vite").is_dir():
        pytest.skip("needs the web app's packages: npm --prefix webapp ci")
    return program


@pytest.fixture(scope="session")
def node(packages: str, tmp_path_factory: pytest.TempPathFactory) -> Node:
    """Run a script of this folder on a job, and read the JSON that it prints."""

    def run(script: str, job: dict[str, Any]) -> dict[str, Any]:
        path = tmp_path_factory.mktemp("job") / "job.json"
        path.write_text(json.dumps({"webapp": str(WEBAPP), **job}))
        done = subprocess.run([packages, str(HERE / script), str(path)], capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    return run


@pytest.fixture(scope="session")
def built() -> Path:
    """The built web app."""
    if not (sites.APP / sites.PAGE).is_file():
        pytest.skip("needs the built web app: make webapp")
    return sites.APP


@pytest.fixture(scope="session")
def browse(node: Node) -> Any:
    """Run a scenario of this folder in the system's Chromium."""
    program = chromium.find()
    if program is None:
        pytest.skip(chromium.MISSING)
    return lambda script, **job: node(script, {"chromium": program, **job})


def planted(folder: Path, file: str, right: str, wrong: str) -> Path:
    """A copy of the TypeScript contract below `folder` with `wrong` for `right` in one file: a mistake to be noticed."""
    copy = folder / "contract"
    shutil.copytree(CONTRACT, copy)
    _plant(copy / file, right, wrong)
    return copy


def planted_page(node: str, folder: Path, file: str, right: str, wrong: str, *more: tuple[str, str, str]) -> Path:
    """The page, built by its own build with the program `node` from a copy of the web app with `wrong` for `right` in one file of `src`,
    and in `more` of them.

    Of its runtimes it has TF.js on WebAssembly only, which halves the second that a build takes.
    """
    copy = folder / "webapp"
    shutil.copytree(WEBAPP, copy, ignore=shutil.ignore_patterns("node_modules"))
    (copy / "node_modules").symlink_to(WEBAPP / "node_modules")
    (folder / "LICENSE").symlink_to(WEBAPP.parent / "LICENSE")
    for path, before, after in ((file, right, wrong), *more):
        _plant(copy / "src" / path, before, after)
    listed = copy / "src" / "runtimes" / "index.ts"
    others = re.compile(r"^.*(?:\.worker\.ts|\(\) => new ).*\n", re.MULTILINE)
    listed.write_text(others.sub(lambda line: line[0] if "TfjsWasm" in line[0] else "", listed.read_text()))
    vite = [node, "node_modules/vite/bin/vite.js", "build", "--logLevel", "error"]
    subprocess.run(vite, cwd=copy, check=True, timeout=120)
    return folder / "safelight" / "webapp"


def _plant(path: Path, right: str, wrong: str) -> None:
    source = path.read_text()
    assert right in source, "the source has changed: plant the mistake elsewhere"
    path.write_text(source.replace(right, wrong))
