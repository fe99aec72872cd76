"""Firefox and WebKitGTK driven by the protocols that they bring themselves: Marionette over TCP, WebDriver over HTTP."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from export.parity.browsers import firefox, webkit

STARTS_IN = 60.0  # seconds
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element's reference, from the WebDriver specification
TEXT = "return document.body.innerText"
WEBKIT_DRIVER = "WebKitWebDriver"
NONE: Mapping[str, bool] = {}


class Engine(Protocol):
    """A browser window."""

    def open(self, url: str) -> None:
        """Navigate, until the page is loaded."""

    def evaluate(self, script: str) -> Any:
        """The value of `return …` in the page."""

    def upload(self, selector: str, paths: list[Path]) -> None:
        """Choose files in an <input type=file>."""


def wait(engine: Engine, condition: str, seconds: float = STARTS_IN) -> None:
    """Until a JavaScript expression is true."""
    end = time.monotonic() + seconds
    while not engine.evaluate(f"return Boolean({condition})"):
        assert time.monotonic() < end, f"not within {seconds} s: {condition}. The page says: {engine.evaluate(TEXT)}"
        time.sleep(0.1)


def missing(name: str) -> str | None:
    """Why an engine can't be driven here."""
    if name == "firefox":
        return None if firefox.find() else firefox.MISSING
    return None if webkit.find() and shutil.which(WEBKIT_DRIVER) else f"{webkit.MISSING}, with {WEBKIT_DRIVER}"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def start(name: str, profile: Path, preferences: Mapping[str, bool] = NONE) -> Iterator[Engine]:
    """A fresh browser; `profile` is an empty folder, `preferences` are Firefox's."""
    with _firefox(profile, preferences) if name == "firefox" else _webkit(profile) as engine:
        yield engine


@contextmanager
def _firefox(profile: Path, preferences: Mapping[str, bool]) -> Iterator[Engine]:
    port, program = free_port(), firefox.find()
    assert program is not None
    environment = firefox.prepare(profile)
    with (profile / "user.js").open("a", encoding="utf-8") as file:
        for name, value in {**preferences, "marionette.port": port}.items():
            file.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
    command = firefox.command(program, profile, "about:blank")
    with running([*command[:-1], "--marionette", command[-1]], environment), _connected(port) as link:
        yield Marionette(link)


@contextmanager
def _connected(port: int) -> Iterator[socket.socket]:
    end = time.monotonic() + STARTS_IN
    while True:
        try:
            link = socket.create_connection(("127.0.0.1", port), timeout=120)
            break
        except OSError:
            assert time.monotonic() < end, "Firefox does not open its Marionette port"
            time.sleep(0.1)
    with link:
        yield link


class Marionette:
    """Messages are JSON lists behind their length: [0, id, command, parameters] → [1, id, error, result]."""

    def __init__(self, link: socket.socket) -> None:
        self._stream = link.makefile("rwb")
        self._id = 0
        self._read()  # a greeting
        self.call("WebDriver:NewSession", {})

    def call(self, command: str, parameters: dict[str, Any]) -> Any:
        self._id += 1
        message = json.dumps([0, self._id, command, parameters]).encode()
        self._stream.write(b"%d:%s" % (len(message), message))
        self._stream.flush()
        _, _, error, result = self._read()
        assert error is None, error
        return result

    def _read(self) -> Any:
        size = b""
        while not size.endswith(b":"):
            byte = self._stream.read(1)
            assert byte, "Firefox has ended"
            size += byte
        return json.loads(self._stream.read(int(size[:-1])))

    def open(self, url: str) -> None:
        self.call("WebDriver:Navigate", {"url": url})

    def evaluate(self, script: str) -> Any:
        return self.call("WebDriver:ExecuteScript", {"script": script, "args": []})["value"]

    def upload(self, selector: str, paths: list[Path]) -> None:
        element = self.call("WebDriver:FindElement", {"using": "css selector", "value": selector})["value"][ELEMENT]
        self.call("WebDriver:ElementSendKeys", {"id": element, "text": "\n".join(map(str, paths))})


@contextmanager
def _webkit(profile: Path) -> Iterator[Engine]:
    port, program = free_port(), webkit.find()
    assert program is not None
    command = [webkit.SCREEN, "--auto-servernum", WEBKIT_DRIVER, f"--port={port}"]
    with running(command, webkit.prepare(profile)), _connected(port):
        driver = WebDriver(f"http://127.0.0.1:{port}", program)
        try:
            yield driver
        finally:
            driver.close()


class WebDriver:
    """The W3C protocol."""

    def __init__(self, address: str, program: str) -> None:
        self._address = address
        options = {"binary": program, "args": ["--automation"]}
        found = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}})
        self._address = f"{address}/session/{found['sessionId']}"

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._address + path, data, {"content-type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                return json.loads(response.read())["value"]
        except urllib.error.HTTPError as error:  # its body says what was wrong
            raise AssertionError(f"{method} {path}: {error.read().decode()[:500]}") from error

    def open(self, url: str) -> None:
        self._call("POST", "/url", {"url": url})

    def evaluate(self, script: str) -> Any:
        return self._call("POST", "/execute/sync", {"script": script, "args": []})

    def upload(self, selector: str, paths: list[Path]) -> None:
        element = self._call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]
        self._call("POST", f"/element/{element}/value", {"text": "\n".join(map(str, paths))})

    def close(self) -> None:
        self._call("DELETE", "")
