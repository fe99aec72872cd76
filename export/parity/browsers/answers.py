"""Waiting for a page's numbers, whoever opened it."""

from __future__ import annotations

import base64
import math
import queue
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.parity.browsers.server import Event, Server
from safelight.errors import ParityFailure
from safelight.spec import ModelFile

SILENCE_LIMIT = 120.0  # seconds without a byte to or from the page; the slowest single step seen took 10
TICK = 1.0  # seconds between two looks at whoever opened the page


@dataclass
class Answers:
    """What a page reported: by photo index, by run id, and about itself."""

    stages: dict[int, dict[str, Any]] = field(default_factory=dict)
    decoded: dict[int, bytes] = field(default_factory=dict)  # upright RGB, where it is not Python's
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)


def listen(name: str, server: Server, check: Callable[[bool], None], on_event: Callable[[], None]) -> Answers:
    """Collect the page's events until it is done.

    `check` is called every second with whether the page has come, and raises where that will not be any more. Raises
    ParityFailure where the page fails, says what can't be understood, or came and falls silent.
    """
    answers, is_there = Answers(), False
    while True:
        try:
            event = server.events.get(timeout=TICK)
        except queue.Empty:
            check(is_there)
            if is_there and time.monotonic() - server.last_heard > SILENCE_LIMIT:
                raise ParityFailure(f"{name}: the page said nothing for {SILENCE_LIMIT:.0f} s and was given up") from None
            continue
        is_there = True
        if event.kind in ("stages", "runs"):
            on_event()
        try:
            is_done = _take(answers, event)
        except (ValueError, TypeError) as error:
            raise ParityFailure(f"{name}: the page reported {event.kind}/{event.key}, which is not understood: {error}") from error
        if event.kind == "failed":
            raise ParityFailure(f"{name}: the page failed: {event.content.get('message', 'no message')}")
        if is_done:
            return answers


def _take(answers: Answers, event: Event) -> bool:
    """Keep an event's content; True for the last one."""
    if event.kind == "stages":
        answers.stages[int(event.key)] = event.content
    elif event.kind == "decoded":
        answers.decoded[int(event.key)] = event.data
    elif event.kind == "runs":
        answers.runs[event.key] = event.content
    elif event.kind == "done":
        answers.about = event.content
    return event.kind == "done"


def maps_of(run: dict[str, Any], file: ModelFile) -> dict[str, NDArray[np.float32]]:
    """The heat and feature maps [h,w,…] in a "runs" event, by output; without those that are missing or of another size."""
    maps = {}
    for output in file.outputs[1:]:
        data = base64.b64decode(run.get("maps", {}).get(output.name, ""))
        if len(data) == 4 * math.prod(output.shape[1:]):
            maps[output.name] = np.frombuffer(data, "<f4").reshape(output.shape[1:])
    return maps
