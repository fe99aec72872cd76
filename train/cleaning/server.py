"""The page on this machine alone: 127.0.0.1, below a random token, and only for a page of this very origin.

What stands against a page from elsewhere that wants to move photos: it knows no token (which no Referer gives away), its requests bear
another Origin, its JSON would need a permission that is never given, and a name that it points to this machine is not in `Host`.
Photos are asked for by number, so there is no path to traverse.
"""

from __future__ import annotations

import json
import secrets
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any

from safelight.errors import SafelightError
from safelight.serving import ADDRESS
from train.cleaning.workbench import Workbench

MAX_POST = 4096  # bytes
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
PAGE = {
    "": ("page.html", "text/html; charset=utf-8"),
    "page.js": ("page.js", "text/javascript; charset=utf-8"),
    "page.css": ("page.css", "text/css; charset=utf-8"),
    "icon.svg": ("icon.svg", "image/svg+xml"),
}


class CleanServer(ThreadingHTTPServer):
    """Not started yet; `url` is the page. Raises OSError where the port is taken."""

    daemon_threads = True

    def __init__(self, workbench: Workbench, port: int = 0) -> None:
        self.workbench = workbench
        self.token = secrets.token_urlsafe(24)
        super().__init__((ADDRESS, port), Handler)
        self.origin = f"http://{ADDRESS}:{self.server_port}"
        self.url = f"{self.origin}/{self.token}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Silence: a browser that is closed resets its connections."""


class Handler(BaseHTTPRequestHandler):
    """GET of the page, its state and pictures; POST of a move."""

    server: CleanServer
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        """The page, its files, the state, a picture."""
        path = self._path()
        if path in PAGE:
            name, kind = PAGE[path]
            self._answer(200, files("train.cleaning").joinpath("page", name).read_bytes(), kind)
        elif path == "state":
            self._answer_json(200, self.server.workbench.state())
        elif path is not None and path.startswith("photo/") and path[6:].isascii() and path[6:].isdecimal() and len(path) < 20:
            picture = self.server.workbench.picture(int(path[6:]))
            self._answer(404) if picture is None else self._answer(200, picture, "image/jpeg")
        else:
            self._answer(404)

    def do_POST(self) -> None:
        """A move, or taking one back."""
        path = self._path()
        length = self.headers.get("Content-Length", "")
        if path is None or not length.isdecimal() or int(length) > MAX_POST:
            self.close_connection = True  # the body is not read
            self._answer(404)
            return
        body = self.rfile.read(int(length))
        if self.headers.get("Origin") != self.server.origin or self.headers.get("Content-Type") != "application/json":
            self._answer(403)
            return
        try:
            asked = json.loads(body)
            bench = self.server.workbench
            if path == "quarantine":
                answer = bench.set_aside(_number(asked["photo"]), str(asked["why"])[:500])
            elif path == "relabel":
                answer = bench.relabel(_number(asked["photo"]), str(asked["label"]))
            elif path == "undo":
                answer = bench.undo()
            else:
                self._answer(404)
                return
        except (ValueError, TypeError, KeyError, RecursionError):
            self._answer(400)
        except SafelightError as error:
            self._answer_json(409, {"said": str(error)})
        else:
            self._answer_json(200, answer)

    def _path(self) -> str | None:
        """What is asked for below the token; None where the token, or the name of this machine, is another."""
        if self.headers.get_all("Host") != [self.server.origin.removeprefix("http://")]:
            return None
        token, slash, path = self.path.removeprefix("/").partition("/")
        is_ours = secrets.compare_digest(token.encode("utf-8", "replace"), self.server.token.encode())
        return path if slash and is_ours else None

    def _answer_json(self, status: int, content: Any) -> None:
        self._answer(status, json.dumps(content).encode(), "application/json")

    def _answer(self, status: int, body: bytes = b"", kind: str = "text/plain") -> None:
        self.send_response(status, HTTPStatus(status).phrase)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        """No version in the answers."""
        return "Safelight"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Silence: requests are no news."""


def _number(value: object) -> int:
    if type(value) is not int:
        raise TypeError(value)
    return value
