"""Targets with a mistake in them, for the proof that a run finds it."""

from __future__ import annotations

import time

_kept: list[bytes] = []


def crash(data: bytes) -> None:
    if data[:1] == b"S" and data[1:2] == b"L":  # a branch for each byte: coverage leads to the second
        raise KeyError("planted")


def hang(data: bytes) -> None:
    time.sleep(30 if data.startswith(b"S") else 0)


def leak(data: bytes) -> None:
    _kept.append(bytes([1]) * 10_000_000)
