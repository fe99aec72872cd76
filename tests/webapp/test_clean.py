"""`safelight clean` as a person uses it: the command, the page in Chromium, its keys, and the files afterwards."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.train.cleaning.conftest import faulty
from tests.train.conftest import demo

__all__ = ["demo", "faulty"]
pytestmark = pytest.mark.browser


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_photos_are_put_right_by_keys_and_back_again(browse: Any, faulty: Path) -> None:
    before = tree(faulty)
    words = [sys.executable, "-m", "safelight", "clean", str(faulty), "--no-labels"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            lines = [process.stdout.readline(), process.stdout.readline()]
            url = lines[1].split()[1]
            seen = browse("clean.mjs", url=url, relabelled="conflict.jpg")
        finally:
            process.send_signal(signal.SIGINT)
            said = process.stdout.read()
    assert process.returncode == 0
    assert "Moved: 1." in said

    assert seen["complaints"] == []
    assert {request.split("/")[2] for request in seen["requests"]} == {url.split("/")[2]}
    assert (seen["aside"]["status"], seen["broken"]["status"], seen["relabelled"]["status"]) == (200, 200, 200)
    assert "set aside" in seen["aside"]["said"]
    assert seen["unseen"]
    assert "<b>broken.jpg" in seen["shown"]
    assert seen["isMarkup"] == 0
    assert seen["walked"] == ["One picture, two labels: 1 of 2", "One picture, two labels: 2 of 2"]
    assert seen["relabelled"]["said"] == "conflict.jpg: now in gravel."
    assert seen["before"] == {"Leaks between splits": 1, "One picture, two labels": 2, "Broken": 1, "Copies": 1}
    assert seen["after"] == {"Leaks between splits": 0, "One picture, two labels": 1, "Broken": 0, "Copies": 1}
    assert seen["afterUndo"] == {"Leaks between splits": 0, "One picture, two labels": 2, "Broken": 1, "Copies": 1}
    assert [undone["said"] for undone in seen["undone"]] == ["conflict.jpg is back where it was.", "<b>broken.jpg is back where it was."]
    assert seen["back"] == "Broken: 1 of 1"
    assert "Nothing here" in seen["ofClass"]
    assert seen["findings"] == {"light": [], "dark": []}
    assert seen["sideways"] == 0
    assert any(finding.startswith("select-name") for finding in seen["planted"])

    quarantine = faulty.with_name("photos.quarantine")
    (leak,) = [name for name in before if name not in tree(faulty)]
    assert leak.startswith("train/gravel/")
    assert (quarantine / leak).read_bytes() == before[leak]
    done = subprocess.run([*words[:4], str(faulty), "--undo"], capture_output=True, text=True, check=True)
    assert done.stdout == f"{leak} is back\n"
    assert tree(faulty) == before
    actions = [json.loads(line)["action"] for line in (quarantine / "journal.jsonl").read_text().splitlines()]
    assert actions == ["quarantine", "quarantine", "relabel", "undo", "undo", "undo"]
    assert (
        "Nothing to undo" in subprocess.run([*words[:4], str(faulty), "--undo", "all"], capture_output=True, text=True, check=True).stdout
    )
