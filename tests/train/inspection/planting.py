"""A photo set with known faults, made from a clean one: `plant` copies photos into train, validation and test, and spoils some."""

from __future__ import annotations

import io
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

EXACT, NEAR, CORRUPT, WRONG = 20, 20, 10, 10


@dataclass
class Planted:
    """What was done; names relative to the folder, forward slashes."""

    folder: Path
    exact: list[tuple[str, str]] = field(default_factory=list)  # original, copy
    near: list[tuple[str, str]] = field(default_factory=list)
    corrupt: dict[str, str] = field(default_factory=dict)  # name → reason
    wrong: dict[str, str] = field(default_factory=dict)  # name → the class that it really is


def plant(originals: dict[str, Sequence[Path]], folder: Path, seed: int = 0) -> Planted:
    """`originals`: class → clean photos, at least 40 each. 60 % go to train, 20 % each to validation and test."""
    dice = random.Random(seed)
    done = Planted(folder)
    names: list[str] = []
    for label, paths in originals.items():
        for index, path in enumerate(paths):
            split = ("train", "train", "train", "validation", "test")[index % 5]
            names.append(f"{split}/{label}/{index:04}{path.suffix.lower()}")
            (folder / names[-1]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / names[-1])
    dice.shuffle(names)
    classes = sorted(originals)
    for number in range(WRONG):
        name = names.pop()
        split, label, file = name.split("/")
        other = classes[(classes.index(label) + 1) % len(classes)]
        moved = f"{split}/{other}/wrong-{number}-{file}"
        (folder / name).rename(folder / moved)
        done.wrong[moved] = label
    for number in range(EXACT):
        name = names.pop()
        copy = elsewhere(name, number, classes, f"exact-{number}.jpg")
        shutil.copy(folder / name, folder / copy)
        done.exact.append((name, copy))
    for number in range(NEAR):
        name = names.pop()
        edit, suffix = EDITS[number % len(EDITS)]
        copy = elsewhere(name, number, classes, f"near-{number}{suffix}")
        with Image.open(folder / name) as image:
            (folder / copy).write_bytes(edit(image.convert("RGB")))
        done.near.append((name, copy))
    for number in range(CORRUPT):
        name = names.pop()
        spoil, reason = DAMAGE[number % len(DAMAGE)]
        (folder / name).write_bytes(spoil((folder / name).read_bytes()))
        done.corrupt[name] = reason
    return done


def elsewhere(name: str, number: int, classes: Sequence[str], file: str) -> str:
    """Where a copy goes: of ten, five beside the original, three into another split, two into another class."""
    split, label, _ = name.split("/")
    if number % 10 in (5, 6, 7):
        split = {"train": "test", "validation": "train", "test": "train"}[split]
    elif number % 10 in (8, 9):
        label = classes[(classes.index(label) + 1) % len(classes)]
    return f"{split}/{label}/{file}"


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def scaled(image: Image.Image, factor: float) -> Image.Image:
    return image.resize((max(1, round(image.width * factor)), max(1, round(image.height * factor))), Image.Resampling.BICUBIC)


EDITS: list[tuple[Callable[[Image.Image], bytes], str]] = [
    (lambda image: saved(scaled(image, 0.5), "JPEG", quality=85), ".jpg"),
    (lambda image: saved(image, "JPEG", quality=30), ".jpg"),
    (lambda image: saved(image, "PNG"), ".png"),
    (lambda image: saved(image, "WEBP", quality=60), ".webp"),
    (lambda image: saved(scaled(image, 1.7), "JPEG", quality=75), ".jpg"),
    (lambda image: saved(image.convert("L"), "JPEG", quality=80), ".jpg"),
    (lambda image: saved(scaled(image, 0.35), "JPEG", quality=70), ".jpg"),
    (lambda image: saved(image.point(lambda value: round(12 + value * 0.92)), "JPEG", quality=85), ".jpg"),
    (lambda image: saved(scaled(image, 0.8), "JPEG", quality=50, progressive=True), ".jpg"),
    (lambda image: saved(image.resize((image.width, round(image.height * 0.93))), "JPEG", quality=80), ".jpg"),
]

DAMAGE: list[tuple[Callable[[bytes], bytes], str]] = [
    (lambda data: data[: len(data) // 2], "truncated"),
    (lambda data: data[:-200], "truncated"),
    (lambda _: b"", "empty"),
    (lambda _: b"<!doctype html><title>404 Not Found</title>", "not-an-image"),
    (lambda data: bytes(len(data)), "not-an-image"),
    (lambda data: data[:4] + bytes(400) + data[404:], "corrupt"),
    (lambda _: b"II*\0" + bytes(100), "unsupported"),
    (lambda data: data[:300], "truncated"),
    (lambda data: b"\xff\xd8\xff" + data[40:], "corrupt"),
    (lambda _: b"\x89PNG\r\n\x1a\n" + bytes(50), "corrupt"),
]
