from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from safelight import models
from safelight.decode import Limits, decode
from safelight.errors import SafelightError
from safelight.models.network import Network
from safelight.resize import resize
from train import cache as cache_module
from train.cache import CHUNK, Refusal, open_store
from train.data import Photo, fingerprint, survey
from train.features import Extraction, extract, frozen

BACKBONE = "efficientnet_lite0"
SPEC = models.input_of(BACKBONE)
Look = Callable[..., Extraction]


@pytest.fixture(scope="module")
def network() -> Network:
    return models.build(BACKBONE, pretrained=True)


@pytest.fixture
def look(network: Network, tmp_path: Path) -> Look:
    """Extract into this test's own cache."""

    def look(photos: list[Photo], **changes: object) -> Extraction:
        given = {
            "spec": SPEC,
            "backbone": BACKBONE,
            "cache": tmp_path / "cache",
            "device": torch.device("cpu"),
            "console": Console(quiet=True),
        }
        return extract(photos, network, **{**given, **changes})  # type: ignore[arg-type]

    return look


@pytest.fixture
def some(photos: Path) -> list[Photo]:
    return fingerprint(survey(photos).found)[0][:12]


def chunks(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache").rglob("*.npz"))


def test_a_refusal_by_other_limits_is_not_remembered(look: Look, some: list[Photo]) -> None:
    small = look(some, limits=Limits(pixels=10))
    assert {refusal.reason for refusal in small.refused.values()} == {"too-large"}
    again = look(some)
    assert (len(again.features), again.refused) == (len(some), {})


def test_features_are_the_networks_own(look: Look, some: list[Photo], network: Network) -> None:
    found = look(some, cache=None)
    pixels = torch.from_numpy(np.stack([resize(decode(photo.path), SPEC) for photo in some])).float()
    with torch.inference_mode():
        wanted = network.features(pixels).numpy()
    got = np.stack([found.features[photo.sha256] for photo in some])
    assert np.abs(got - wanted).max() < 2e-4  # measured 1.6e-5: batch norms are folded and channels come last
    assert np.abs(got - np.roll(wanted, 1, axis=0)).max() > 0.1


def test_a_second_look_opens_no_file(look: Look, some: list[Photo]) -> None:
    first = look(some)
    for photo in some:
        photo.path.unlink()
    second = look(some)
    assert (first.computed, second.computed) == (12, 0)
    assert all(np.array_equal(first.features[name], second.features[name]) for name in first.features)


def test_a_photos_features_depend_on_its_bytes_alone(look: Look, some: list[Photo], tmp_path: Path) -> None:
    together, alone = look(some), look(some[5:6], cache=tmp_path / "other")
    assert np.array_equal(together.features[some[5].sha256], alone.features[some[5].sha256])


def test_a_broken_photo_is_remembered_with_its_reason(look: Look, some: list[Photo]) -> None:
    some[0].path.write_bytes(some[0].path.read_bytes()[:700])
    photos = [replace(some[0], sha256="0" * 64), *some[1:]]
    assert look(photos).refused["0" * 64].reason == "truncated"
    some[0].path.unlink()
    again = look(photos)
    assert again.computed == 0
    assert again.refused["0" * 64].reason == "truncated"
    assert str(some[0].path) not in again.refused["0" * 64].message


@pytest.mark.parametrize("change", ["filter", "view", "weights"])
def test_what_features_depend_on_is_part_of_the_key(look: Look, some: list[Photo], network: Network, change: str) -> None:
    look(some[:2])
    if change == "filter":
        other = look(some[:2], spec=models.InputSpec(size=SPEC.size, resize_to=SPEC.resize_to, filter="bicubic"))
    elif change == "view":
        other = look(some[:2], view="flipped")
    else:
        last = next(reversed(list(network.trunk.parameters())))
        with torch.no_grad():
            last[0] += 1
        try:
            other = look(some[:2])
        finally:
            with torch.no_grad():
                last[0] -= 1
    assert other.computed == 2


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def fill_with_text(path: Path) -> None:
    path.write_text("not a chunk")


@pytest.mark.parametrize("damage", [cut_short, flip_a_bit, empty, fill_with_text])
def test_a_damaged_cache_file_is_found_and_computed_again(
    look: Look, some: list[Photo], tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    first = look(some[:3])
    (chunk,) = chunks(tmp_path)
    damage(chunk)
    again = look(some[:3])
    assert (again.damaged, again.computed) == (1, 3)
    assert all(np.array_equal(first.features[name], again.features[name]) for name in first.features)
    assert look(some[:3]).computed == 0


def test_an_interrupted_look_goes_on_where_it_stopped(
    ctrl_c: Callable[[], None], look: Look, some: list[Photo], monkeypatch: pytest.MonkeyPatch
) -> None:
    add = cache_module.Store.add
    added: list[str] = []

    def add_then_interrupt(store: cache_module.Store, digest: str, outcome: np.ndarray | Refusal) -> None:
        add(store, digest, outcome)
        added.append(digest)
        if len(added) == 5:
            ctrl_c()

    monkeypatch.setattr(cache_module.Store, "add", add_then_interrupt)
    with pytest.raises(KeyboardInterrupt):
        look(some)
    monkeypatch.undo()
    assert look(some).computed == 12 - 5


def test_chunks_are_written_as_it_goes(tmp_path: Path) -> None:
    store = open_store(tmp_path, {"test": 1})
    for index in range(CHUNK + 3):
        store.add(f"{index:064x}", np.full(4, index, np.float32))
    reread = open_store(tmp_path, {"test": 1})
    reread.load({f"{index:064x}" for index in range(CHUNK + 3)})
    assert len(reread.features) == CHUNK  # what a power cut leaves
    assert reread.features[f"{7:064x}"].tolist() == [7.0] * 4


def test_a_cache_that_cannot_be_written_says_so(look: Look, some: list[Photo], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SafelightError, match=r"can't be kept in .* --no-cache"):
        look(some[:1], cache=tmp_path / "file")


def test_the_number_of_threads_is_put_back(look: Look, some: list[Photo]) -> None:
    before = torch.get_num_threads()
    look(some[:1])
    assert torch.get_num_threads() == before


def test_freezing_leaves_the_network_as_it_was(network: Network) -> None:
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    frozen(network, torch.device("cpu"))
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
