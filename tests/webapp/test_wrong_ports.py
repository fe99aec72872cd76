"""A wrong port is caught by `verify` and blamed on the right stage: each mistake is built into the real page and run."""

from __future__ import annotations

import base64
import functools
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from export.parity.browsers import chromium
from export.parity.page import as_html
from export.parity.report import ParityReport, Row, as_json, as_junit
from export.parity.summary import headline
from export.parity.verify import VerifyOptions, verify
from safelight import site
from safelight.bundle import open_bundle
from tests.webapp.conftest import planted_page

pytestmark = pytest.mark.browser

RUN = "chromium/tfjs-wasm/tfjs-fp32"


@dataclass(frozen=True)
class Mistake:
    stage: str
    file: str  # below webapp/src
    right: str
    wrong: str
    photos: set[str] | None  # those that show it, where they are few


MISTAKES = {
    "orientation ignored": Mistake(
        *("decode", "contract/pixels.ts", "switch (orientation)", "switch (orientation && 1)"), {"rocket-turned.jpg", "cat-mirrored.jpg"}
    ),
    "alpha over black": Mistake(
        *("decode", "contract/pixels.ts", "colour * alpha + 255 * (255 - alpha)", "colour * alpha"), {"coffee-alpha.png"}
    ),
    "palette in BGR": Mistake(
        *("decode", "contract/png.ts", "put(to, table[entry]!, table[entry + 1]!, table[entry + 2]!)"),
        *("put(to, table[entry + 2]!, table[entry + 1]!, table[entry]!)", {"rocket-palette.png"}),
    ),
    "crop rounds half up": Mistake(
        *("resize", "contract/resize.ts", "half + (slack % 2) * (half % 2)", "Math.round(slack / 2)"), {"cat-tall.jpg"}
    ),
    "planes cut one column off": Mistake(  # caught only where JPEGs are read as planes: Chromium does
        *("resize", "contract/ycc.ts", "origin: 4 * (left - start)", "origin: 0"), None
    ),
    "no antialiasing": Mistake(*("resize", "contract/resize.ts", "const spread = Math.max(ratio, 1);", "const spread = 1;"), None),
    "vertical first": Mistake(
        *("resize", "contract/resize.ts", "(...pass) => fastPasses(...pass) ?? plain(...pass);"),
        """(pixels, columns, rows) => {
  const turn = (p: Pixels) => ({ ...p, width: p.height, height: p.width, stepX: p.stepY, stepY: p.stepX });
  return horizontal(turn(horizontal(turn(pixels), rows)), columns).data as Uint8Array<ArrayBuffer>;
};""",
        None,
    ),
    "pixels divided by 255": Mistake(
        *("network", "runtimes/tfjs.ts", "Float32Array.from(pixels)", "Float32Array.from(pixels, (value) => value / 255)"), None
    ),
}


@pytest.fixture(scope="module")
def report_of(bundle: Path, packages: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ParityReport]:
    """What `verify` reports when the page has this one mistake; each is built and run once."""
    if chromium.find() is None:
        pytest.skip(chromium.MISSING)
    opened = open_bundle(bundle)

    @functools.cache
    def report_of(name: str) -> ParityReport:
        mistake = MISTAKES[name]
        page = planted_page(packages, tmp_path_factory.mktemp("planted"), mistake.file, mistake.right, mistake.wrong)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(site, "APP", page)
            return verify(opened, VerifyOptions(runtimes=(RUN,)))

    return report_of


def row_of(report: ParityReport) -> Row:
    (row,) = report.runtimes.values()
    return row


@pytest.mark.parametrize("name", MISTAKES)
def test_a_wrong_port_is_caught_and_blamed_on_its_stage(report_of: Callable[[str], ParityReport], name: str) -> None:
    found, mistake = report_of(name), MISTAKES[name]
    row = row_of(found)
    assert not found.passed
    assert (row.status, row.blame) == ("fail", mistake.stage)
    assert (f"{mistake.stage} is to blame" in row.reason) == (mistake.stage != "network")
    assert row.stages is not None
    for stage in {"decode", "resize", "network"} - {mistake.stage}:
        others = getattr(row.stages, stage).max_abs_probability
        assert others is not None
        assert others <= row.tolerance, f"{others} enters at {stage}"
    pixels = {"decode": row.stages.decode, "resize": row.stages.resize}
    assert {stage for stage, one in pixels.items() if one.identical < one.files} == {mistake.stage} - {"network"}
    if mistake.photos is not None:
        assert {one.file for one in row.evidence} == mistake.photos
        assert pixels[mistake.stage].identical == 13 - len(mistake.photos)
    (sentence,) = headline(found)
    blamed = "because the network computes otherwise" if mistake.stage == "network" else f"{mistake.stage} makes other pixels"
    assert sentence.startswith("Chromium's ")
    assert blamed in sentence
    page = as_html(found)
    assert blamed in page
    assert f'<tr class="blamed"><th scope="row">{mistake.stage}</th>' in page


def test_the_page_shows_the_worst_photos_with_both_pixels_and_their_difference(report_of: Callable[[str], ParityReport]) -> None:
    found = report_of("no antialiasing")
    page, row = as_html(found), row_of(found)
    shown = [Image.open(io.BytesIO(base64.b64decode(data))) for data in re.findall(r'src="data:image/webp;base64,([^"]+)"', page)]
    assert len(shown) == 3 * 4  # reference, Chromium, difference of the four worst
    assert {image.size for image in shown} == {(224, 224)}
    assert len(page.encode()) < 400_000
    assert page.count('class="scale') == 1 + 2 * 3  # the row's, then three stages beside the photos and in the table
    for one in row.evidence:
        assert one.decode is not None
        assert one.resize is not None
        assert one.network is not None
        assert one.off == pytest.approx(one.resize, abs=2 * row.tolerance)  # all of it enters at resize
        for what in ("as the reference's pixels", "as Chromium's pixels"):  # Jinja escapes the apostrophe
            assert f'alt="{one.file} {what}"' in page.replace("&#39;", "'")
        assert f"{one.reference.label} <b>{one.reference.probability:.4f}</b>" in page
        assert f"{one.answer.label} <b>{one.answer.probability:.4f}</b>" in page
    assert page.count('alt="their difference, ') == 4


def test_json_has_the_stages_and_verdicts_and_no_picture(report_of: Callable[[str], ParityReport]) -> None:
    found = report_of("no antialiasing")
    content = json.loads(as_json(found))
    row = content["runtimes"][RUN]
    assert {name: set(stage) for name, stage in row["stages"].items()} == {
        "decode": {"files", "identical", "max_abs", "max_abs_probability"},
        "resize": {"files", "identical", "max_abs", "max_abs_probability"},
        "network": {"max_abs_probability"},
        "task": {"flips"},
    }
    assert row["stages"]["decode"] == {"files": 13, "identical": 13, "max_abs": 0, "max_abs_probability": 0.0}
    assert row["blame"] == "resize"
    assert content["verdicts"]["chromium"] == {"files": 13, "agree": 13, "differ": []}
    assert "evidence" not in row
    assert len(as_json(found)) + len(as_junit(found)) < 10_000
