"""Browsers as runtimes: a page tests itself. No driver protocol; opening the page is launching the browser.

A browser that this machine has is one module here with the same names: NAME, RUNTIMES, ON_REQUEST, SLOW_RUNTIMES,
MISSING, find, prepare, command. A browser that somebody else opens is `phone`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from export.parity.browsers import chromium, firefox, webkit
from export.parity.browsers.answers import Answers, listen
from export.parity.browsers.server import PlannedRun, Server
from export.parity.photos import Prepared
from safelight.bundle import Bundle
from safelight.errors import ParityFailure, RuntimeUnavailable

OPEN_LIMIT = 120.0  # seconds until the page is there; a cold start took 2.5


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
    with Server(page, bundle, photos, runs) as server, _launched(browser, program, server.url) as check:
        return listen(browser.NAME, server, check, on_event)


@contextmanager
def _launched(browser: Browser, program: str, url: str) -> Iterator[Callable[[bool], None]]:
    """A browser with a fresh profile; yields what raises ParityFailure once it has ended or has not opened the page."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        log, profile = Path(folder, "browser.log"), Path(folder, "profile")
        profile.mkdir()
        with log.open("wb") as stream:
            process = subprocess.Popen(
                browser.command(program, profile, url),
                env=os.environ | browser.prepare(profile),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        deadline = time.monotonic() + OPEN_LIMIT

        def check(is_there: bool) -> None:
            if process.poll() is not None:
                tail = log.read_text(errors="replace").strip()[-300:]
                raise ParityFailure(f"{browser.NAME} ended with status {process.returncode} before the page was done: {tail}")
            if not is_there and time.monotonic() > deadline:
                raise ParityFailure(f"{browser.NAME} did not open the page within {OPEN_LIMIT:.0f} s and was closed")

        try:
            yield check
        finally:
            _end(process)


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
