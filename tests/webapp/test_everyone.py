"""The page for everyone: axe-core finds nothing serious, nothing is cut, nothing moves unasked, no mouse is needed."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from safelight.bundle import open_bundle
from tests.webapp.bundles import lean, zipped
from tests.webapp.film import film, rgb_of, seeing
from tests.webapp.pictures import faults, pictures
from tests.webapp.served import PHOTOS, Strict

__all__ = ["pictures"]
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("url", [Strict], indirect=True)]

VIEWS = ("empty", "grid", "look", "takeaway", "proof", "model", "opening", "models", "device", "camera")
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
SCHEMES = ("light", "dark")
NARROW = 4  # ways to be narrow that everyone.mjs tries
LEAST_RULES = 15  # of axe-core that had something to judge in a view; 20 in the smallest


@pytest.fixture(scope="module")
def visit(
    browse: Any, url: str, bundle: Path, photos: list[Path], pictures: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("everyone")
    archive = zipped(lean(bundle, folder / "another", "another model"), folder / "another.zip")
    broken = folder / "broken.zip"
    broken.write_bytes(archive.read_bytes()[:1000])
    coffee = next(photo for photo in photos if photo.name == "coffee.png")
    job = {"photos": [str(photo) for photo in photos], "open": "chelsea.png", "archive": str(archive), "broken": str(broken)}
    args = seeing(film(folder / "photo.y4m", rgb_of(coffee)))
    report: dict[str, Any] = browse("everyone.mjs", url=url, args=args, pictures=str(pictures), **job)
    return report


def test_axe_finds_nothing_serious(visit: dict[str, Any]) -> None:
    assert set(visit["findings"]) == {f"{view}, {size}, {scheme}" for view in VIEWS for size in SIZES for scheme in SCHEMES}
    assert {where: found for where, found in visit["findings"].items() if found} == {}
    assert min(visit["checked"].values()) >= LEAST_RULES
    assert visit["complaints"] == []


def test_a_field_without_a_label_is_found(visit: dict[str, Any]) -> None:
    assert [finding.split(" ")[:2] for finding in visit["planted"]["findings"]] == [["label:", "#find"]]


def test_nothing_is_cut_or_out_of_reach_when_the_window_is_narrow(visit: dict[str, Any]) -> None:
    assert len(visit["lost"]) == len(VIEWS) * NARROW
    assert {where: found for where, found in visit["lost"].items() if found} == {}


def test_a_button_over_the_edge_is_found(visit: dict[str, Any]) -> None:
    lost = visit["planted"]["lost"]
    assert any(line.startswith("html scrolls sideways") for line in lost)
    assert any("can't be pressed" in line for line in lost)


def test_nothing_moves_where_people_want_no_motion(visit: dict[str, Any]) -> None:
    assert visit["moved"] == {view: [] for view in VIEWS}
    assert visit["planted"]["moved"] != []  # without the wish something does, and it is noted


def test_the_screenshots_show_something(visit: dict[str, Any], pictures: Path) -> None:
    expected = {f"{view}-{size}-{scheme}": SIZES[size] for view in VIEWS for size in SIZES for scheme in SCHEMES}
    expected |= {f"grid-desktop-{language}": SIZES["desktop"] for language in ("zh-Hant", "zh-Hans")}
    seen = {}
    for name, size in expected.items():
        with Image.open(pictures / f"{name}.png") as image:
            assert faults(image, *size) == [], name
            seen[name] = image.tobytes()
    assert len(set(seen.values())) == len(seen)  # no view, size, scheme or language is another's


def test_a_blank_screenshot_is_noticed(url: str) -> None:
    gradient = Image.linear_gradient("L").resize((390, 844))
    assert faults(Image.new("RGB", (390, 844), "white"), 390, 844) == ["1 colours", "0.0000 of it is detail"]
    assert faults(gradient, 390, 844) == ["0.0000 of it is detail"]
    assert faults(gradient, 1280, 800)[0] == "390 × 844 pixels, not 1280 × 800"


def test_no_mouse_is_needed(browse: Any, url: str, photos: list[Path], bundle: Path) -> None:
    found = browse("keyboard.mjs", url=url, photos=[str(photo) for photo in photos])
    assert found["unseen"] == []  # wherever the focus is, it shows
    assert (found["added"], found["cleared"]) == ("results", "drop")  # what had it has vanished
    assert found["inDialog"]
    assert (found["opened"], found["closed"], found["taken"]) == (PHOTOS[1], PHOTOS[1], "take")
    rows = {row["photo"]: row for row in csv.DictReader(io.StringIO(found["csv"].removeprefix("\ufeff")))}
    assert set(rows) == {photo.name for photo in photos}
    labels = [label.id for label in open_bundle(bundle).spec.labels]
    ranking = sorted(labels, key=lambda label: -float(rows[PHOTOS[1]][f"probability {label}"]))
    assert found["corrected"] == ranking[1]
    assert [row["label_corrected"] for row in rows.values() if row["label_corrected"]] == [ranking[1]]
    assert max(found["tabs"].values()) < 25  # and not a day's work
