"""The server behind the self-testing page: hands out the page, the bundle and the photos, takes the numbers back.

It listens on one address, this machine's own unless it is told another, under a path with a random token, and serves
nothing but the three folders' own files. The first page that claims the token gets a cookie, and without the cookie
nobody gets the bundle, a photo or a word in; once it is claimed, nobody else gets the page either.
"""

from __future__ import annotations

import base64
import errno
import ipaddress
import json
import mimetypes
import queue
import secrets
import socket
import socketserver
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

from export.parity.browsers.claim import Claim
from export.parity.photos import Prepared
from safelight.bundle import Bundle
from safelight.spec import SPEC_NAME, dump

MAX_POST = 64 * 2**20  # bytes; the largest is a decoded photo of 16 megapixels
CHUNK = 2**18  # bytes; whoever waits for the page hears of every one: a model may take a minute over a weak WLAN
IDLE_SECONDS = 120  # a connection that says nothing for so long is closed
LOCAL = "127.0.0.1"

PAGE, CLAIM = "verify.html", "claim"
PRIVATE = ("plan.json", "bundle/", "photos/")  # for the page that holds the cookie

REFUSAL = """<!doctype html>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Safelight</title><meta name="color-scheme" content="light dark">
<p>Another device has opened this address already. Run the command again for a new one.</p>
<p lang="zh-Hant">這個網址已由另一部裝置開啟。請重新執行指令以取得新的網址。</p>
<p lang="zh-Hans">这个网址已由另一台设备打开。请重新运行命令以获取新的网址。</p>
"""


@dataclass(frozen=True)
class PlannedRun:
    """One runtime of the page, executing one file of the bundle on the first `photos` photos."""

    id: str
    runtime: str
    file: str
    photos: int


@dataclass(frozen=True)
class Event:
    """What the page reports: ("claimed", "", {}), ("stages", "3", {...}), ("runs", "tfjs-wasm/tfjs-fp32", {...}), ("done", "", {...}).

    ("decoded", "3", {}) has the upright RGB bytes in `data`; it comes where Python decodes the photo to other bytes.
    """

    kind: str
    key: str
    content: dict[str, Any]
    data: bytes = b""


class _QuietServer(ThreadingHTTPServer):
    def __init__(self, host: str, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        if ipaddress.ip_address(address[0]).is_unspecified:
            raise OSError(errno.EADDRNOTAVAIL, "it stands for every address of this machine, and a page has one")
        super().__init__((str(address[0]), int(address[1])), handler)

    def server_bind(self) -> None:
        """Without the base class's question for this machine's name, which may ask the network."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]  # both are of an IP socket

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Silence: a browser that is closed resets its connections, and what the page misses it reports itself."""


class Server:
    """A context manager; `url` is the page, `events` what it posts."""

    def __init__(
        self, page: Path, bundle: Bundle, photos: Sequence[Prepared], runs: Sequence[PlannedRun], *, host: str = LOCAL, port: int = 0
    ) -> None:
        """`page` is the built web app's folder; the bundle may not be sealed yet, its spec is served from memory.

        `host` is a name or an address of this machine, port 0 any free one. Raises OSError where they can't be listened on.
        """
        self.events: queue.Queue[Event] = queue.Queue()
        self.last_heard = time.monotonic()  # when bytes went to or came from the page that holds the cookie
        self._prefix = f"/{secrets.token_urlsafe(16)}/"
        self._claim = Claim()
        self._is_over = False
        self._page, self._bundle = page.resolve(), bundle.folder.resolve()
        self._photos = [one.photo.path for one in photos]
        self._spec = dump(bundle.spec)
        self._plan = {
            "bundle": "bundle/",
            "photos": [
                {"name": one.photo.name, "url": f"photos/{index}", "decoded_sha256": one.decoded_sha256} for index, one in enumerate(photos)
            ],
            "runs": [asdict(run) for run in runs],
        }
        self._http = _QuietServer(host, port, self._handler())
        literal = f"[{self._http.server_name}]" if ":" in self._http.server_name else self._http.server_name
        self.url = f"http://{literal}:{self._http.server_port}{self._prefix}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._is_over = True  # for connections that are open still
        self._http.shutdown()
        self._http.server_close()

    def _may_see(self, path: str, cookies: str) -> bool:
        return self._claim.is_held_by(cookies) or not (self._claim.is_taken or path.startswith(PRIVATE))

    def _file(self, path: str) -> tuple[bytes, str] | None:
        """The answer to a GET below the token: its bytes and content type."""
        if path == "plan.json":
            return json.dumps(self._plan).encode(), "application/json"
        if path == f"bundle/{SPEC_NAME}":
            return self._spec, "application/json"
        if path.startswith("photos/") and path[7:].isdecimal() and int(path[7:]) < len(self._photos):
            return self._photos[int(path[7:])].read_bytes(), "application/octet-stream"
        root, rest = (self._bundle, path[7:]) if path.startswith("bundle/") else (self._page, path)
        found = (root / rest).resolve()
        if not found.is_relative_to(root) or not found.is_file():
            return None
        return found.read_bytes(), mimetypes.guess_type(found.name)[0] or "application/octet-stream"

    def _handler(server: Self) -> type[BaseHTTPRequestHandler]:  # noqa: N805  # `self` is the handler's below
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = IDLE_SECONDS
            is_claimant = False

            def do_GET(self) -> None:
                path = self._below_token()
                if path is None:
                    self._answer(404)
                elif not server._may_see(path, self._cookies()):
                    self._answer(403, REFUSAL.encode(), "text/html; charset=utf-8")
                elif (answer := server._file(path or PAGE)) is None:
                    self._answer(404)
                else:
                    self._answer(200, *answer)

            def do_POST(self) -> None:
                path, length = self._below_token(), self.headers.get("content-length", "0")
                size = int(length) if length.isdecimal() else MAX_POST + 1
                self.close_connection |= size > 0  # until the body is read: what is left of it is no request
                if path is None or size > MAX_POST:
                    self._answer(404)
                elif path == CLAIM:
                    self._claim()
                elif not server._claim.is_held_by(self._cookies()):
                    self._answer(403)
                else:
                    self._take(path, self._read(size))

            def _claim(self) -> None:
                cookie = server._claim.take(self._cookies(), server._prefix)
                if cookie is not None:
                    server.last_heard = time.monotonic()
                    server.events.put(Event("claimed", "", {}))
                self._answer(403 if cookie is None else 200, cookie=cookie)

            def _take(self, path: str, body: bytes) -> None:
                kind, _, key = path.partition("/")
                try:
                    event = Event(kind, key, {}, body) if kind == "decoded" else Event(kind, key, dict(json.loads(body or b"{}")))
                except (TypeError, ValueError):
                    self._answer(400)
                    return
                self.close_connection = False
                # An event is there before the page hears so: what it posts next, over another connection, must not overtake it.
                # Only the last one is answered first: it ends the server, and the page is to know that it arrived.
                if kind != "done":
                    server.events.put(event)
                try:
                    self._answer(200, b"{}", "application/json")
                finally:
                    if kind == "done":
                        server.events.put(event)

            def _below_token(self) -> str | None:
                path = unquote(urlsplit(self.path).path)
                return path.removeprefix(server._prefix) if path.startswith(server._prefix) and not server._is_over else None

            def _cookies(self) -> str:
                cookies: str = self.headers.get("cookie", "")
                self.is_claimant = server._claim.is_held_by(cookies)
                return cookies

            def _heard(self) -> None:
                if self.is_claimant:
                    server.last_heard = time.monotonic()

            def _read(self, size: int) -> bytes:
                body = bytearray()
                while len(body) < size and (more := self.rfile.read(min(CHUNK, size - len(body)))):
                    body += more
                    self._heard()
                return bytes(body)

            def _answer(self, status: int, body: bytes = b"", content_type: str = "text/plain", *, cookie: str | None = None) -> None:
                self.send_response(status)
                if cookie is not None:
                    self.send_header("set-cookie", cookie)
                if self.close_connection:
                    self.send_header("connection", "close")
                self.send_header("content-type", {"text/javascript": "text/javascript; charset=utf-8"}.get(content_type, content_type))
                self.send_header("content-length", str(len(body)))
                self.send_header("cache-control", "no-store")
                self.send_header("referrer-policy", "no-referrer")
                self.send_header("x-content-type-options", "nosniff")
                self.send_header("cross-origin-opener-policy", "same-origin")  # with the next one threads are allowed
                self.send_header("cross-origin-embedder-policy", "require-corp")
                self.end_headers()
                for start in range(0, len(body), CHUNK):
                    self.wfile.write(body[start : start + CHUNK])
                    self._heard()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
                """Silence: the page's requests are no news."""

        return Handler


def pixels_of(stage: dict[str, Any], size: int) -> NDArray[np.uint8]:
    """The resized pixels in a "stages" event, RGB uint8 [S,S,3]; empty where they are missing or of another size."""
    data = base64.b64decode(stage.get("pixels", ""))
    if len(data) != size * size * 3:
        return np.zeros((0, 0, 3), np.uint8)
    return np.frombuffer(data, np.uint8).reshape(size, size, 3)


def decoded_of(stage: dict[str, Any], data: bytes) -> NDArray[np.uint8] | None:
    """What the page decoded, upright RGB uint8 [H,W,3], from a "decoded" event; None where it was not posted."""
    width, height = int(stage["width"]), int(stage["height"])
    if not data or len(data) != width * height * 3:
        return None
    return np.frombuffer(data, np.uint8).reshape(height, width, 3)
