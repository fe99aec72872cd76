"""The server behind the self-testing page: hands out the page, the bundle and the photos, takes the numbers back.

It listens on 127.0.0.1 only, under a path with a random token, and serves nothing but the three folders' own files.
"""

from __future__ import annotations

import base64
import json
import mimetypes
import queue
import secrets
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

from export.parity.photos import Prepared
from safelight.bundle import Bundle
from safelight.spec import SPEC_NAME, dump

MAX_POST = 64 * 2**20  # bytes; the largest is a decoded photo of 16 megapixels


@dataclass(frozen=True)
class PlannedRun:
    """One runtime of the page, executing one file of the bundle on the first `photos` photos."""

    id: str
    runtime: str
    file: str
    photos: int


@dataclass(frozen=True)
class Event:
    """What the page reports: ("stages", "3", {...}), ("runs", "tfjs-wasm/tfjs-fp32", {...}), ("done", "", {...}).

    ("decoded", "3", {}) has the upright RGB bytes in `data`; it comes where Python decodes the photo to other bytes.
    """

    kind: str
    key: str
    content: dict[str, Any]
    data: bytes = b""


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Silence: a browser that is closed resets its connections, and what the page misses it reports itself."""


class Server:
    """A context manager; `url` is the page, `events` what it posts."""

    def __init__(self, page: Path, bundle: Bundle, photos: Sequence[Prepared], runs: Sequence[PlannedRun]) -> None:
        """`page` is the built web app's folder; the bundle may not be sealed yet, its spec is served from memory."""
        self.events: queue.Queue[Event] = queue.Queue()
        self._prefix = f"/{secrets.token_urlsafe(16)}/"
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
        self._http = _QuietServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._http.server_port}{self._prefix}verify.html"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.shutdown()
        self._http.server_close()

    def _file(self, path: str) -> tuple[bytes, str] | None:
        """The answer to a GET below the token: its bytes and content type."""
        if path == "plan.json":
            return json.dumps(self._plan).encode(), "application/json"
        if path == f"bundle/{SPEC_NAME}":
            return self._spec, "application/json"
        if path.startswith("photos/") and path[7:].isdigit() and int(path[7:]) < len(self._photos):
            return self._photos[int(path[7:])].read_bytes(), "application/octet-stream"
        root, rest = (self._bundle, path[7:]) if path.startswith("bundle/") else (self._page, path)
        found = (root / rest).resolve()
        if not found.is_relative_to(root) or not found.is_file():
            return None
        return found.read_bytes(), mimetypes.guess_type(found.name)[0] or "application/octet-stream"

    def _handler(server: Self) -> type[BaseHTTPRequestHandler]:  # noqa: N805  # `self` is the handler's below
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = unquote(urlsplit(self.path).path)
                answer = server._file(path.removeprefix(server._prefix)) if path.startswith(server._prefix) else None
                self._answer(404 if answer is None else 200, *(answer or (b"", "text/plain")))

            def do_POST(self) -> None:
                path, size = unquote(urlsplit(self.path).path), int(self.headers.get("content-length", "0"))
                if not path.startswith(server._prefix) or size > MAX_POST:
                    self.close_connection = True
                    self._answer(404, b"", "text/plain")
                    return
                kind, _, key = path.removeprefix(server._prefix).partition("/")
                body = self.rfile.read(size)
                server.events.put(Event(kind, key, {}, body) if kind == "decoded" else Event(kind, key, json.loads(body or b"{}")))
                self._answer(200, b"{}", "application/json")

            def _answer(self, status: int, body: bytes, content_type: str) -> None:
                self.send_response(status)
                self.send_header("content-type", {"text/javascript": "text/javascript; charset=utf-8"}.get(content_type, content_type))
                self.send_header("content-length", str(len(body)))
                self.send_header("cache-control", "no-store")
                self.send_header("cross-origin-opener-policy", "same-origin")  # with the next one threads are allowed
                self.send_header("cross-origin-embedder-policy", "require-corp")
                self.end_headers()
                self.wfile.write(body)

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
