"""Browsers as runtimes: a page tests itself. No driver protocol; opening the page is launching the browser.

A browser is one module here with the same names: NAME, RUNTIMES, ON_REQUEST, SLOW_RUNTIMES,
MISSING, find, prepare, command.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from export.parity.browsers import chromium, firefox, webkit
from export.parity.browsers.server import PlannedRun, Server
from export.parity.photos import Prepared
from safelight.bundle import Bundle
from safelight.errors import ParityFailure, RuntimeUnavailable

SILENCE_LIMIT = 120.0  # seconds without any news from the page; the slowest single step seen took 10


class Browser(Protocol):
    """A browser's module."""

    NAME: str
    RUNTIMES: dict[str, str]
    ON_REQUEST: frozenset[str]  # slow, or another way to run the same file: run only if they are named
    SLOW_RUNTIMES: frozenset[str]  # run with few photos; those on request are among them
    MISSING: str

    def find(self) -> str | None:
        """The program, or None."""

    def prepare(self, profile: Path) -> dict[str, str]:
        """Fill an empty profile; the environment variables to start the browser with."""

    def command(self, program: str, profile: Path, url: str) -> list[str]:
        """The command that opens a page headless."""


BROWSERS: dict[str, Browser] = {browser.NAME: browser for browser in (chromium, firefox, webkit)}


@dataclass
class Answers:
    """What a page reported: by photo index, by run id, and about itself."""

    stages: dict[int, dict[str, Any]] = field(default_factory=dict)
    decoded: dict[int, bytes] = field(default_factory=dict)  # upright RGB, where it is not Python's
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)


def ask(
    browser: Browser,
    page: Path,
    bundle: Bundle,
    photos: Sequence[Prepared],
    runs: Sequence[PlannedRun],
    *,
    on_event: Callable[[], None] = lambda: None,
) -> Answers:
    """Open the self-testing page in a fresh browser and wait for its numbers.

    Raises RuntimeUnavailable where there is no browser, ParityFailure where it ends early, falls silent or the page fails.
    """
    program = browser.find()
    if program is None:
        raise RuntimeUnavailable(browser.MISSING)
    with Server(page, bundle, photos, runs) as server, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        log, profile = Path(folder, "browser.log"), Path(folder, "profile")
        profile.mkdir()
        with log.open("wb") as stream:
            process = subprocess.Popen(
                browser.command(program, profile, server.url),
                env=os.environ | browser.prepare(profile),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        try:
            return _listen(browser, server, process, log, on_event)
        finally:
            _end(process)


def _listen(browser: Browser, server: Server, process: subprocess.Popen[bytes], log: Path, on_event: Callable[[], None]) -> Answers:
    answers, last_news = Answers(), time.monotonic()
    while True:
        try:
            event = server.events.get(timeout=1.0)
        except queue.Empty:
            if process.poll() is not None:
                tail = log.read_text(errors="replace").strip()[-300:]
                raise ParityFailure(f"{browser.NAME} ended with status {process.returncode} before the page was done: {tail}") from None
            if time.monotonic() - last_news > SILENCE_LIMIT:
                raise ParityFailure(f"{browser.NAME}: the page said nothing for {SILENCE_LIMIT:.0f} s and was closed") from None
            continue
        last_news = time.monotonic()
        if event.kind in ("stages", "runs"):
            on_event()
        if event.kind == "stages":
            answers.stages[int(event.key)] = event.content
        elif event.kind == "decoded":
            answers.decoded[int(event.key)] = event.data
        elif event.kind == "runs":
            answers.runs[event.key] = event.content
        elif event.kind == "failed":
            raise ParityFailure(f"{browser.NAME}: the page failed: {event.content.get('message', 'no message')}")
        elif event.kind == "done":
            answers.about = event.content
            return answers


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close the browser and the processes that it started."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
            process.wait(timeout=5)
            deadline = time.monotonic() + 2.0  # seconds for the others of its group: Xvfb removes its lock file as it ends
            while time.monotonic() < deadline:
                os.killpg(process.pid, 0)
                time.sleep(0.05)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
