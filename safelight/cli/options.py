"""Option types that several commands share."""

from __future__ import annotations

from typing import Any

import click


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


def joined(names: tuple[str, ...]) -> str:
    """A default for `Names` as people would type it."""
    return ",".join(names) or "none"
