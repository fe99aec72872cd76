"""Node, the web app's packages and its build: what is missing skips the tests that need it, with the reason."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from safelight import site

HERE = Path(__file__).resolve().parent
WEBAPP = HERE.parents[1] / "webapp"
CONTRACT = WEBAPP / "src" / "contract"

Node = Callable[[str, dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    """Run a script of this folder on a job, and read the JSON that it prints."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("needs Node: no node on the PATH")
    if not (WEBAPP / "node_modules" / "vite").is_dir():
        pytest.skip("needs the web app's packages: npm --prefix webapp ci")

    def run(script: str, job: dict[str, Any]) -> dict[str, Any]:
        path = tmp_path_factory.mktemp("job") / "job.json"
        path.write_text(json.dumps({"webapp": str(WEBAPP), **job}))
        done = subprocess.run([program, str(HERE / script), str(path)], capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    return run


@pytest.fixture(scope="session")
def built() -> Path:
    """The built web app."""
    if not (site.APP / site.PAGE).is_file():
        pytest.skip("needs the built web app: make webapp")
    return site.APP


def planted(folder: Path, file: str, right: str, wrong: str) -> Path:
    """A copy of the TypeScript contract below `folder` with `wrong` for `right` in one file: a mistake to be noticed."""
    copy = folder / "contract"
    shutil.copytree(CONTRACT, copy)
    source = (copy / file).read_text()
    assert right in source, "the source has changed: plant the mistake elsewhere"
    (copy / file).write_text(source.replace(right, wrong))
    return copy
