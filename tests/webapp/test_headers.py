"""What Python and TypeScript walk by themselves, PNG chunks, JPEG segments and EXIF, they judge alike, on mutated files too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings

from fuzz.corpus import jpegs, pngs
from fuzz.targets import with_sums
from safelight import exif, jpeg, png
from safelight.errors import PhotoError
from tests.fuzz.mutations import mutated
from tests.webapp.conftest import CONTRACT, Node, planted

FILES = 400


def mutations(seeds: Sequence[bytes], start: bytes) -> list[bytes]:
    """Files that still begin as what they are."""
    found: list[bytes] = []

    @settings(max_examples=FILES, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
    @given(mutated(seeds))
    def collect(data: bytes) -> None:
        found.append(start + data[len(start) :])

    collect()
    return found


def typescript(node: Node, contract: Path, files: list[bytes], folder: Path) -> list[dict[str, Any]]:
    paths = [folder / f"{index}" for index in range(len(files))]
    for path, data in zip(paths, files, strict=True):
        path.write_bytes(data)
    found: list[dict[str, Any]] = node("ports.mjs", {"contract": str(contract), "headers": [str(path) for path in paths]})["headers"]
    return found


def python_png(data: bytes) -> dict[str, Any]:
    try:
        chunks = png.walk(data, "x")
    except PhotoError as error:
        return {"refused": error.reason}
    return {"orientation": exif.orientation(chunks.exif), "damage": chunks.damage.reason if chunks.damage else ""}


def differing_jpegs(files: list[bytes], found: list[dict[str, Any]]) -> list[tuple[int, object, object]]:
    """Where TypeScript follows the segments to the pixels, it finds the same orientation; and the same rare kinds."""
    wrong: list[tuple[int, object, object]] = []
    for index, (data, there) in enumerate(zip(files, found, strict=True)):
        here = jpeg.walk(data)
        if "refused" in there:  # Python leaves a header that can't be followed to its decoder, which refuses it too
            continue
        if here.is_plain != (there["damage"] != "unsupported"):
            wrong.append((index, here.is_plain, there))
        elif here.is_plain and exif.orientation(here.exif) != there["orientation"]:
            wrong.append((index, exif.orientation(here.exif), there))
    return wrong


def test_mutated_pngs_are_judged_alike(node: Node, tmp_path: Path) -> None:
    """As they come, most with a wrong sum; with the sums put right; and cut at every byte of the header."""
    whole = next(iter(pngs()))
    files = mutations(list(pngs()), png.SIGNATURE)
    files += [with_sums(data) for data in files] + [whole[:end] for end in range(8, 60)]
    found = typescript(node, CONTRACT, files, tmp_path)
    wrong = [(index, python_png(data), found[index]) for index, data in enumerate(files) if python_png(data) != found[index]]
    assert not wrong, f"{len(wrong)} of {len(files)}: {wrong[:5]}, {files[wrong[0][0]]!r}"
    assert {each.get("damage") for each in found} >= {"", "corrupt", "truncated"}


def test_mutated_jpegs_are_judged_alike(node: Node, tmp_path: Path) -> None:
    files = mutations([data[:700] for data in jpegs()], jpeg.SIGNATURE)  # the header: that is where edits shall fall
    found = typescript(node, CONTRACT, files, tmp_path)
    wrong = differing_jpegs(files, found)
    assert not wrong, f"{len(wrong)} of {len(files)}: {wrong[:5]}, {files[wrong[0][0]]!r}"
    assert sum("refused" not in each for each in found) > FILES / 4
    assert any(each.get("orientation", 1) > 1 for each in found)


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("containers/png.ts", 'type === "IDAT" || !hasPixels', 'type === "IDAT"'),
        ("containers/png.ts", "const PNG_HEADER_BYTES = 33;", "const PNG_HEADER_BYTES = 28;"),
        (
            "exif.ts",
            "if (bytes === 2) return view.getUint16(entry + 8, little);",
            "if (bytes === 2) return view.getUint16(entry + 8, true);",
        ),
    ],
)
def test_a_planted_mistake_is_noticed(node: Node, tmp_path: Path, file: str, right: str, wrong: str) -> None:
    copy = planted(tmp_path, file, right, wrong)
    files = mutations(list(pngs()), png.SIGNATURE)
    if "HEADER" in right:
        files = [next(iter(pngs()))[:end] for end in range(8, 60)]
    assert typescript(node, copy, files, tmp_path) != [python_png(data) for data in files]
