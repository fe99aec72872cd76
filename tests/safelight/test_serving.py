"""What `safelight web --serve` answers, and what it tells other hosts to answer."""

from __future__ import annotations

import gzip
import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from safelight import hosting, serving

HEADERS = {"Content-Security-Policy": "default-src 'none'; script-src 'self'", "X-Content-Type-Options": "nosniff"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "index.html").write_text("<title>page</title>")
    for name in ("a.wasm", "a.webmanifest", "a.mjs"):
        (root / name).write_bytes(b"plain")
    (root / "a.wasm.gz").write_bytes(gzip.compress(b"plain"))
    (root / "a.wasm.br").write_bytes(b"brotli")
    (tmp_path / "secret.txt").write_text("secret")
    return root


@pytest.fixture
def connection(folder: Path) -> Iterator[http.client.HTTPConnection]:
    with serving.server(folder, HEADERS, 0) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        assert server.server_address[0] == "127.0.0.1"
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
        yield connection
        connection.close()
        server.shutdown()


def get(connection: http.client.HTTPConnection, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    return response, response.read()


@pytest.mark.parametrize("path", ["/", "/a.wasm", "/missing", "/sub/"])
def test_every_answer_carries_the_policy(connection: http.client.HTTPConnection, path: str) -> None:
    response, _ = get(connection, path)
    assert response.status == (404 if path in {"/missing", "/sub/"} else 200)
    assert {name: response.headers.get_all(name) for name in HEADERS} == {name: [value] for name, value in HEADERS.items()}
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/a.wasm", "application/wasm"),
        ("/a.webmanifest", "application/manifest+json"),
        ("/a.mjs", "text/javascript; charset=utf-8"),
    ],
)
def test_media_types(connection: http.client.HTTPConnection, path: str, kind: str) -> None:
    assert get(connection, path)[0].headers["Content-Type"] == kind


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [("gzip, br;q=1", "br", b"brotli"), ("gzip", "gzip", gzip.compress(b"plain", mtime=0)), ("", None, b"plain"), ("zstd", None, b"plain")],
)
def test_the_smallest_copy_that_is_accepted_is_sent(
    connection: http.client.HTTPConnection, accepted: str, encoding: str | None, body: bytes
) -> None:
    response, data = get(connection, "/a.wasm", Accept_Encoding=accepted)
    assert response.headers["Content-Encoding"] == encoding
    assert (
        (gzip.decompress(data), response.headers["Content-Type"]) == (gzip.decompress(body), "application/wasm")
        if (encoding == "gzip")
        else data == body
    )
    assert response.headers["Vary"] == "Accept-Encoding"


def test_a_known_file_is_not_sent_again_and_a_changed_one_is(connection: http.client.HTTPConnection, folder: Path) -> None:
    tag = get(connection, "/")[0].headers["ETag"]
    response, data = get(connection, "/", If_None_Match=tag)
    assert (response.status, data) == (304, b"")
    (folder / "index.html").write_text("<title>another</title>")
    response, data = get(connection, "/", If_None_Match=tag)
    assert (response.status, data) == (200, b"<title>another</title>")


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/sub/../../secret.txt", "//secret.txt"])
def test_nothing_outside_the_folder_is_served(connection: http.client.HTTPConnection, path: str) -> None:
    response, data = get(connection, path)
    assert response.status == 404
    assert b"secret" not in data


def test_each_host_is_told_every_header(tmp_path: Path) -> None:
    hosting.write(tmp_path, HEADERS)
    for name in ("_headers", "hosting/nginx.conf", "hosting/Caddyfile"):
        text = (tmp_path / name).read_text()
        for header, value in {**HEADERS, "Cache-Control": "no-cache"}.items():
            assert any(header in line and value in line for line in text.splitlines()), f"{name} lacks {header}"
    assert (tmp_path / "_headers").read_text().startswith("/*\n  Content-Security-Policy: default-src")
