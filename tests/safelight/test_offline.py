"""The service worker's list."""

from __future__ import annotations

from pathlib import Path

import pytest

from safelight import offline


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("page")
    (tmp_path / "assets/a.js").write_text("script")
    (tmp_path / "sw.js").write_text("code();\n")
    return tmp_path


def test_the_list_is_the_first_line_of_the_script(folder: Path) -> None:
    site = offline.describe(folder, ["index.html", "assets/a.js"], {"index.html"})
    offline.prepend(site, folder / "sw.js")
    assert offline.read(folder / "sw.js") == site
    assert [(file.path, file.bytes, file.precached) for file in site.files] == [("assets/a.js", 6, False), ("index.html", 4, True)]
    assert (folder / "sw.js").read_text().splitlines()[1:] == ["code();"]


def test_another_byte_or_another_choice_is_another_version(folder: Path) -> None:
    paths = ["index.html", "assets/a.js"]
    before = offline.describe(folder, paths, {"index.html"}).version
    assert offline.describe(folder, paths[::-1], {"index.html"}).version == before
    assert offline.describe(folder, paths, set(paths)).version != before
    (folder / "assets/a.js").write_text("scripT")
    assert offline.describe(folder, paths, {"index.html"}).version != before
