"""The HTML report: pictures, bars and the sentence are in it, it is bounded, and what people name their photos can't break it."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from export.parity.evidence import EXCUSED, WRONG, Evidence, Top, worst
from export.parity.page import PICTURE_BYTES, amplified, as_html, picture, position
from export.parity.report import Explained, Network, ParityReport, Row, Stage, Stages, Task, Verdicts, as_json, as_junit, shows_own_photos
from export.parity.summary import headline, summaries

NOISE = np.random.default_rng(0).integers(0, 256, (2, 512, 512, 3), np.uint8)


def evidence(file: str, expected: NDArray[np.uint8], came: NDArray[np.uint8], *, off: float = 0.1, cause: str = "") -> Evidence:
    shares = (0.0, off, 1e-6)
    return Evidence("tfjs-wasm/tfjs-fp32", file, True, expected, came, *shares, off, Top("cat", 0.9), Top("dog", 0.8), cause)


def wrong_resize(*photos: Evidence) -> Row:
    stages = Stages(Stage(9, 9, 0, 0.0), Stage(9, 2, 40, 0.1), Network(1e-6), Task(1))
    row = Row("fail", "7 of 9 photos become other pixels", 9, 0.1, 0.01, tolerance=5e-5, worst="a.jpg", stages=stages, blame="resize")
    return replace(row, evidence=photos)


def report_of(**rows: Row) -> ParityReport:
    names = {f"{engine}/tfjs-wasm/tfjs-fp32": row for engine, row in rows.items()}
    return ParityReport("pets", 9, {}, names, {engine: Verdicts(9, 9) for engine in rows})


class Elements(HTMLParser):
    """The start tags of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_an_engine_that_makes_noise_of_everything_stays_within_the_bound() -> None:
    """Noise is what compresses worst; photographs take half of a picture's bytes."""
    many = worst(evidence(f"{i}.jpg", NOISE[0], NOISE[1], cause="a cause" if i > 10 else "") for i in range(20))
    assert len(many) == WRONG + EXCUSED
    page = as_html(report_of(chromium=wrong_resize(*many)))
    pictures = Elements(page).named("img")
    assert len(pictures) == 3 * (WRONG + EXCUSED)
    assert len(page.encode()) < len(pictures) * PICTURE_BYTES * 4 / 3 + 30_000 < 420_000
    smallest = min(len(one["src"] or "") for one in pictures)
    assert smallest > PICTURE_BYTES / 4  # they are pictures, not placeholders


def test_a_picture_is_what_the_network_was_given() -> None:
    y, x = np.mgrid[0:224, 0:224]
    pixels = np.stack([x, y, (x + y) // 2], axis=2).astype(np.uint8)
    data = base64.b64decode(picture(pixels).removeprefix("data:image/webp;base64,"))
    shown = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert shown.shape == pixels.shape
    assert np.abs(shown.astype(int) - pixels).mean() < 3  # lossy


def test_the_difference_is_amplified_by_a_factor_that_is_said() -> None:
    expected = np.full((8, 8, 3), 100, np.uint8)
    came = expected.copy()
    came[2, 3] = (103, 96, 100)
    difference, factor = amplified(evidence("a.jpg", expected, came)) or pytest.fail("there is a difference")
    assert factor == 32  # 4 · 64 would be beyond 255
    assert difference[2, 3].tolist() == [3 * 32, 4 * 32, 0]
    assert difference.sum() == 7 * 32
    page = as_html(report_of(chromium=wrong_resize(evidence("a.jpg", expected, came))))
    assert "difference × 32, up to 4/255" in page
    assert amplified(evidence("a.jpg", expected, expected)) is None


def test_pixels_that_are_alike_or_never_came_are_said_not_drawn() -> None:
    same, missing = evidence("a.jpg", NOISE[0], NOISE[0]), evidence("b.jpg", NOISE[0], np.zeros((0, 0, 3), np.uint8))
    page = as_html(report_of(chromium=wrong_resize(same, missing)))
    assert len(Elements(page).named("img")) == 2
    assert "the same pixels, bit for bit" in page
    assert "its pixels did not arrive" in page


def test_every_picture_and_bar_has_words() -> None:
    page = as_html(report_of(chromium=wrong_resize(evidence("a.jpg", *NOISE))))
    elements = Elements(page)
    assert all(one["alt"] for one in elements.named("img"))
    bars = [one for one in elements.named("div") if one.get("role") == "img"]
    assert len(bars) == 7
    assert [one["aria-label"] for one in bars[:3]] == [
        "0.0e+00, within the tolerance of 5e-05",
        "1.0e-01, beyond the tolerance of 5e-05",
        "1.0e-06, within the tolerance of 5e-05",
    ]
    widths = re.findall(r'<i style="width: ([\d.]+)%"></i><u style="left: ([\d.]+)%"', page)
    assert [float(width) for width, _ in widths[:3]] == [position(0.0), position(0.1), position(1e-6)] == [0.0, 88.9, 33.3]
    assert {float(mark) for _, mark in widths} == {position(5e-5)}


def test_the_page_asks_nothing_of_the_network_and_names_are_only_text() -> None:
    name = '"><script src=//example.org></script>`x`'
    page = as_html(report_of(chromium=wrong_resize(evidence(name, *NOISE))))
    elements = Elements(page)
    assert elements.named("script") == elements.named("link") == []
    assert all((one["src"] or "").startswith("data:image/webp;base64,") for one in elements.named("img"))
    assert [name in (one["alt"] or "") for one in elements.named("img")] == [True, True, False]


@pytest.mark.parametrize(("decode", "resize", "network", "blame", "sentence"), [
    (0.12, 0.002, 3e-6, "decode", "its decode makes other pixels: 0.12 of a probability enters at decode, 0.002 of a probability"),
    (0.0, 3e-6, 1e-6, "resize", "resize makes other pixels, even if they move no answer beyond the tolerance: 3.0e-06 at resize (within"),
    (0.0, 0.0, 0.9, "network", "the network computes otherwise in tfjs-wasm/tfjs-fp32: 0.9 of a probability enters at the network"),
    (None, 0.2, None, "decode", "its decode makes other pixels: 0.2 of a probability enters at resize, an unknown share at decode"),
    (None, None, None, "decode", "decode makes other pixels. Without PyTorch it can't be said how far"),
    (0.0, 0.0, 1e-6, "network", "Chromium fails at the network in tfjs-wasm/tfjs-fp32: 7 of 9"),
])  # fmt: skip
def test_the_headline_blames_the_stage(
    decode: float | None, resize: float | None, network: float | None, blame: str, sentence: str
) -> None:
    stages = Stages(Stage(9, 8, 40, decode), Stage(9, 8, 40, resize), Network(network), Task(0))
    (found,) = headline(report_of(chromium=replace(wrong_resize(), stages=stages, blame=blame)))
    assert found.startswith("Chromium")
    assert sentence in found


def test_a_known_difference_is_named_beside_the_good_news_and_drawn_as_known() -> None:
    stages = Stages(Stage(9, 8, 32, 1e-3), Stage(9, 9, 0, 0.0), Network(1e-6), Task(0))
    known = (Explained("a.avif", "its decoder differs", 32, 1e-3),)
    shown = (evidence("a.avif", *NOISE, off=1e-3, cause="its decoder differs"),)
    row = Row("pass", "", 9, 1e-6, 1e-8, tolerance=5e-5, stages=stages, explained=known, evidence=shown)
    report = report_of(firefox=row)
    praise, exception = headline(report)
    assert praise.startswith("The model is not worse in Firefox")
    assert exception == "Excepted: 1 photo in Firefox, where a probability moves by up to 1.0e-03 for a known cause (its decoder differs)."
    page = as_html(report)
    assert "beyond the tolerance of 5e-05, for a known cause" in page
    assert "✕" not in page.split("</style>")[1]
    assert len(Elements(page).named("img")) == 3


def test_an_engine_that_was_not_measured_is_never_praised() -> None:
    python = {"onnxruntime/onnx-fp32": Row("pass", images=9, max_abs_probability=1e-6, tolerance=5e-5)}
    skipped = ParityReport("pets", 9, {}, python | {"chromium/tfjs-wasm/tfjs-fp32": Row("skipped", "no browser.")})
    assert skipped.passed
    assert headline(skipped)[0].endswith("No browser and no phone was measured.")
    assert [one.sentence for one in summaries(skipped)][1] == "Chromium was not measured: no browser."
    dead = ParityReport("pets", 9, {}, python | {"chromium/tfjs-wasm/tfjs-fp32": Row("fail", "ended with status 1")})
    assert headline(dead) == ["Chromium fails in tfjs-wasm/tfjs-fp32: ended with status 1."]
    assert "ended with status 1" in as_html(dead)


def test_an_answer_that_is_no_number_is_the_worst_and_null_in_json() -> None:
    stages = Stages(Stage(9, 9, 0, 0.0), Stage(9, 9, 0, 0.0), Network(np.inf), Task(1))
    row = replace(wrong_resize(evidence("a.jpg", *NOISE, off=np.inf)), max_abs_probability=np.inf, stages=stages, blame="network")
    report = report_of(chromium=row)
    assert headline(report)[0].endswith("inf of a probability enters at the network, nothing at decode, nothing at resize.")
    assert '<i style="width: 100.0%">' in as_html(report)
    content = json.loads(as_json(report), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert content["runtimes"]["chromium/tfjs-wasm/tfjs-fp32"]["max_abs_probability"] is None
    assert all("base64" not in text for text in (as_json(report), as_junit(report)))


def test_somebodys_own_photos_are_announced_on_the_page() -> None:
    own = replace(evidence("grandma.jpg", *NOISE), is_golden=False)
    public, private = report_of(chromium=wrong_resize(evidence("cat.jpg", *NOISE))), report_of(chromium=wrong_resize(own))
    assert [shows_own_photos(public), shows_own_photos(private)] == [False, True]
    assert "does not belong into a bundle" not in as_html(public)
    assert "does not belong into a bundle" in as_html(private)
