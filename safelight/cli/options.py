"""Option types that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click

from safelight.decode import DEFAULT_LIMITS, Limits
from safelight.heic import require


class Names(click.ParamType[tuple[str, ...]]):
    """A comma-separated list from a known set: "onnx,tflite". "none" is the empty list; without a set anything goes."""

    name = "names"

    def __init__(self, known: tuple[str, ...] = ()) -> None:
        """`known` names in the order that the result keeps."""
        self.known = known

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """The chosen names; click shows the failure with the option's name."""
        if isinstance(value, tuple):
            return value
        chosen = [name.strip() for name in str(value).split(",") if name.strip() and name.strip() != "none"]
        unknown = [name for name in chosen if self.known and name not in self.known]
        if unknown:
            self.fail(f"{', '.join(unknown)} is not among {', '.join(self.known)}", param, ctx)
        return tuple(name for name in self.known if name in chosen) if self.known else tuple(chosen)

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """What `--help` shows."""
        return ",".join(self.known) if self.known else "NAME,…"


F = TypeVar("F", bound=Callable[..., Any])


def limits(command: F) -> F:
    """The options --max-pixels, --max-bytes and --heic; the command gets them as one `limits`."""

    @functools.wraps(command)
    def limited(*args: Any, max_pixels: int, max_bytes: int, heic: bool, **rest: Any) -> Any:
        if heic:
            require()
        return command(*args, limits=Limits(max_pixels, max_bytes, heic), **rest)

    options = (
        click.option(
            "--max-pixels",
            default=DEFAULT_LIMITS.pixels,
            help="Width × height of a photo; larger ones are refused.",
            type=click.IntRange(1),
            show_default=True,
        ),
        click.option(
            "--max-bytes",
            default=DEFAULT_LIMITS.bytes,
            help="Size of a photo's file; larger ones are refused.",
            type=click.IntRange(1),
            show_default=True,
        ),
        click.option("--heic", is_flag=True, help="Read HEIC photos too, which the page can't; needs the extra `heic`."),
    )
    return cast(F, functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), limited))


def joined(names: tuple[str, ...]) -> str:
    """A default for `Names` as people would type it."""
    return ",".join(names) or "none"
