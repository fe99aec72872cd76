"""A phone's own browser: somebody opens the self-testing page by its address on the local network.

Only a page on https or on the same machine has all that a browser can do. This one is on plain http, so it has no
WebGPU, no threads and no lock that keeps the screen on; whoever asks for the first two by name is told so.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from export.parity.browsers import chromium
from export.parity.browsers.answers import Answers, listen
from export.parity.browsers.server import PlannedRun, Server
from export.parity.photos import Prepared
from safelight.bundle import Bundle
from safelight.errors import RuntimeUnavailable, UsageError

NAME = "phone"
RUNTIMES = chromium.RUNTIMES  # all that the page has
ON_REQUEST = chromium.ON_REQUEST
SLOW_RUNTIMES = chromium.SLOW_RUNTIMES

# Where the route to the outside begins is the address that the local network knows. No packet is sent.
OUTSIDE = ("192.0.2.1", 9)  # of the block kept for documentation (RFC 5737)
NO_ADDRESS = (
    "{found}. Connect this machine to the phone's network, or name the address under which the phone finds this machine "
    "with --phone-address."
)


@dataclass(frozen=True)
class PhoneOptions:
    """How a phone is asked. The command line reads its defaults from here."""

    address: str = ""  # "HOST" or "HOST:PORT" of this machine to listen on; "" finds the local network's, with any free port
    wait: float = 300.0  # seconds until somebody must have opened the page
    announce: Callable[[str], None] = lambda url: None  # called with the page's address as soon as it can be opened


def ask(
    options: PhoneOptions,
    page: Path,
    bundle: Bundle,
    photos: Sequence[Prepared],
    runs: Sequence[PlannedRun],
    *,
    on_event: Callable[[], None] = lambda: None,
    on_wait: Callable[[float], None] = lambda seconds: None,
) -> Answers:
    """Serve the self-testing page on the local network until one phone is done with it.

    `on_wait` is called every second with how long nobody has come.
    Raises UsageError for an address that isn't this machine's, RuntimeUnavailable where there is no network or nobody came,
    ParityFailure where a phone came and didn't finish.
    """
    host, port = split(options.address)
    try:
        server = Server(page, bundle, photos, runs, host=host or local_address(), port=port)
    except OSError as error:
        where = options.address or "the local network's address"
        raise UsageError(f"{where} can't be listened on: {error.strerror or error}. --phone-address names one of this machine.") from error
    with server:
        options.announce(server.url)
        start = time.monotonic()

        def check(is_there: bool) -> None:
            if is_there:
                return
            waited = time.monotonic() - start
            on_wait(waited)
            if waited > options.wait:
                raise RuntimeUnavailable(
                    f"nobody opened the page within {options.wait:.0f} s. Is the phone in the same network, and does this machine's "
                    f"firewall let port {urlsplit(server.url).port} through? --phone-address HOST:PORT takes a fixed one."
                )

        return listen(NAME, server, check, on_event)


def split(address: str) -> tuple[str, int]:
    """Host and port of "HOST", "HOST:PORT", "::1" or "[::1]:PORT"; port 0 where none is given. Raises UsageError."""
    if address.count(":") > 1 and not address.startswith("["):
        return address, 0
    try:
        parts = urlsplit(f"//{address}")
        return parts.hostname or "", parts.port or 0
    except ValueError as error:
        raise UsageError(f"{address} is no HOST or HOST:PORT: {error}.") from error


def local_address() -> str:
    """This machine's IPv4 address on the local network. Raises RuntimeUnavailable where there is none.

    One that all the world can reach is never chosen, only taken if it is named: photos travel unencrypted.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(OUTSIDE)
        except OSError as error:
            raise RuntimeUnavailable(NO_ADDRESS.format(found="this machine has no address on a network")) from error
        return judged(probe.getsockname()[0])


def judged(address: str) -> str:
    """`address`, if it is one of a local network. Raises RuntimeUnavailable for any other."""
    found = ipaddress.ip_address(address)
    if found.is_loopback or found.is_unspecified:
        raise RuntimeUnavailable(NO_ADDRESS.format(found="this machine has no address on a network"))
    if found.is_global:
        raise RuntimeUnavailable(NO_ADDRESS.format(found=f"this machine's address, {address}, is open to all the internet"))
    return address


def engine(about: dict[str, Any]) -> str:
    """The engine of a page that tells `about` itself, as `known.py` names it; "" for one that we don't know: nothing excuses it.

    Every browser for iOS is WebKit, whatever it is called; all others that call themselves Chrome are Chromium.
    """
    user_agent = str(about.get("user_agent", ""))
    if re.search(r"\b(iPhone|iPad|iPod)\b", user_agent):
        return "webkit"
    if re.search(r"\b(Chrome|Chromium)/", user_agent):
        return "chromium"
    if re.search(r"\bGecko/.*\bFirefox/", user_agent):
        return "firefox"
    return "webkit" if "AppleWebKit/" in user_agent else ""


def describe(about: dict[str, Any]) -> str:
    """The device for the report: what its browser says of itself, on one line and without control characters."""
    parts = [str(about.get("user_agent", "")), f"{about.get('processors', '?')} processors", str(about.get("graphics", ""))]
    return "; ".join("".join(filter(str.isprintable, " ".join(part.split())))[:400] for part in parts if part)
