"""What the page's server does for its page, and what it refuses everybody else."""

from __future__ import annotations

import http.client
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from train.cleaning.server import HEADERS, MAX_POST, CleanServer


def ask(
    server: CleanServer, method: str, path: str, body: object = None, *, token: str | None = None, **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    sent = {"Origin": server.origin, "Content-Type": "application/json"} if method == "POST" else {}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    connection.request(
        method, f"/{server.token if token is None else token}/{path}", data, {name: value for name, value in sent.items() if value}
    )
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response, content


def state(server: CleanServer) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(ask(server, "GET", "state")[1])
    return content


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_it_listens_on_this_machine_alone(server: CleanServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert len(server.token) >= 32


def test_the_queues_hold_what_was_planted(server: CleanServer) -> None:
    seen = state(server)
    names = {queue["title"]: [seen["photos"][entry["photo"]]["name"] for entry in queue["entries"]] for queue in seen["queues"]}
    assert names["Broken"] == ["test/brick/<b>broken.jpg"]
    assert names["Leaks between splits"] == [name for name in names["Leaks between splits"] if name.startswith("train/gravel/")]
    assert len(names["Leaks between splits"]) == 1  # the one in test is kept
    assert "train/brick/conflict.jpg" in names["One picture, two labels"]
    assert len(names["One picture, two labels"]) == 2
    assert len(names["Copies"]) == 1
    assert seen["classes"] == ["brick", "gravel"]
    assert str(Path.cwd()) not in json.dumps(seen)


def test_moves_and_their_undoing(server: CleanServer, faulty: Path) -> None:
    before = tree(faulty)
    numbers = {photo["name"]: photo["number"] for photo in state(server)["photos"]}
    response, content = ask(server, "POST", "quarantine", {"photo": numbers["test/brick/<b>broken.jpg"], "why": "truncated"})
    assert (response.status, json.loads(content)["photo"]["state"]) == (200, "quarantine")
    assert tree(faulty.with_name("photos.quarantine")) == {"journal.jsonl", "test/brick/<b>broken.jpg"}
    response, content = ask(server, "POST", "relabel", {"photo": numbers["train/brick/conflict.jpg"], "label": "gravel"})
    assert json.loads(content)["photo"]["label"] == "gravel"
    assert tree(faulty) == before - {"test/brick/<b>broken.jpg", "train/brick/conflict.jpg"} | {"train/gravel/conflict.jpg"}
    assert state(server)["undoable"] == 2
    assert ask(server, "GET", f"photo/{numbers['train/brick/conflict.jpg']}")[0].status == 200  # wherever it lies now
    assert json.loads(ask(server, "POST", "undo", {})[1])["photo"]["state"] == "there"
    assert ask(server, "POST", "undo", {})[0].status == 200
    assert tree(faulty) == before
    assert ask(server, "POST", "undo", {})[0].status == 409


def test_a_picture_is_a_jpeg_of_ours_and_a_broken_file_is_none(server: CleanServer) -> None:
    for photo in state(server)["photos"]:
        response, content = ask(server, "GET", f"photo/{photo['number']}")
        assert response.status == (404 if "broken" in photo["name"] else 200)
        if response.status == 200:
            assert response.headers["Content-Type"] == "image/jpeg"
            assert max(Image.open(io.BytesIO(content)).size) <= 1024


@pytest.mark.parametrize("path", ["", "page.js", "page.css", "state", "photo/0", "photo/999", "nothing"])
def test_every_answer_carries_the_policy(server: CleanServer, path: str) -> None:
    response, _ = ask(server, "GET", path)
    assert {name: response.headers.get_all(name) for name in HEADERS} == {name: [value] for name, value in HEADERS.items()}
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
    assert response.headers["Access-Control-Allow-Origin"] is None


@pytest.mark.parametrize("path", ["", "state", "photo/0", "page.js"])
@pytest.mark.parametrize("token", ["", "x", "A" * 32, "..", "é"])
def test_without_the_token_there_is_nothing(server: CleanServer, path: str, token: str) -> None:
    from urllib.parse import quote

    assert ask(server, "GET", path, token=quote(token))[0].status == 404


@pytest.mark.parametrize(
    "path",
    [
        "../state",
        "photo/../state",
        "photo/-1",
        "photo/1e0",
        "photo/%2e%2e",
        "photo/0/../../x",
        "../../../../etc/passwd",
        "page/page.html",
        "photo/²",
        "photo/" + "9" * 5000,
    ],
)
def test_there_is_no_path_to_traverse(server: CleanServer, path: str) -> None:
    from urllib.parse import quote

    assert ask(server, "GET", quote(path, safe="/%."))[0].status == 404


FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": ""},
    {"Origin": "null"},
    {"Content_Type": "text/plain"},  # what a form of another page can send without asking
    {"Content_Type": "application/x-www-form-urlencoded"},
    {"Host": "evil.example"},  # a name that somebody pointed to this machine
]


@pytest.mark.parametrize("headers", FOREIGN, ids=lambda headers: " ".join(f"{name}={value}" for name, value in headers.items()))
def test_a_page_from_elsewhere_moves_nothing_though_it_had_the_token(server: CleanServer, faulty: Path, headers: dict[str, str]) -> None:
    before = tree(faulty)
    response, _ = ask(server, "POST", "quarantine", {"photo": 0, "why": ""}, **headers)
    assert response.status in (403, 404)
    assert tree(faulty) == before
    assert ask(server, "POST", "quarantine", {"photo": 0, "why": ""})[0].status == 200  # what it would have done


def test_a_preflight_is_never_answered(server: CleanServer) -> None:
    assert ask(server, "OPTIONS", "quarantine", Origin="http://evil.example")[0].status == 501


@pytest.mark.parametrize(
    ("what", "body", "status"),
    [
        ("quarantine", {"photo": 999, "why": ""}, 409),
        ("quarantine", {"photo": -1, "why": ""}, 409),
        ("quarantine", {"photo": True, "why": ""}, 400),
        ("quarantine", {"photo": "../../x", "why": ""}, 400),
        ("quarantine", {"why": ""}, 400),
        ("quarantine", b"[" * 3000, 400),
        ("quarantine", b"not json", 400),
        ("quarantine", b"x" * (MAX_POST + 1), 404),
        ("relabel", {"photo": 0, "label": "../../outside"}, 409),
        ("relabel", {"photo": 0, "label": "cats"}, 409),
        ("delete", {"photo": 0}, 404),
    ],
)
def test_what_makes_no_sense_moves_nothing(server: CleanServer, faulty: Path, what: str, body: object, status: int) -> None:
    before = tree(faulty.parent)
    assert ask(server, "POST", what, body)[0].status == status
    assert tree(faulty.parent) == before


def test_a_photo_that_was_moved_is_not_moved_again(server: CleanServer) -> None:
    assert ask(server, "POST", "quarantine", {"photo": 0, "why": ""})[0].status == 200
    response, content = ask(server, "POST", "quarantine", {"photo": 0, "why": ""})
    assert response.status == 409
    assert "undo that first" in json.loads(content)["said"]
