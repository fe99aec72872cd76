"""`verify --phone`: a real Chromium that calls itself a phone's opens the address that the real command prints."""

from __future__ import annotations

import dataclasses
import http.client
import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from export.parity.browsers import answers, chromium, firefox, phone
from export.parity.browsers.phone import PhoneOptions
from export.parity.browsers.server import Server
from export.parity.photos import golden_photos, prepare
from export.parity.verify import VerifyOptions, verify
from safelight import site
from safelight.bundle import open_bundle
from safelight.errors import BundleError, RuntimeUnavailable, UsageError

ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36"
WEBGPU = "phone/onnxruntime-web-webgpu/onnx-fp32"
PLANNED = ("phone/tfjs-wasm/tfjs-fp32", "phone/tfjs-webgl/tfjs-fp32", WEBGPU)


@pytest.fixture(autouse=True)
def page(request: pytest.FixtureRequest) -> None:
    """Skip where the built page is missing and the test needs it."""
    if "bundle" in request.fixturenames:
        try:
            site.app_folder()
        except BundleError as error:
            pytest.skip(str(error))


@contextmanager
def asking(bundle: Path, *words: object) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """The command once it has printed its address: the process, the address, what it said on stderr until then."""
    command = [sys.executable, "-m", "safelight", "verify", str(bundle), "--browsers", "none", "--phone", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said: list[str] = []
        try:
            while not said or not said[-1].startswith("http"):
                said.append(process.stderr.readline().rstrip("\n"))
                assert process.poll() is None, "\n".join(said) + process.stderr.read()
            yield process, said[-1], said
        finally:
            process.kill()


@contextmanager
def opened(url: str, profile: Path) -> Iterator[None]:
    """A headless Chromium that calls itself a phone's."""
    program = chromium.find()
    if program is None:
        pytest.skip(chromium.MISSING)
    *words, last = chromium.command(program, profile, url)
    with subprocess.Popen([*words, f"--user-agent={ANDROID}", last], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def status(url: str, get: Callable[..., Any] = urllib.request.urlopen, data: bytes | None = None) -> int:
    try:
        return int(get(url, data=data, timeout=20).status)
    except urllib.error.HTTPError as error:
        return error.code


def is_open(url: str) -> bool:
    parts = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname, parts.port)) == 0


@pytest.mark.browser
def test_the_phone_that_opens_the_address_becomes_rows_and_no_second_one_does(bundle: Path, tmp_path: Path) -> None:
    try:
        address = phone.local_address()
    except RuntimeUnavailable as error:
        pytest.skip(str(error))
    reports = {name: tmp_path / f"report.{name}" for name in ("json", "junit", "html")}
    options = [word for name, path in reports.items() for word in (f"--{name}", path)]
    words = ("--runtimes", ",".join(PLANNED), "--slow-images", 1, "--require", "phone/tfjs-webgl", *options)
    with asking(bundle, *words) as (process, url, said):
        assert process.stderr is not None
        assert urlsplit(url).hostname == address
        assert sum(set(line) <= set("█▀▄ ") and len(line) > 20 for line in said) > 15  # the QR code; test_qr.py reads it
        token = urlsplit(url).path.strip("/")
        assert status(url.replace(token, token[::-1])) == 404
        with opened(url, tmp_path / "profile"):
            while process.stderr.readline().strip() not in ("… phone", ""):
                continue
            with pytest.raises(urllib.error.HTTPError, match="403") as refused:
                urllib.request.urlopen(url)
            assert "Another device has opened this address already" in refused.value.read().decode()
            assert status(f"{url}photos/0") == status(f"{url}claim", data=b"") == status(f"{url}done", data=b"{}") == 403
            process.stderr.read()
            assert process.wait(timeout=60) == 0
    assert not is_open(url)
    report = json.loads(reports["json"].read_text())
    assert report["runtimes"].keys() == set(PLANNED)
    gpu = report["runtimes"].pop(WEBGPU)
    assert (gpu["status"], "needs a page on https" in gpu["reason"]) == ("skipped", True)
    for name, row in report["runtimes"].items():
        assert (row["status"], row["images"]) == ("pass", 1 if "webgl" in name else 13), row["reason"]
        assert 0 < row["max_abs_probability"] < 5e-5
        assert row["stages"]["decode"] == {
            "files": 13,
            "identical": 13,
            "max_abs": 0,
            "max_abs_probability": 0.0,
        }  # checksums on plain http
    assert report["devices"]["phone"].startswith(ANDROID)
    for path in reports.values():
        assert ANDROID in path.read_text()


def test_ctrl_c_ends_the_server(bundle: Path) -> None:
    with asking(bundle, "--phone-address", "127.0.0.1") as (process, url, _):
        assert is_open(url)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
    assert not is_open(url)


def test_a_phone_that_nobody_opens_is_skipped_and_fails_where_it_is_required(bundle: Path) -> None:
    addresses: list[str] = []
    asked = PhoneOptions("127.0.0.1", 0.1, addresses.append)
    options = VerifyOptions(runtimes=("phone", "onnxruntime/onnx-fp32"), browsers=(), phone=asked, require=("phone",))
    report = verify(open_bundle(bundle), options)
    rows = [row for name, row in report.runtimes.items() if name.startswith("phone/")]
    assert len(rows) == 8  # four runtimes, each in fp32 and fp16
    assert {row.status for row in rows} == {"skipped"}
    assert "nobody opened the page within 0 s" in rows[0].reason
    assert report.devices == {}
    (problem,) = report.problems
    assert problem.startswith("phone is required and did not pass: nobody opened the page")
    assert not report.passed
    assert dataclasses.replace(report, problems=()).passed  # where it is not required
    assert not is_open(addresses[0])


def test_a_phone_that_falls_silent_is_a_failure(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "SILENCE_LIMIT", 0.5)
    claimed = PhoneOptions("127.0.0.1", announce=lambda url: urllib.request.urlopen(f"{url}claim", data=b"").close())
    report = verify(open_bundle(bundle), VerifyOptions(runtimes=("phone",), browsers=(), phone=claimed))
    assert {(row.status, row.reason) for row in report.runtimes.values()} == {
        ("fail", "phone: the page said nothing for 0 s and was given up")
    }


@pytest.mark.browser
@pytest.mark.parametrize("user_agent", ["", "a browser of tomorrow"])
def test_a_known_difference_is_excused_only_in_an_engine_that_the_phone_has(bundle: Path, tmp_path: Path, user_agent: str) -> None:
    """Firefox enlarges the chroma of AVIF 4:2:0 otherwise (known.py); under another name nothing excuses that."""
    program = firefox.find()
    if program is None:
        pytest.skip(firefox.MISSING)
    profile, images = tmp_path / "profile", tmp_path / "images"
    profile.mkdir()
    images.mkdir()
    data = pytest.importorskip("skimage.data")
    Image.fromarray(data.coffee()).save(images / "coffee.avif", quality=90, subsampling="4:2:0")
    environment = os.environ | firefox.prepare(profile)
    if user_agent:
        with (profile / "user.js").open("a") as preferences:
            preferences.write(f'user_pref("general.useragent.override", "{user_agent}");\n')
    started: list[subprocess.Popen[bytes]] = []

    def launch(url: str) -> None:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started.append(subprocess.Popen(firefox.command(program, profile, url), env=environment, start_new_session=True, **quiet))

    asked = PhoneOptions("127.0.0.1", announce=launch)
    options = VerifyOptions(images=images, runtimes=("phone/tfjs-wasm/tfjs-fp32",), browsers=(), phone=asked)
    try:
        (row,) = verify(open_bundle(bundle), options).runtimes.values()
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if user_agent:
        assert (row.status, row.explained) == ("fail", ())
        assert "1 of 14 photos become other pixels" in row.reason
    else:
        assert row.status == "pass", row.reason
        assert [one.file for one in row.explained] == ["coffee.avif"]


@pytest.fixture
def server(bundle: Path) -> Iterator[Server]:
    opened = open_bundle(bundle)
    photo = golden_photos(opened)[:1]
    with Server(site.app_folder(), opened, list(prepare(photo, opened.spec.input)), []) as running:
        yield running


def test_the_first_claims_and_may_reload_and_all_others_are_refused(server: Server) -> None:
    jar = http.cookiejar.CookieJar()
    first, second = (urllib.request.build_opener(urllib.request.HTTPCookieProcessor(each)).open for each in (jar, None))
    url = server.url
    assert (status(url, first), status(url, second)) == (200, 200)  # a preview of the address claims nothing
    private = ("plan.json", "bundle/spec.json", "photos/0")
    assert {status(f"{url}{path}", get) for path in private for get in (first, second)} == {403}
    assert status(f"{url}stages/0", first, b"{}") == 403
    assert [status(f"{url}claim", get, b"") for get in (first, second, first)] == [200, 403, 200]
    assert {status(f"{url}{path}", first) for path in ("", *private)} == {200}
    assert {status(f"{url}{path}", second) for path in ("", "verify.html", *private)} == {403}
    (cookie,) = jar
    forged = urllib.request.Request(f"{url}plan.json", headers={"cookie": f"{cookie.name}={cookie.value[:-1]}~"})
    assert status(forged.full_url, lambda _, **options: urllib.request.urlopen(forged)) == 403


def test_a_connection_that_is_still_open_gets_nothing_once_the_test_is_over(bundle: Path) -> None:
    with Server(site.app_folder(), open_bundle(bundle), [], []) as server:
        parts = urlsplit(server.url)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=20)
        found = [ask_again(connection, parts.path)]
    found.append(ask_again(connection, parts.path))
    connection.close()
    assert found == [200, 404]


def ask_again(connection: http.client.HTTPConnection, path: str) -> int:
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    return response.status


def test_what_is_posted_must_be_a_report(server: Server) -> None:
    get = urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open
    assert status(f"{server.url}claim", get, b"") == 200
    assert [status(f"{server.url}stages/0", get, data) for data in (b"{", b"[1]", b"\xff", b'{"verdict": "ok"}')] == [400, 400, 400, 200]
    assert [server.events.get(timeout=5).kind for _ in range(2)] == ["claimed", "stages"]
    assert server.events.empty()


@pytest.mark.parametrize(
    ("tail", "engine"),
    [
        ("(Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36", "chromium"),
        ("(Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Safari/537.36", "chromium"),
        ("(iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/604.1", "webkit"),
        ("(iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0 Safari/604.1", "webkit"),
        ("(iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/143.0 Safari/605.1.15", "webkit"),
        ("(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15", "webkit"),
        ("(Android 15; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0", "firefox"),
        ("(a browser of tomorrow)", ""),
    ],
)
def test_the_engine_behind_a_phones_browser(tail: str, engine: str) -> None:
    assert phone.engine({"user_agent": f"Mozilla/5.0 {tail}"}) == engine


def test_a_page_that_says_nothing_of_itself_has_no_engine() -> None:
    assert phone.engine({}) == ""


def test_a_description_is_one_line_of_text_and_has_an_end() -> None:
    assert phone.describe({"user_agent": "a\n\x1bb", "processors": 8, "graphics": "g" * 999}) == f"a b; 8 processors; {'g' * 400}"


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("", ("", 0)),
        ("10.0.0.7", ("10.0.0.7", 0)),
        ("laptop.local:8000", ("laptop.local", 8000)),
        ("fd00::2", ("fd00::2", 0)),
        ("[fd00::2]:8000", ("fd00::2", 8000)),
    ],
)
def test_an_address_is_a_host_and_perhaps_a_port(address: str, parts: tuple[str, int]) -> None:
    assert phone.split(address) == parts


def test_an_address_of_another_machine_or_no_port_is_wrong_usage(bundle: Path) -> None:
    for address, why in (
        ("203.0.113.1", "can't be listened on"),
        ("0.0.0.0", "it stands for every address"),
        ("10.0.0.7:http", "no HOST or HOST:PORT"),
    ):
        with pytest.raises(UsageError, match=re.escape(address)) as error:
            verify(open_bundle(bundle), VerifyOptions(runtimes=("phone",), browsers=(), phone=PhoneOptions(address)))
        assert why in str(error.value)


def test_only_an_address_of_a_local_network_is_chosen() -> None:
    assert [phone.judged(address) for address in ("192.168.1.5", "10.0.0.7", "172.20.10.2")] == ["192.168.1.5", "10.0.0.7", "172.20.10.2"]
    for address, why in (("127.0.0.1", "no address on a network"), ("8.8.8.8", "open to all the internet")):
        with pytest.raises(RuntimeUnavailable, match=why):
            phone.judged(address)
