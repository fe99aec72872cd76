"""Photo sets come whole or not at all: cut downloads go on, wrong ones are dropped, archives write only what is theirs to write."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import urllib.request
import zipfile
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from safelight.cli.fetch import command
from safelight.errors import FetchError, UsageError
from tests.train.website import Website
from train.data import fingerprint, survey
from train.getting import cifar, unpack, web
from train.getting.download import TRIES, File, download
from train.getting.fetch import fetch
from train.getting.sets import SETS, PhotoSet
from train.getting.unpack import Layout
from train.getting.web import Access, clean, is_public

LOCAL = Access(private=True)
BODY = np.random.default_rng(0).bytes(300_000)


def serve(site: Website, body: bytes = BODY, path: str = "/set.bin") -> File:
    site.files[path] = body
    return File(site.url(path), len(body), hashlib.sha256(body).hexdigest(), path.strip("/"))


def test_a_cut_download_goes_on_where_it_ended(site: Website, tmp_path: Path) -> None:
    file = serve(site)
    site.cuts["/set.bin"] = deque([100_000, 50_000])
    told: list[int] = []
    waits: list[float] = []
    path = download(file, tmp_path, LOCAL, told.append, waits.append)
    assert path.read_bytes() == BODY
    assert [wanted for _, wanted in site.asked] == ["", "bytes=100000-", "bytes=150000-"]
    assert sum(told) == len(BODY)
    assert waits == [1.0, 1.0]  # what brings bytes is no failure
    assert list(tmp_path.iterdir()) == [path]


def test_another_command_goes_on_with_what_an_earlier_one_kept(site: Website, tmp_path: Path) -> None:
    file = serve(site)
    site.cuts["/set.bin"] = deque([100_000] + [0] * TRIES)
    waits: list[float] = []
    with pytest.raises(FetchError, match="100,000 of 300,000 bytes are kept; run the same command again"):
        download(file, tmp_path, LOCAL, pause=waits.append)
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert (tmp_path / "set.bin.part").read_bytes() == BODY[:100_000]
    site.asked.clear()
    assert download(file, tmp_path, LOCAL).read_bytes() == BODY
    assert site.asked == [("/set.bin", "bytes=100000-")]
    site.asked.clear()
    download(file, tmp_path, LOCAL)
    assert site.asked == []  # what is there and right is not asked for


def test_a_server_without_ranges_sends_it_all_again(site: Website, tmp_path: Path) -> None:
    file = serve(site)
    site.no_ranges = True
    (tmp_path / "set.bin.part").write_bytes(b"x" * 1000)
    told: list[int] = []
    assert download(file, tmp_path, LOCAL, told.append).read_bytes() == BODY
    assert sum(told) == len(BODY)


@pytest.mark.parametrize("part", [b"", BODY[:-1000], b"x" + BODY[1:-1000], b"x" * len(BODY), b"x" * (len(BODY) + 1)])
def test_only_the_published_bytes_are_kept(site: Website, tmp_path: Path, part: bytes) -> None:
    file = serve(site)
    (tmp_path / "set.bin.part").write_bytes(part)
    if BODY.startswith(part) or len(part) > len(BODY):
        assert download(file, tmp_path, LOCAL).read_bytes() == BODY
        return
    with pytest.raises(FetchError, match="is not the file that it was"):
        download(file, tmp_path, LOCAL)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_changed_on_the_server_is_refused_and_nothing_is_kept(site: Website, tmp_path: Path) -> None:
    file = serve(site)
    for changed, sentence in ((b"X" + BODY[1:], "is not the file that it was"), (BODY + b"x", "has 300,001 bytes now")):
        site.files["/set.bin"] = changed
        with pytest.raises(FetchError, match=sentence):
            download(file, tmp_path, LOCAL)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "tries", "sentence"), [(404, 1, "answered 404"), (403, 1, "answered 403"), (503, TRIES, "answered 503"), (429, TRIES, "429")]
)
def test_a_busy_server_is_asked_again_and_one_that_refuses_is_not(
    site: Website, tmp_path: Path, status: int, tries: int, sentence: str
) -> None:
    file = serve(site)
    site.answers["/set.bin"] = deque([(status, {"Retry-After": "7"})] * TRIES)
    waits: list[float] = []
    with pytest.raises(FetchError, match=sentence):
        download(file, tmp_path, LOCAL, pause=waits.append)
    assert len(site.asked) == tries
    assert set(waits) <= {7.0}


def test_addresses_of_the_local_network_are_not_asked_unless_allowed(site: Website, tmp_path: Path) -> None:
    file = serve(site)
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 is an address of this machine or the local network"):
        download(file, tmp_path, Access())
    named = replace(file, url=file.url.replace("127.0.0.1", "localhost"))
    with pytest.raises(FetchError, match="is an address of this machine"):
        download(named, tmp_path, Access())
    assert site.asked == []


def test_through_a_proxy_what_the_address_says_is_judged(site: Website, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", site.address)  # on this machine, as such programs are
    monkeypatch.setenv("no_proxy", "")
    file = serve(site, path="/set.bin")
    site.files["http://example.org/set.bin"] = BODY
    assert download(replace(file, url="http://example.org/set.bin"), tmp_path, Access()).read_bytes() == BODY
    assert site.asked == [("http://example.org/set.bin", "")]
    (tmp_path / "set.bin").unlink()
    with pytest.raises(FetchError, match=r"192\.168\.1\.1 is an address"):
        download(replace(file, url="http://192.168.1.1/set.bin"), tmp_path, Access())
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("example.org", True),
        ("10.1.2.3", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:192.168.1.1", False),
        ("224.0.0.1", False),
        ("printer.local", False),
        ("LOCALHOST.", False),
    ],
)
def test_which_hosts_are_of_the_internet(host: str, public: bool) -> None:
    assert is_public(host) == public


@pytest.mark.parametrize(
    ("location", "sentence"),
    [
        ("ftp://127.0.0.1/x", "is not http or https"),
        ("file:///etc/passwd", "302|not http"),
        ("/a", "302"),
        ("http://u:p@127.0.0.1/", "user name"),
    ],
)
def test_redirects_are_few_and_lead_to_http_alone(site: Website, tmp_path: Path, location: str, sentence: str) -> None:
    file = serve(site, path="/a")
    site.answers["/a"] = deque([(302, {"Location": location})] * 50)
    with pytest.raises(FetchError, match=sentence):
        download(file, tmp_path, LOCAL)
    assert len(site.asked) <= 6
    assert list(tmp_path.iterdir()) == []


def test_a_redirect_is_followed_with_its_range(site: Website, tmp_path: Path) -> None:
    file = replace(serve(site, path="/b"), url=site.url("/a"))
    site.answers["/a"] = deque([(302, {"Location": "/b"})])
    (tmp_path / "b.part").write_bytes(BODY[:10])
    assert download(file, tmp_path, LOCAL).read_bytes() == BODY
    assert site.asked == [("/a", "bytes=10-"), ("/b", "bytes=10-")]


def test_a_redirect_never_leaves_encryption() -> None:
    request = urllib.request.Request("https://example.org/a")
    redirect = partial(web._Redirects().redirect_request, request, None, 302, "Found", {})
    assert redirect("https://example.org/b").full_url == "https://example.org/b"
    with pytest.raises(FetchError, match="from https to something else"):
        redirect("http://example.org/b")


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("HTTP://Example.org/a b?q=é#top", "http://example.org/a%20b?q=%C3%A9"),
        ("https://bücher.example/x%20y", "https://xn--bcher-kva.example/x%20y"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
    ],
)
def test_addresses_are_sent_as_servers_want_them(address: str, sent: str) -> None:
    assert clean(address) == sent


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://x/y", "photo.jpg", "http://", "http://u:p@x/", "http://x:99999/", "javascript:1"]
)
def test_what_is_no_web_address_is_refused(address: str) -> None:
    with pytest.raises(FetchError):
        clean(address)


def jpeg(shade: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), (shade, 0, 0)).save(stream, "JPEG")
    return stream.getvalue()


PHOTOS = {f"set/{label}/{number}.jpg": jpeg(40 * number + shade) for shade, label in enumerate(("cat", "dog")) for number in range(4)}
OTHERS = {"set/LICENSE.txt": b"CC BY", "set/cat/Thumbs.db": b"x", "set/cat/._0.jpg": b"x", "readme.txt": b"x", "set/a/b/c.jpg": b"x"}
LAYOUT = Layout("set", ("set/LICENSE.txt",))


def tar_of(files: dict[str, bytes], *more: tarfile.TarInfo) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for member in more:
            archive.addfile(member)
    return stream.getvalue()


def zip_of(files: dict[str, bytes], *more: zipfile.ZipInfo) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
        for member in more:
            archive.writestr(member, "/etc/passwd")
    return stream.getvalue()


def a_set(site: Website, body: bytes, layout: Layout | None = LAYOUT) -> PhotoSet:
    return PhotoSet("photos", (serve(site, body),), "http://origin", "CC BY", layout)


@pytest.mark.parametrize("archive", [tar_of, zip_of])
def test_a_set_becomes_class_folders_with_its_licence(site: Website, tmp_path: Path, archive: Callable[..., bytes]) -> None:
    photo_set = a_set(site, archive(PHOTOS | OTHERS))
    fetched = fetch(photo_set, tmp_path / "pets", LOCAL)
    photos, skipped = fingerprint(survey(tmp_path / "pets").found)
    assert not skipped
    assert {f"set/{photo.name}": photo.sha256 for photo in photos} == {n: hashlib.sha256(d).hexdigest() for n, d in PHOTOS.items()}
    assert fetched.files == len(PHOTOS) + 1
    assert sorted(path.name for path in (tmp_path / "pets").iterdir()) == ["LICENSE.txt", "SOURCE.txt", "cat", "dog"]
    source = (tmp_path / "pets" / "SOURCE.txt").read_text()
    assert photo_set.files[0].sha256 in source
    assert "CC BY" in source
    assert [path.name for path in tmp_path.iterdir()] == ["pets"]  # the download is gone


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def zip_link(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = 0o120777 << 16
    return member


HOSTILE: dict[str, tuple[bytes, str]] = {
    "up": (tar_of({**PHOTOS, "set/../../evil.jpg": b"x"}), "would lie outside"),
    "up in a zip": (zip_of({**PHOTOS, "set/cat/../../../evil.jpg": b"x"}), "would lie outside"),
    "absolute": (tar_of({**PHOTOS, "/tmp/evil.jpg": b"x"}), "would lie outside"),
    "another system's": (zip_of({**PHOTOS, "..\\evil.jpg": b"x"}), "would lie outside"),
    "a drive": (zip_of({**PHOTOS, "C:/evil.jpg": b"x"}), "would lie outside"),
    "a link": (tar_of(PHOTOS, link("set/cat/evil.jpg", "/etc/passwd")), "is a link or a device"),
    "a folder that is a link": (tar_of({}, link("set/cat", "../../..")), "is a link or a device"),
    "a hard link": (tar_of(PHOTOS, link("set/cat/evil.jpg", "set/cat/0.jpg", tarfile.LNKTYPE)), "is a link or a device"),
    "a device": (tar_of(PHOTOS, link("set/cat/evil.jpg", "", tarfile.CHRTYPE)), "is a link or a device"),
    "a link in a zip": (zip_of(PHOTOS, zip_link("set/cat/evil.jpg")), "is a link or a device"),
    "cut": (tar_of(PHOTOS)[:-200], "is damaged"),
    "no archive": (b"hello" * 1000, "is damaged"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_writes_nothing(site: Website, tmp_path: Path, name: str) -> None:
    body, sentence = HOSTILE[name]
    home = tmp_path / "deep" / "home"
    home.mkdir(parents=True)
    with pytest.raises(FetchError, match=sentence):
        fetch(a_set(site, body), home / "pets", LOCAL)
    assert sorted(path.relative_to(home).as_posix() for path in home.rglob("*")) == ["pets.download", "pets.download/set.bin"]
    assert [path.name for path in tmp_path.rglob("evil*")] == []


def test_an_archive_of_two_files_with_one_name_or_too_many_bytes_is_refused(
    site: Website, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice = replace(LAYOUT, papers=("set/LICENSE.txt", "LICENSE.txt"))
    with pytest.raises(FetchError, match=r"two files LICENSE\.txt"):
        fetch(a_set(site, tar_of({**PHOTOS, "set/LICENSE.txt": b"a", "LICENSE.txt": b"b"}), twice), tmp_path / "pets", LOCAL)
    monkeypatch.setattr(unpack, "MAX_BYTES", 100_000)
    with pytest.raises(FetchError, match="holds more than 100,000 bytes"):
        fetch(a_set(site, zip_of({"set/cat/zeros.jpg": bytes(10**6)})), tmp_path / "others", LOCAL)
    assert not (tmp_path / "pets").exists()
    assert not (tmp_path / "others").exists()


def test_photos_that_are_there_are_never_replaced(site: Website, tmp_path: Path) -> None:
    (tmp_path / "pets").mkdir()
    (tmp_path / "pets" / "mine.txt").touch()
    with pytest.raises(UsageError, match="is there already"):
        fetch(a_set(site, tar_of(PHOTOS)), tmp_path / "pets", LOCAL)
    assert site.asked == []


def test_cifar_becomes_png_files_pixel_for_pixel(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    batches = {name: random.integers(0, 256, (20, cifar.RECORD), np.uint8) for name in cifar.FILES}
    for batch in batches.values():
        batch[:, 0] = np.arange(20) % 10
    (tmp_path / "cifar.tgz").write_bytes(tar_of({**{name: batch.tobytes() for name, batch in batches.items()}, "readme.html": b""}))
    assert cifar.unpack(tmp_path / "cifar.tgz", tmp_path / "out", batch=20) == 120
    found = survey(tmp_path / "out")
    assert found.classes == cifar.CLASSES
    assert {split: sum(photo.split == split for photo in found.found) for split in ("train", "test")} == {"train": 100, "test": 20}
    record = batches["cifar-10-batches-bin/data_batch_2.bin"][3]
    pixels = np.asarray(Image.open(tmp_path / "out" / "train" / "cat" / "00023.png"))
    assert pixels[5, 7].tolist() == [record[1 + plane * 1024 + 5 * 32 + 7] for plane in range(3)]
    (tmp_path / "cifar.tgz").write_bytes((tmp_path / "cifar.tgz").read_bytes()[:-100])
    with pytest.raises(FetchError, match="is damaged"):
        cifar.unpack(tmp_path / "cifar.tgz", tmp_path / "again", batch=20)
    for spoilt in (
        {"cifar-10-batches-bin/test_batch.bin": b"short"},
        {"cifar-10-batches-bin/test_batch.bin": b"\xff" * 20 * cifar.RECORD},
        {},
    ):
        (tmp_path / "cifar.tgz").write_bytes(tar_of(spoilt))
        with pytest.raises(FetchError, match=r"is not a batch of CIFAR-10|has no cifar-10-batches-bin/data_batch_1\.bin"):
            cifar.unpack(tmp_path / "cifar.tgz", tmp_path / "again", batch=20)


@pytest.mark.parametrize("name", SETS)
def test_the_command_shows_the_terms_first_and_downloads_nothing_without_a_yes(name: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(command, [name, "--out", str(tmp_path / "set")])
    assert SETS[name].licence in done.output
    assert all(file.url in done.output for file in SETS[name].files)
    assert isinstance(done.exception, UsageError)
    assert "--yes" in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_the_command_fetches_with_a_yes(site: Website, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SETS, "flowers", a_set(site, tar_of(PHOTOS)))
    monkeypatch.setattr("train.getting.fetch.Access", lambda: LOCAL)
    done = CliRunner().invoke(command, ["flowers", "--out", str(tmp_path / "set"), "--yes"], catch_exceptions=False)
    assert f"Next: safelight train {tmp_path / 'set'}" in done.output
    assert len(survey(tmp_path / "set").found) == len(PHOTOS)


def test_every_pinned_file_has_a_whole_sha256_and_comes_encrypted() -> None:
    for photo_set in SETS.values():
        for file in photo_set.files:
            assert re.fullmatch("[0-9a-f]{64}", file.sha256)
            assert file.url.startswith("https://")
