"""Anybody's dump → its elements in memory order, and what its shape and values say about layout and range."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.errors import UsageError

_WANTS = "Dump the tensor that the network gets, as .npy or as JSON."


@dataclass(frozen=True)
class Dump:
    """A dump as it was read. `elements` are float64 in memory order."""

    elements: NDArray[np.float64]
    shape: tuple[int, ...]
    dtype: str  # "float32", "uint8", …; "json" where JSON doesn't say; "float16 in uint16" for the bits of one type in another
    layout: str  # what the shape says: "HWC", "CHW", "NHWC", "NCHW" or "flat"
    others: tuple[Dump, ...] = ()  # what the same bytes mean otherwise, where the file doesn't say

    @property
    def values(self) -> str:
        """The range in words, from the smallest and the largest value."""
        low, high = float(self.elements.min()), float(self.elements.max())
        return f"{low:.6g} to {high:.6g}"


def read_tensor(path: Path, size: int) -> Dump:
    """Read a dump of an input of size S.

    Raises UsageError that says what was expected and what came.
    """
    array = _read(path)
    if array.size != size * size * 3:
        raise UsageError(
            f"{path} holds {array.size:,} elements, shape {_shown(array.shape)}; the network takes {size}×{size}×3 = {size * size * 3:,}. "
            f"{_guess(array.size, size)}"
        )
    layout = _layout(array.shape, size, path)
    values = array.astype(np.float64).ravel()
    return Dump(values, array.shape, _dtype(path, array), layout, tuple(_halves(array, layout)))


def _halves(array: NDArray[Any], layout: str) -> Iterator[Dump]:
    """What 16-bit integers mean if they are the bits of halves: frameworks without a half type hand them out so."""
    if array.dtype.kind not in "iu" or array.dtype.itemsize != 2:
        return
    bits = array.astype(f"{array.dtype.kind}2").view(np.uint16)
    for name, halves in (("float16", bits.view(np.float16)), ("bfloat16", _from_bfloat16(bits))):
        values = halves.astype(np.float64).ravel()
        if np.isfinite(values).all():
            yield Dump(values, array.shape, f"{name} in {array.dtype.newbyteorder('=').name}", layout)


def read_probabilities(path: Path) -> NDArray[np.float64]:
    """Read [C] numbers, or [1,C]. Raises UsageError."""
    array = _read(path).astype(np.float64)
    if array.size != max(array.shape, default=0):
        raise UsageError(f"{path} has the shape {_shown(array.shape)}: the answers of one photo are expected. Dump one photo's row.")
    return array.ravel()


def _read(path: Path) -> NDArray[Any]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror or error}. {_WANTS}") from error
    array = _from_npy(data, path) if data.startswith(b"\x93NUMPY") else _from_json(data, path)
    if array.size == 0:
        raise UsageError(f"{path} holds no numbers: shape {_shown(array.shape)}. {_WANTS}")
    bad = ~np.isfinite(array)
    if bad.any():
        raise UsageError(
            f"{path} holds {int(bad.sum()):,} values of {array.size:,} that are NaN or infinite. "
            "Was the buffer filled before it was dumped, and divided by a deviation of 0?"
        )
    return array


def _from_npy(data: bytes, path: Path) -> NDArray[Any]:
    try:
        array = np.asarray(np.load(io.BytesIO(data), allow_pickle=False))
    except Exception as error:  # a header breaks numpy in many ways: TokenError, ValueError, MemoryError for terabytes, …
        raise UsageError(f"{path} can't be read as .npy: {error}. Save it with np.save of a plain numeric array.") from error
    if array.dtype.kind == "V" and array.dtype.itemsize == 2:  # how np.save writes ml_dtypes' and JAX's bfloat16
        return _from_bfloat16(array.view(np.uint16))
    if array.dtype.kind not in "iuf":
        raise UsageError(f"{path} holds {array.dtype}, not numbers. {_WANTS}")
    return array


def _from_bfloat16(bits: NDArray[np.uint16]) -> NDArray[np.float32]:
    """The upper half of a float32 is a bfloat16."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def _from_json(data: bytes, path: Path) -> NDArray[Any]:
    try:
        said = json.loads(data)
        if isinstance(said, dict) and said and list(said) == [str(index) for index in range(len(said))]:
            said = list(said.values())  # JSON.stringify of a typed array: {"0": …, "1": …}
        array = np.array(said, dtype=np.float64)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is neither .npy nor JSON: {error}. {_WANTS}") from error
    except (ValueError, TypeError, OverflowError) as error:
        raise UsageError(f"{path} is JSON, but not lists of numbers with equal lengths: {error}. {_WANTS}") from error
    return array


def _layout(shape: tuple[int, ...], size: int, path: Path) -> str:
    plain = {(size, size, 3): "HWC", (3, size, size): "CHW", (1, size, size, 3): "NHWC", (1, 3, size, size): "NCHW"}
    if shape in plain:
        return plain[shape]
    squeezed = tuple(side for side in shape if side > 1)
    if squeezed in plain:
        return f"N{plain[squeezed]}"
    if squeezed in ((size * size * 3,), (size * size, 3), (3, size * size)):
        return "flat"
    raise UsageError(
        f"{path} has the shape {_shown(shape)}: not {size}×{size}×3, not 3×{size}×{size}, neither with a leading 1, nor flat. Reshape it."
    )


def _guess(elements: int, size: int) -> str:
    """What else that many elements could be."""
    if elements == size * size * 4:
        return "It holds four channels: leave the alpha out."
    if elements == size * size:
        return "It holds one channel: the network takes RGB, three."
    side = round((elements / 3) ** 0.5)
    if side * side * 3 == elements:
        return f"It looks like a picture of {side}×{side}: resize to spec.json's input.size."
    if elements % (size * size * 3) == 0:
        return f"It looks like a batch of {elements // (size * size * 3)}: dump one photo, batch[0]."
    return _WANTS


def _dtype(path: Path, array: NDArray[Any]) -> str:
    return "json" if path.suffix == ".json" else array.dtype.newbyteorder("=").name


def _shown(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a single number"
