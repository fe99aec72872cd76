"""The built page on a plain static server, and photos that come with the install. Fixtures; conftest.py imports them."""

from __future__ import annotations

import functools
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

PHOTOS = ("coffee.png", "chelsea.png", "rocket.jpg", "camera.png", "astronaut.png")  # RGB, a portrait, JPEG, grey
HEADERS = Path(__file__).resolve().parents[2] / "webapp" / "headers.json"
SENT: dict[str, str] = json.loads(HEADERS.read_text())


class Quiet(SimpleHTTPRequestHandler):
    """A plain static server; with headers of ours, whose policy, unlike the page's own, binds workers too."""

    sent: ClassVar[dict[str, str]] = {}

    def end_headers(self) -> None:
        for name, value in self.sent.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Silence: requests are no news."""


class Strict(Quiet):
    sent = SENT


@pytest.fixture(scope="module")
def site(built: Path, bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page with the bundle beside it, two folders below the server's root."""
    root = tmp_path_factory.mktemp("site")
    shutil.copytree(built, root / "deep" / "er")
    (root / "deep" / "er" / "bundle").symlink_to(bundle)
    return root


@pytest.fixture(scope="module", params=[Quiet, Strict], ids=["plain server", "policy as header"])
def url(site: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    with serve(request.param, site) as origin:
        yield f"{origin}/deep/er/"


@contextmanager
def serve(handler: type[Quiet], folder: Path) -> Iterator[str]:
    """The origin of a server of `folder`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Photographs from scikit-image, and two files that can't be read."""
    data = pytest.importorskip("skimage.data")
    folder = tmp_path_factory.mktemp("photos")
    found = [Path(data.__file__).parent / name for name in PHOTOS]
    (folder / "notes.jpg").write_text("Dear diary, this is no photo.")
    (folder / "half.jpg").write_bytes(found[2].read_bytes()[:20_000])
    return [*found, folder / "notes.jpg", folder / "half.jpg"]
