"""Anybody's dump is read: every layout, type and byte order; what is no tensor of the right size is explained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from export.diagnose.dump import read_tensor
from export.diagnose.verdict import diagnose_tensor
from safelight.errors import UsageError
from tests.export.diagnose.planting import CONTRACTS, photos, right


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        ((4, 4, 3), "HWC"),
        ((3, 4, 4), "CHW"),
        ((1, 4, 4, 3), "NHWC"),
        ((1, 3, 4, 4), "NCHW"),
        ((1, 1, 4, 4, 3), "NHWC"),
        ((48,), "flat"),
        ((16, 3), "flat"),
    ],
)
@pytest.mark.parametrize("kind", ["npy", "json"])
def test_every_layout_is_read(shape: tuple[int, ...], layout: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"dump.{kind}"
    values = np.arange(48, dtype=np.float32).reshape(shape)
    if kind == "npy":
        np.save(path, values)
    else:
        path.write_text(json.dumps(values.tolist()))
    dump = read_tensor(path, 4)
    assert (dump.layout, dump.shape, dump.elements.tolist()) == (layout, shape, list(range(48)))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (np.zeros((4, 4, 4)), r"64 elements, shape 4×4×4; the network takes 4×4×3 = 48\. It holds four channels"),
        (np.zeros((4, 4)), "one channel"),
        (np.zeros((8, 8, 3)), "picture of 8×8"),
        (np.zeros((2, 4, 4, 3)), "batch of 2"),
        (np.zeros((4, 3, 4)), "shape 4×3×4"),
        (np.full((4, 4, 3), np.nan), "NaN"),
        (np.array(["a"]), "not numbers"),
        (np.array([{}], dtype=object), r"can't be read as \.npy"),
        (np.zeros((0,)), "no numbers"),
    ],
)
def test_a_wrong_dump_is_explained(values: np.ndarray, sentence: str, tmp_path: Path) -> None:
    np.save(tmp_path / "dump.npy", values)
    with pytest.raises(UsageError, match=sentence):
        read_tensor(tmp_path / "dump.npy", 4)


@pytest.mark.parametrize(("text", "sentence"), [("[1, 2", "neither"), ("[[1], [2, 3]]", "equal lengths"), ('{"a": 1}', "lists of numbers")])
def test_wrong_json_is_explained(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "dump.json").write_text(text)
    with pytest.raises(UsageError, match=sentence):
        read_tensor(tmp_path / "dump.json", 4)


@pytest.mark.parametrize("dtype", ["u1", "i1", "i4", "u8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8", ">i4", "longdouble"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_numeric_type_and_byte_order_is_read(dtype: str, order: Literal["C", "F"], tmp_path: Path) -> None:
    values = np.asarray(np.arange(48).reshape(4, 4, 3), dtype, order=order)
    np.save(tmp_path / "dump.npy", values)
    dump = read_tensor(tmp_path / "dump.npy", 4)
    assert dump.elements.tolist() == list(range(48))
    assert dump.dtype == np.dtype(dtype).newbyteorder("=").name


def test_a_saved_bfloat16_is_read(tmp_path: Path) -> None:
    import ml_dtypes

    np.save(tmp_path / "dump.npy", np.arange(48).astype(ml_dtypes.bfloat16).reshape(4, 4, 3))
    dump = read_tensor(tmp_path / "dump.npy", 4)
    assert dump.elements.tolist() == list(range(48))


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
@pytest.mark.parametrize("bits", ["uint16", "int16"])
def test_halves_dumped_as_bits_are_among_the_readings(kind: str, bits: str, tmp_path: Path) -> None:
    import ml_dtypes

    halves = (np.arange(48) / 64 - 0.25).astype(np.float16 if kind == "float16" else ml_dtypes.bfloat16)
    np.save(tmp_path / "dump.npy", halves.view(bits).reshape(4, 4, 3))
    dump = read_tensor(tmp_path / "dump.npy", 4)
    assert dump.dtype == bits
    assert {other.dtype: other.elements.tolist() for other in dump.others}[f"{kind} in {bits}"] == halves.astype(float).tolist()


def test_the_reading_that_explains_most_is_judged(tmp_path: Path) -> None:
    spec = CONTRACTS["crop"](96, 110)
    photo = tmp_path / "coffee.jpg"
    photo.write_bytes(dict(photos())["coffee.jpg"])
    np.save(tmp_path / "dump.npy", (right(photo.read_bytes(), 96, 110) / 255).astype(np.float16).view(np.uint16))
    found = diagnose_tensor(photo, tmp_path / "dump.npy", spec)
    assert (found.findings[0].name, found.dump.dtype) == ("zero-to-one", "float16 in uint16")


def test_a_typed_arrays_json_is_read(tmp_path: Path) -> None:
    """JSON.stringify(new Float32Array(…)) writes an object, not a list."""
    (tmp_path / "dump.json").write_text(json.dumps({str(index): index for index in range(48)}))
    dump = read_tensor(tmp_path / "dump.json", 4)
    assert (dump.layout, dump.elements.tolist()) == ("flat", list(range(48)))


def test_javascripts_null_is_called_not_a_number(tmp_path: Path) -> None:
    (tmp_path / "dump.json").write_text(json.dumps([None] + [0.0] * 47))
    with pytest.raises(UsageError, match="1 values of 48 that are NaN"):
        read_tensor(tmp_path / "dump.json", 4)
