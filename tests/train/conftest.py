"""Real photographs of surfaces in temporary folders, and one training that many tests look at."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import train
from tests.train.website import Website, website
from train.demo import write_photos
from train.options import TrainOptions

CLASSES = ("brick", "grass", "gravel")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "surfaces"
    write_photos(folder)
    return folder


@pytest.fixture
def photos(demo: Path, tmp_path: Path) -> Path:
    """Ten photos of each of three classes, without splits; yours to spoil."""
    return copy_photos(demo, tmp_path / "photos", dict.fromkeys(CLASSES, 10))


@pytest.fixture(scope="session")
def messy(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one of everything that goes wrong in real ones."""
    folder = copy_photos(demo, tmp_path_factory.mktemp("messy") / "my <b>photos", {"brick": 16, "wet-grass": 8, "gravel": 12})
    brick = sorted((folder / "brick").iterdir())
    shutil.copy(brick[0], folder / "brick" / "again.jpg")
    shutil.copy(brick[1], folder / "gravel" / "wrong-label.jpg")
    (folder / "brick" / "deep").mkdir()
    shutil.move(brick[2], folder / "brick" / "deep" / "found.JPG")
    (folder / "gravel" / "cut.jpg").write_bytes(brick[3].read_bytes()[:900])
    (folder / "gravel" / "empty.png").touch()
    (folder / "gravel" / "<script>alert(1)<script>.jpg").write_text("not a photo")
    (folder / "gravel" / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic")
    (folder / "gravel" / "gone.jpg").symlink_to(folder / "nowhere.jpg")
    (folder / "gravel" / "up").symlink_to(folder)
    (folder / "loop").symlink_to(folder)
    (folder / ".hidden").mkdir()
    shutil.copy(brick[4], folder / ".hidden" / "secret.jpg")
    return folder


@pytest.fixture(scope="session")
def trained(messy: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> train.TrainResult:
    return train.run(messy, tmp_path_factory.mktemp("runs") / "surfaces", TrainOptions(cache=cache))


@pytest.fixture
def fit(cache: Path, tmp_path: Path) -> Callable[..., train.TrainResult]:
    """Train with the tests' shared cache into a fresh folder."""

    def fit(photos: Path, name: str = "run", **options: object) -> train.TrainResult:
        return train.run(photos, tmp_path / name, TrainOptions(**{"cache": cache, **options}))  # type: ignore[arg-type]

    return fit


def copy_photos(demo: Path, folder: Path, counts: dict[str, int]) -> Path:
    """`counts` photos of each class, evenly from the demo set's training region; "wet-grass" is grass."""
    for label, count in counts.items():
        source = sorted((demo / "train" / label.split("-")[-1]).iterdir())
        (folder / label).mkdir(parents=True)
        for index in range(count):
            shutil.copy(source[index * len(source) // count], folder / label)
    return folder


@pytest.fixture
def ctrl_c() -> Iterator[Callable[[], None]]:
    """What the terminal does on Ctrl-C, also where the tests run in the background of a shell, which ignores SIGINT there."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: signal.raise_signal(signal.SIGINT)
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Website]:
    """A server of its own for each test, which no proxy of the machine stands before."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with website() as found:
        yield found
