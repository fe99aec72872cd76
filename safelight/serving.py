"""The site on this machine, as a good host would serve it: its headers, right media types, checks for changes, compressed copies."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedReader
from pathlib import Path
from typing import Any

from safelight import hosting

ADDRESS = "127.0.0.1"  # browsers trust it like https: service workers and checksums work
ENCODINGS = {"br": ".br", "gzip": ".gz"}  # the smaller first
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}


def server(folder: Path, headers: Mapping[str, str], port: int) -> ThreadingHTTPServer:
    """A server of `folder` on `port`, or on any free one for 0; not started yet. Raises OSError where the port is taken."""
    return ThreadingHTTPServer((ADDRESS, port), functools.partial(Handler, directory=str(folder), headers={**headers, **hosting.FRESH}))


class Handler(SimpleHTTPRequestHandler):
    """GET and HEAD of files; folders are not listed."""

    protocol_version = "HTTP/1.1"
    extensions_map = SimpleHTTPRequestHandler.extensions_map | TYPES

    def __init__(self, *args: Any, headers: Mapping[str, str], **options: Any) -> None:
        self._sent = headers
        super().__init__(*args, **options)

    def send_head(self) -> BufferedReader | None:
        """Send the head of the answer; the body, if there is one, is what is returned."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        try:
            encoding, stream = self._open(path)
        except OSError:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        state = os.fstat(stream.fileno())
        tag = f'"{state.st_mtime_ns:x}-{state.st_size:x}-{encoding}"'
        is_known = self.headers.get("If-None-Match") == tag
        self.send_response(HTTPStatus.NOT_MODIFIED if is_known else HTTPStatus.OK)
        self.send_header("ETag", tag)
        self.send_header("Vary", "Accept-Encoding")
        if is_known:
            stream.close()
            self.end_headers()
            return None
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(state.st_size))
        if encoding:
            self.send_header("Content-Encoding", encoding)
        self.end_headers()
        return stream

    def _open(self, path: Path) -> tuple[str, BufferedReader]:
        """The file, or the smallest copy of it that the browser accepts."""
        accepted = {each.partition(";")[0].strip() for each in self.headers.get("Accept-Encoding", "").split(",")}
        for encoding, suffix in ENCODINGS.items():
            copy = path.with_name(path.name + suffix)
            if encoding in accepted and copy.is_file():
                return encoding, copy.open("rb")
        return "", path.open("rb")

    def end_headers(self) -> None:
        """Every answer carries the site's headers, errors too."""
        for name, value in self._sent.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Silence: requests are no news."""
