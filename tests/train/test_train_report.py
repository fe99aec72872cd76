from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

import train
from tests.train.conftest import copy_photos

Fit = Callable[..., train.TrainResult]
SECTIONS = [
    *("Top losses", "Classes", "Confusion", "How sure, how right", "When to say “not sure”", "Training", "Photos"),
    *("Left out and found twice", "Settings and versions"),
]
ADDRESSES = ("src", "href", "xlink:href", "action", "data", "poster", "srcset")


@pytest.fixture(scope="module")
def page(trained: train.TrainResult) -> str:
    return trained.report.read_text(encoding="utf-8")


class Outline(HTMLParser):
    """Headings, addresses and pictures of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ADDRESSES]
        if tag == "img":
            self.pictures.append(dict(attrs))


def test_the_report_asks_nothing_of_the_network(page: str) -> None:
    assert not [address[:40] for address in Outline(page).addresses if not address.startswith(("data:image/", "#"))]
    assert not re.search(r"https?:|@import|url\((?!#)", page)
    assert "default-src 'none'" in page


def test_the_report_has_no_script(page: str) -> None:
    assert "script" not in Outline(page).tags


def test_names_of_files_and_folders_are_text_and_never_markup(page: str) -> None:
    assert "&lt;script&gt;alert(1)" in page
    assert "my &lt;b&gt;photos" in page


@pytest.mark.parametrize("section", SECTIONS)
def test_the_report_has_its_sections(page: str, section: str) -> None:
    assert re.search(rf"<h[23][^>]*>{section}</h[23]>", page)


def test_the_report_lists_what_was_left_out_and_why(page: str) -> None:
    for text in ("gravel/cut.jpg", "truncated", "gravel/phone.heic", "gravel/wrong-label.jpg", "brick/again.jpg"):
        assert text in page


def test_every_picture_says_what_it_shows(page: str) -> None:
    outline = Outline(page)
    assert all(picture.get("alt") for picture in outline.pictures)
    assert len(re.findall(r"<svg role=\"img\" aria-label=\"[^\"]+\"", page)) == outline.tags.count("svg") == 4


def test_frozen_features_have_no_augmentation_to_show(page: str) -> None:
    assert "Augmentation</h2>" not in page


def test_every_cell_of_the_confusion_says_count_and_share(page: str, trained: train.TrainResult) -> None:
    cells = re.findall(r'<td class="[a-z]*" style="--share: ([\d.]+)">(\d+)<small>([\d.]+) %</small>', page)
    confusion = trained.test.confusion
    assert [int(count) for _, count, _ in cells] == [count for row in confusion for count in row]
    shares = [100 * count / sum(row) for row in confusion for count in row]
    assert [float(share) for *_, share in cells] == pytest.approx(shares, abs=0.051)


def test_mistakes_are_shown_with_their_pictures(demo: Path, fit: Fit, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    copy_photos(demo, photos / "train", {"brick": 8, "gravel": 8})
    shutil.copytree(demo / "test" / "gravel", photos / "test" / "gravel")
    for path in sorted((demo / "test" / "brick").iterdir())[:3]:  # three bricks in the wrong folder
        shutil.copy(path, photos / "test" / "gravel" / f"brick-{path.name}")
    result = fit(photos)
    mistakes = round((1 - result.test.accuracy) * result.test.photos)
    assert mistakes >= 3
    losses = [float(loss) for loss in re.findall(r"loss (\d+\.\d\d)<br>", result.report.read_text().partition("Right, but not sure")[0])]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] > 1, "a brick among the gravel is a great loss"
    pictures = Outline(result.report.read_text()).pictures
    assert sum("called" in (picture["alt"] or "") for picture in pictures) >= mistakes
    assert all((picture["src"] or "").startswith("data:image/jpeg;base64,") for picture in pictures)
