"""Thousands of photos on the page: few elements, every key, pause and cancel, sorted and found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.webapp.served import PHOTOS, Strict

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("url", [Strict], indirect=True)]

COUNT = 2000
MOST_CELLS = 120  # the two screens that are drawn hold about 50 at 1280 × 800


@pytest.fixture(scope="module")
def visit(browse: Any, url: str, photos: list[Path]) -> dict[str, Any]:
    """One visit; each test looks at a part of its report."""
    report: dict[str, Any] = browse("many.mjs", url=url, count=COUNT, photos=[str(photo) for photo in photos], find="ROCK")
    return report


def test_two_thousand_photos_are_a_hundred_elements(visit: dict[str, Any]) -> None:
    assert [0 < where["cells"] <= MOST_CELLS for where in visit["nodes"].values()] == [True, True]
    assert max(where["all"] for where in visit["nodes"].values()) < 2000  # half of them are the names of the 1000 classes
    assert visit["complaints"] == []


def test_pause_holds_and_cancel_answers_within_200_ms(visit: dict[str, Any]) -> None:
    assert visit["paused"] == visit["pausedLater"]
    assert visit["paused"].startswith("Paused at ")
    assert visit["paused"].endswith(f" of {COUNT + len(PHOTOS) + 2}")
    assert visit["pace"] == ""  # no time left is promised in a pause
    assert min(visit["cancelMs"]) < 200
    assert visit["cancelled"].endswith(" classified")
    assert len(PHOTOS) < int(visit["cancelled"].split()[0]) < COUNT


def test_keys_move_and_select(visit: dict[str, Any]) -> None:
    total, columns = COUNT + len(PHOTOS), visit["columns"]
    assert columns > 2
    assert visit["stops"] == 1
    assert visit["keys"] == [1, 2, 2 + columns, 1 + columns, 1, total, 1]
    assert visit["selected"] == [3, total]  # Space and Shift from the second on: 1, 2 and 3


def test_the_orders_sort_and_the_filters_find(visit: dict[str, Any]) -> None:
    orders = {name: [cell for cell in cells if cell["share"]] for name, cells in visit["orders"].items()}
    shares = {name: [int(cell["share"].rstrip("%")) for cell in cells] for name, cells in orders.items()}
    assert shares["surest"] == sorted(shares["surest"], reverse=True)
    assert shares["unsurest"] == sorted(shares["unsurest"])
    assert min(len(cells) for cells in orders.values()) > len(PHOTOS)
    names = [cell["name"] for cell in orders["name"]]
    assert [name for name in names if name in PHOTOS] == sorted(PHOTOS)
    numbers = [int(name.split()[1].removesuffix(".jpg")) for name in names if name.startswith("generated")]
    assert numbers == sorted(numbers)  # 2 before 10
    named = [cell["label"] for cell in orders["class"] if cell["band"] != "unsure"]
    assert len(set(named)) > 1
    assert [cell["label"] for cell in orders["class"]][: len(named)] == sorted(named)  # what it was not sure of comes last
    assert visit["found"] == ["rocket.jpg"]
    assert set(visit["ofClass"]) == {visit["chip"]["label"]}
    assert visit["chip"]["text"].endswith(str(len(visit["ofClass"])))
