"""Feature maps in the large view: the network's own numbers, computed when somebody opens the section, and not before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from safelight.bundle import Bundle, open_bundle
from safelight.decode import decode
from safelight.resize import resize
from safelight.runtimes import load_maps, onnxruntime
from tests.webapp.served import Strict

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("url", [Strict], indirect=True)]

SHOWN = ("chelsea.png", "coffee.png")
OFF = 1  # of 255: a value on the edge of two greys


@pytest.fixture(scope="module")
def visit(browse: Any, url: str, photos: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    chosen = [str(path) for name in SHOWN for path in photos if path.name == name]
    report: dict[str, Any] = browse("maps.mjs", url=url, photos=chosen, pictures=str(tmp_path_factory.mktemp("pictures")))
    return report


def greys(bundle: Bundle, photo: Path) -> list[list[NDArray[np.float64]]]:
    """What the page must show of a photo: per layer and channel [h,w], each from its own lowest value at 0 to its highest at 255."""
    network = load_maps(onnxruntime, bundle, bundle.file("onnx-fp32"))
    maps = network(resize(decode(photo), bundle.spec.input))
    rows = [np.moveaxis(maps[one.output].astype(np.float64), 2, 0) for one in bundle.spec.model.feature_maps]
    return [[255 * (channel - channel.min()) / (channel.max() - channel.min()) for channel in row] for row in rows]


def test_nothing_is_computed_before_the_section_is_opened(visit: dict[str, Any]) -> None:
    assert {call["call"] for call in visit["closed"]} == {"classify", "look"}
    assert not any("features" in name for call in visit["closed"] for name in call["answer"])
    assert visit["opened"] == [{"call": "maps", "answer": ["features.4", "features.6", "features.8", "features.14"]}]


@pytest.mark.parametrize(("view", "name"), [("first", SHOWN[0]), ("next", SHOWN[1])])
def test_the_pictures_are_the_networks_own_and_none_is_blank(
    visit: dict[str, Any], bundle: Path, photos: list[Path], view: str, name: str
) -> None:
    """The second photo's come by themselves: the section stays open."""
    opened, shown = open_bundle(bundle), visit[view]
    assert shown["photo"] == name
    expected = greys(opened, next(path for path in photos if path.name == name))
    for layer, row, found in zip(opened.spec.model.feature_maps, expected, shown["maps"], strict=True):
        side = row[0].shape[0]
        assert found["caption"] == [f"Layer {layer.layer}", f"{side} × {side} · 16 of {layer.layer_channels} channels"]
        assert [picture["name"] for picture in found["channels"]] == [f"Channel {channel}" for channel in layer.channels]
        for right, picture in zip(row, found["channels"], strict=True):
            grey = np.array(picture["grey"]).reshape(picture["height"], picture["width"])
            assert grey.shape == right.shape
            assert grey.std() > 5
            assert np.abs(grey - right).max() <= OFF


def test_the_section_speaks_the_pages_language(visit: dict[str, Any]) -> None:
    assert visit["chinese"] == {"summary": "特徵圖", "caption": ["層 4", "112 × 112 · 16 個通道中的 16 個"], "channel": "通道 0"}


def test_the_page_complains_of_nothing(visit: dict[str, Any]) -> None:
    assert visit["complaints"] == []
