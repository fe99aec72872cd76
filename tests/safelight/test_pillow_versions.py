"""Pillow 11, 12 and 13 decode and resize to the same bytes, each in an environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from numpy.typing import NDArray
from PIL import Image

from fuzz.corpus import photos
from tests.safelight.sums import sums

ROOT = Path(__file__).parents[2]
VERSIONS = ("11.3.0", "12.1.0", "13.0.0")  # 11.3 is the first with AVIF in its wheels


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, coffee: NDArray[object]) -> Path:
    """Every format and mode, small ones of the fuzzer's corpus, and photographs that Pillow 13 scales vertically first."""
    home = tmp_path_factory.mktemp("photos")
    for number, data in enumerate(photos()):
        (home / f"{number:03}").write_bytes(data)
    image = Image.fromarray(coffee)
    for name, options in {"a.jpg": {}, "a.webp": {}, "a.avif": {"speed": 8}, "a.png": {}}.items():
        image.save(home / name, **options)
    image.crop((0, 0, 60, 400)).save(home / "tall.png")
    image.resize((40, 700)).convert("CMYK").save(home / "tall-cmyk.jpg", progressive=True)
    return home


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_of_pillow_gives_the_same_bytes(folder: Path, version: str) -> None:
    uv = next((found for found in (ROOT / ".cache/bin/uv", shutil.which("uv")) if found and Path(found).exists()), None)
    if uv is None:
        pytest.skip("needs uv on PATH, or in .cache/bin where the bootstrap puts it")
    packages = [word for name in (f"pillow=={version}", "numpy", "msgspec") for word in ("--with", name)]
    command = [uv, "run", "--isolated", "--no-project", "--python", sys.executable, *packages, "python", "-W", "ignore", "-m"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, "tests.safelight.sums", folder], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode and (
        "Failed to fetch" in done.stderr or "error sending request" in done.stderr or "No solution found" in done.stderr
    ):
        pytest.skip(f"needs Pillow {version} from the package index: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["pillow"] == version
    expected = sums(folder)
    assert {name for name in expected if found["sums"].get(name) != expected[name]} == set()
    assert found["sums"].keys() == expected.keys()


@pytest.mark.slow
def test_another_resize_would_be_noticed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One call for both axes, which is what differs between Pillow 12 and 13, and one rounded pixel."""
    import safelight.resize

    expected = sums(folder)
    monkeypatch.setattr(
        safelight.resize, "_scale", lambda image, width, height, name: image.resize((width, height), safelight.resize._FILTERS[name])
    )
    changed = {name for name, digest in sums(folder).items() if digest != expected[name]}
    assert any(name.startswith("tall") for name in changed)
