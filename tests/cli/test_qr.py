"""The QR code in the terminal is the one that segno makes, and its colours don't depend on the terminal's theme."""

from __future__ import annotations

import re

import pytest
import segno

from safelight.cli.qr import drawing

IS_LIGHT = {"█": (True, True), "▀": (True, False), "▄": (False, True), " ": (False, False)}


def dark_modules(lines: list[str]) -> list[list[bool]]:
    """What a camera sees: whether each module is dark, margin included."""
    return [[not IS_LIGHT[block][half] for block in line] for line in lines for half in (0, 1)]


@pytest.mark.parametrize(
    "url", ["http://10.0.0.7:80/x/", "http://192.168.178.123:54321/0123456789abcdefghijkl/", "http://[fd00::2]:1/" + "y" * 60]
)
def test_the_drawing_is_segnos_code(url: str) -> None:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", drawing(url)).splitlines()
    expected = [[bool(module) for module in row] for row in segno.make(url, micro=False).matrix_iter(border=4)]
    found = dark_modules(plain)
    assert found[: len(expected)] == expected
    assert not any(map(any, found[len(expected) :]))  # an odd number of rows ends in a light one
    assert len(plain[0]) <= 49  # fits a terminal of 80 columns


def test_every_line_is_white_on_black_whatever_the_theme() -> None:
    lines = drawing("http://10.0.0.7:80/x/").splitlines()
    assert all(line.startswith("\x1b[38;5;231;48;5;16m") and line.endswith("\x1b[0m") for line in lines)
